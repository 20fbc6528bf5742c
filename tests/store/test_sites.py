"""Sites and their keys: kept whole, shown once, ended within two seconds."""

from __future__ import annotations

import pytest

from service.store.keys import SiteKeys
from service.store.sites import (
    CACHE_S,
    KeyUnknown,
    Limit,
    Scope,
    Site,
    SiteExists,
    Sites,
    SiteUnknown,
    parts_of,
)
from service.store.store import Store
from tests.store.shelf import DEMO, raw

SUBMIT = frozenset({Scope.SUBMIT})


class Clock:
    """A clock that stands still until it is moved."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def secret_of(token: str) -> str:
    parts = parts_of(token)
    assert parts is not None
    return parts[2]


def test_a_site_is_kept_whole(store: Store) -> None:
    site = Site(
        "blog",
        origins=("https://blog.test", "http://localhost:1313"),
        lang="fr",
        required=frozenset({"author"}),
        has_nudge=True,
        policy={"thresholds": {"spam": {"hold": 0.5}}},
        limits={"ip": Limit(3, 60)},
        created_at=1.5,
    )
    store.sites.create(site)
    assert store.sites.get("blog").site == site
    assert store.sites.names() == ["blog", "demo"]


def test_a_new_site_has_an_inbox_workers_can_read(store: Store) -> None:
    store.sites.create(Site("blog"))
    assert raw(store).xinfo_groups(SiteKeys("blog").inbox)[0]["name"] == b"moderate"
    assert store.inbox.take("blog", "w", 1) == []


def test_a_name_is_taken_once(store: Store) -> None:
    with pytest.raises(SiteExists):
        store.sites.create(Site("demo", lang="en"))
    assert store.sites.get("demo").site.lang == "fr"


def test_an_unknown_site_is_unknown_everywhere(store: Store) -> None:
    with pytest.raises(SiteUnknown):
        store.sites.get("nobody")
    with pytest.raises(SiteUnknown):
        store.sites.update(Site("nobody"))
    with pytest.raises(SiteUnknown):
        store.sites.create_key("nobody", "", SUBMIT)
    with pytest.raises(KeyUnknown):
        store.sites.revoke_key("demo", "nothing")
    assert store.sites.names() == ["demo"]


def test_a_change_is_seen_at_once_here_and_within_two_seconds_elsewhere(store: Store) -> None:
    clock = Clock()
    elsewhere = Sites(store.client, clock)
    assert elsewhere.get("demo").site.lang == "fr"
    store.sites.update(Site("demo", lang="en"))
    assert store.sites.get("demo").site.lang == "en"
    clock.now = CACHE_S
    assert elsewhere.get("demo").site.lang == "en"


def test_a_site_is_read_once_in_two_seconds(store: Store) -> None:
    clock = Clock()
    sites = Sites(store.client, clock)
    sites.get("demo")
    raw(store).delete(DEMO.record)
    clock.now = CACHE_S - 0.01
    sites.get("demo")
    clock.now = CACHE_S
    with pytest.raises(SiteUnknown):
        sites.get("demo")


def test_a_key_opens_its_site_with_its_secret_only(store: Store) -> None:
    key, token = store.sites.create_key("demo", "blog", SUBMIT)
    site, key_id, secret = parts_of(token) or ("", "", "")
    assert (site, key_id) == ("demo", key.id)
    kept = store.sites.get("demo").keys[key.id]
    assert kept == key
    assert kept.opens(secret)
    for wrong in ("", secret[:-1], secret + "0", secret.upper(), key.digest, "é"):
        assert not kept.opens(wrong)


def test_only_the_digest_of_a_secret_is_kept(store: Store) -> None:
    _, token = store.sites.create_key("demo", "blog", SUBMIT)
    redis = raw(store)
    stored = b" ".join(redis.hgetall(DEMO.api_keys).values())
    assert secret_of(token).encode() not in stored
    assert not any(secret_of(token).encode() in redis.dump(key) for key in redis.scan_iter("*"))


def test_a_revoked_key_opens_nothing_within_two_seconds(store: Store) -> None:
    clock = Clock()
    elsewhere = Sites(store.client, clock)
    key, token = store.sites.create_key("demo", "blog", SUBMIT)
    assert elsewhere.get("demo").keys[key.id].opens(secret_of(token))
    store.sites.revoke_key("demo", key.id)
    assert not store.sites.get("demo").keys[key.id].opens(secret_of(token))
    clock.now = CACHE_S
    assert not elsewhere.get("demo").keys[key.id].opens(secret_of(token))


def test_a_rotated_key_keeps_its_label_and_scopes(store: Store) -> None:
    scopes = frozenset({Scope.SUBMIT, Scope.MODERATE})
    old, old_token = store.sites.create_key("demo", "blog", scopes)
    new, token = store.sites.rotate_key("demo", old.id)
    assert (new.label, new.scopes) == ("blog", scopes)
    assert new.id != old.id
    kept = store.sites.get("demo").keys
    assert kept[new.id].opens(secret_of(token))
    assert not kept[old.id].opens(secret_of(old_token))


@pytest.mark.parametrize("token", ["", "ek_demo_1", "ek_demo_1_2_3", "xx_demo_1_2", "es_session"])
def test_what_is_no_token_has_no_parts(token: str) -> None:
    assert parts_of(token) is None

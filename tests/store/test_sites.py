"""Sites and their keys: kept whole, shown once, ended within two seconds."""

from __future__ import annotations

from dataclasses import asdict, replace

import orjson
import pytest

from service.store.keys import SiteKeys
from service.store.sites import (
    CACHE_S,
    Changer,
    KeyEnded,
    KeyUnknown,
    Limit,
    Retention,
    Scope,
    Site,
    SiteChanged,
    SiteExists,
    Sites,
    SiteUnknown,
    Template,
    parts_of,
)
from service.store.store import Store
from tests.conftest import change_settings
from tests.store.shelf import DEMO, raw

NOW_S = 2_000_000_000.0
SUBMIT = frozenset({Scope.SUBMIT})
ANN = Changer("account:ann", 5000)


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
        change_settings(store, "nobody", lang="en")
    with pytest.raises(SiteUnknown):
        store.sites.create_key("nobody", "", SUBMIT)
    with pytest.raises(KeyUnknown):
        store.sites.revoke_key("demo", "nothing")
    assert store.sites.names() == ["demo"]


def test_a_change_is_seen_at_once_here_and_within_two_seconds_elsewhere(store: Store) -> None:
    clock = Clock()
    elsewhere = Sites(store.client, clock)
    assert elsewhere.get("demo").site.lang == "fr"
    change_settings(store, lang="en")
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
    assert kept.opens(secret, NOW_S)
    for wrong in ("", secret[:-1], secret + "0", secret.upper(), key.digest, "é"):
        assert not kept.opens(wrong, NOW_S)


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
    assert elsewhere.get("demo").keys[key.id].opens(secret_of(token), NOW_S)
    store.sites.revoke_key("demo", key.id)
    assert not store.sites.get("demo").keys[key.id].opens(secret_of(token), NOW_S)
    clock.now = CACHE_S
    assert not elsewhere.get("demo").keys[key.id].opens(secret_of(token), NOW_S)


def test_a_rotated_key_keeps_its_label_and_scopes(store: Store) -> None:
    scopes = frozenset({Scope.SUBMIT, Scope.MODERATE})
    old, old_token = store.sites.create_key("demo", "blog", scopes)
    new, token = store.sites.rotate_key("demo", old.id)
    assert (new.label, new.scopes) == ("blog", scopes)
    assert new.id != old.id
    kept = store.sites.get("demo").keys
    assert kept[new.id].opens(secret_of(token), NOW_S)
    assert not kept[old.id].opens(secret_of(old_token), NOW_S)


@pytest.mark.parametrize("token", ["", "ek_demo_1", "ek_demo_1_2_3", "xx_demo_1_2", "es_session"])
def test_what_is_no_token_has_no_parts(token: str) -> None:
    assert parts_of(token) is None


def audited(store: Store) -> list[tuple[str, object, object]]:
    """Return the settings the audit log tells of: field, before, after."""
    told = [entry for _, entry in raw(store).xrange(DEMO.audit) if entry[b"kind"] == b"settings"]
    assert all(entry[b"actor"] == b"account:ann" and entry[b"at"] == b"5000" for entry in told)
    changes = [orjson.loads(entry[b"change"]) for entry in told]
    return [(change["field"], change["before"], change["after"]) for change in changes]


def test_every_changed_setting_is_in_the_audit_log_and_nothing_else(store: Store) -> None:
    store.sites.change("demo", ANN, lambda site: replace(site, lang="en", has_nudge=True))
    store.sites.change("demo", ANN, lambda site: site)
    assert audited(store) == [("lang", "fr", "en"), ("has_nudge", False, True)]
    assert store.sites.get("demo").site.lang == "en"


def test_of_tables_and_lists_only_what_differs_is_told(store: Store) -> None:
    before = {"thresholds": {"spam": {"hold": 0.5, "refuse": 0.9}}, "words": {"hold": ["a", "b"]}}
    after = {"thresholds": {"spam": {"hold": 0.4, "refuse": 0.9}}, "words": {"hold": ["b", "c"]}}
    store.sites.change("demo", ANN, lambda site: replace(site, policy=before))
    store.sites.change("demo", ANN, lambda site: replace(site, policy=after))
    assert audited(store)[-2:] == [
        ("policy.thresholds.spam.hold", 0.5, 0.4),
        ("policy.words.hold", ["a"], ["c"]),
    ]


def test_a_changed_template_is_told(store: Store) -> None:
    tone = Template("tone", "Autre chose.", "Something else.")
    kept = store.sites.get("demo").site.templates[1:]
    store.sites.change("demo", ANN, lambda site: replace(site, templates=(tone, *kept)))
    ((field, before, after),) = audited(store)
    assert field == "templates"
    assert (len(before), after) == (1, [asdict(tone)])  # type: ignore[arg-type]


def test_two_changes_at_once_both_count(store: Store) -> None:
    def slow(site: Site) -> Site:
        if site.lang == "fr":
            store.sites.change("demo", ANN, lambda meanwhile: replace(meanwhile, lang="en"))
        return replace(site, has_nudge=True)

    store.sites.change("demo", ANN, slow)
    site = store.sites.get("demo").site
    assert (site.lang, site.has_nudge) == ("en", True)


def test_a_site_that_never_stands_still_is_not_changed(store: Store) -> None:
    def late(site: Site) -> Site:
        again = replace(site, created_at=site.created_at + 1)
        store.sites.change("demo", ANN, lambda _: again)
        return replace(site, lang="en")

    with pytest.raises(SiteChanged):
        store.sites.change("demo", ANN, late)
    assert store.sites.get("demo").site.lang == "fr"


def test_a_site_kept_by_an_earlier_version_can_still_be_read(store: Store) -> None:
    stored = orjson.loads(raw(store).get(DEMO.record))
    for new in ("trial_policy", "trial_since", "retention"):
        del stored[new]
    raw(store).set(DEMO.record, orjson.dumps(stored))
    assert store.sites.get("demo").site.retention == Retention()


def test_a_rotated_key_stays_good_as_long_as_was_asked(store: Store) -> None:
    old, old_token = store.sites.create_key("demo", "blog", SUBMIT, ANN)
    _, token = store.sites.rotate_key("demo", old.id, 60, ANN)
    kept = store.sites.get("demo").keys[old.id]
    assert kept.opens(secret_of(old_token), ANN.at_ms / 1000 + 59.9)
    assert not kept.opens(secret_of(old_token), ANN.at_ms / 1000 + 60)
    told = [(before, after) for field, before, after in audited(store) if field == "key"]
    assert len(told) == 3
    log = repr(raw(store).xrange(DEMO.audit))
    assert secret_of(token) not in log
    assert old.digest not in log


def test_an_ended_key_has_no_successor(store: Store) -> None:
    key, _ = store.sites.create_key("demo", "blog", SUBMIT)
    store.sites.revoke_key("demo", key.id)
    with pytest.raises(KeyEnded):
        store.sites.rotate_key("demo", key.id)


def test_a_second_rotation_never_lengthens_the_first_one_s_overlap(store: Store) -> None:
    key, _ = store.sites.create_key("demo", "blog", SUBMIT, ANN)
    store.sites.rotate_key("demo", key.id, 60, ANN)
    store.sites.rotate_key("demo", key.id, 3600, ANN)
    assert store.sites.get("demo").keys[key.id].expires_at == ANN.at_ms / 1000 + 60

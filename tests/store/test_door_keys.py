"""Keys for the doors: found by what clients send, kept as keyed hashes, told as calls."""

from __future__ import annotations

import re

import orjson
import pytest

from service.store.audit import AuditFilters
from service.store.doors.door_counts import DoorCounts
from service.store.doors.door_keys import Door, DoorKeys, KeyGiven
from service.store.keys import DOOR_KEYS
from service.store.sites import CACHE_S, Changer, KeyEnded, KeyUnknown, Site, SiteUnknown
from service.store.store import Store

BY = Changer("account:tester", 1_700_000_000_000)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_an_akismet_key_has_twelve_hexadecimal_characters(store: Store) -> None:
    _, token = store.door_keys.create("demo", Door.AKISMET, "blog")
    assert re.fullmatch("[0-9a-f]{12}", token)


def test_a_key_opens_its_own_door_in_any_case_and_no_other(store: Store) -> None:
    key, token = store.door_keys.create("demo", Door.AKISMET, "blog")
    assert store.door_keys.find(Door.AKISMET, token.upper()) == key
    assert store.door_keys.find(Door.PERSPECTIVE, token) is None
    assert store.door_keys.find(Door.AKISMET, "") is None


def test_a_perspective_key_minds_its_capitals(store: Store) -> None:
    key, token = store.door_keys.create("demo", Door.PERSPECTIVE, "")
    assert store.door_keys.find(Door.PERSPECTIVE, token) == key
    assert store.door_keys.find(Door.PERSPECTIVE, token.swapcase()) is None


def test_nothing_stored_opens_a_door_and_the_token_can_be_shown_to_the_blog(store: Store) -> None:
    key, token = store.door_keys.create("demo", Door.AKISMET, "")
    stored = repr(store.client.hgetall(DOOR_KEYS))
    assert token not in stored
    assert store.door_keys.token(key) == token


def test_a_revoked_key_dies_within_two_seconds_in_other_processes(store: Store) -> None:
    clock = Clock()
    elsewhere = DoorKeys(store.client, store.vault, clock)
    key, token = store.door_keys.create("demo", Door.AKISMET, "")
    assert elsewhere.find(Door.AKISMET, token) == key
    store.door_keys.revoke("demo", key.id)
    assert store.door_keys.find(Door.AKISMET, token) is None
    clock.now += CACHE_S
    assert elsewhere.find(Door.AKISMET, token) is None


def test_a_key_belongs_to_a_site_that_exists_and_to_no_other(store: Store) -> None:
    key, _ = store.door_keys.create("demo", Door.AKISMET, "")
    with pytest.raises(SiteUnknown):
        store.door_keys.create("nobody", Door.AKISMET, "")
    with pytest.raises(KeyUnknown):
        store.door_keys.revoke("other", key.id)
    assert store.door_keys.of_site("demo") == [key]
    assert store.door_keys.of_site("other") == []


def test_making_and_revoking_stand_in_the_audit_log(store: Store) -> None:
    key, token = store.door_keys.create("demo", Door.AKISMET, "blog", BY)
    store.door_keys.revoke("demo", key.id, BY)
    entries = store.audit.find("demo", AuditFilters(), 10).entries
    assert [entry.actor for entry in entries] == ["account:tester"] * 2
    assert token not in repr(entries)


def test_guesses_fill_no_memory(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.store.doors.door_keys.MOST_CACHED", 3)
    for number in range(10):
        store.door_keys.find(Door.AKISMET, f"{number:012d}")
    assert len(store.door_keys._known) <= 3


def test_unknown_keys_are_counted_each_and_warned_of_once(store: Store) -> None:
    counts = DoorCounts(store.client)
    assert [counts.note_unknown(Door.AKISMET, at) for at in (1, 2, 3)] == [True, False, False]
    assert counts.unknown()[Door.AKISMET].calls == 3
    assert counts.unknown()[Door.AKISMET].last_ms == 3
    assert counts.unknown()[Door.PERSPECTIVE].calls == 0


def test_unknown_keys_are_told_of_for_an_hour(store: Store) -> None:
    counts, now_ms = store.door_counts, 1_800_000_000_000
    for door, at_ms in ((Door.AKISMET, 0), (Door.AKISMET, 1_800_000), (Door.CORAL, 0)):
        counts.note_unknown(door, now_ms + at_ms)
    assert counts.unknown_lately(now_ms + 3_599_000) == {Door.AKISMET: 2, Door.CORAL: 1}
    assert counts.unknown_lately(now_ms + 3_900_000) == {Door.AKISMET: 1}
    assert counts.unknown_lately(now_ms + 5_700_000) == {}
    (slot,) = store.client.keys(f"*unknown:{now_ms // 1000}")
    assert 3_900 < store.client.ttl(slot) <= 4_500


def test_counts_are_kept_by_day_and_in_all(store: Store) -> None:
    counts = store.door_counts
    counts.add("demo", Door.AKISMET, ("checks", "spam"), 1_700_000_000)
    counts.add("demo", Door.AKISMET, ("checks",), 1_700_100_000)
    assert counts.of_months("demo", Door.AKISMET, ["2023-11", "2023-10"]) == {
        "2023-11-14": {"checks": 1, "spam": 1},
        "2023-11-16": {"checks": 1},
    }
    assert counts.in_all("demo", Door.AKISMET) == {"checks": 2, "spam": 1}
    assert 0 < store.client.ttl("ecluse:{demo}:door:akismet:2023-11") <= 400 * 86_400


def test_a_secret_the_other_side_made_is_kept_sealed_until_it_is_revoked(store: Store) -> None:
    store.sites.create(Site("other"))
    kept = store.door_keys.take("demo", Door.CORAL, "made by Coral", "", BY)
    store.door_keys.take("other", Door.CORAL, "made by Coral", "")
    assert store.door_keys.tokens("demo", Door.CORAL) == ["made by Coral"]
    assert "made by Coral" not in repr(store.client.hgetall(DOOR_KEYS))
    store.door_keys.revoke("demo", kept.id)
    assert store.door_keys.tokens("demo", Door.CORAL) == []
    assert store.door_keys.tokens("other", Door.CORAL) == ["made by Coral"]


def test_an_openai_key_looks_like_one(store: Store) -> None:
    key, token = store.door_keys.create("demo", Door.OPENAI, "")
    assert token.startswith("sk-")
    assert store.door_keys.find(Door.OPENAI, token) == key


def test_a_rotated_key_opens_its_door_beside_its_successor_until_its_time(store: Store) -> None:
    now = Clock()
    now.now = BY.at_ms / 1000
    keys = DoorKeys(store.client, store.vault, now, now)
    old, old_token = keys.create("demo", Door.AKISMET, "blog", BY)
    new, token = keys.rotate("demo", old.id, 60, BY)
    assert (new.door, new.label) == (Door.AKISMET, "blog")
    assert token != old_token
    assert [key.id for key in keys.in_use("demo", old.id)] == [new.id, old.id]
    now.now += 59.5 - CACHE_S
    assert keys.find(Door.AKISMET, old_token) is not None
    now.now += 0.5 + CACHE_S
    assert keys.find(Door.AKISMET, old_token) is None
    assert keys.find(Door.AKISMET, token) == new
    assert keys.in_use("demo", old.id) == [new]
    with pytest.raises(KeyEnded):
        keys.rotate("demo", old.id)
    told = repr(store.audit.find("demo", AuditFilters(), 10).entries)
    assert token not in told
    assert old_token not in told


def test_a_key_rotated_without_an_overlap_ends_at_once(store: Store) -> None:
    old, token = store.door_keys.create("demo", Door.OPENAI, "")
    new, _ = store.door_keys.rotate("demo", old.id)
    assert store.door_keys.find(Door.OPENAI, token) is None
    assert store.door_keys.in_use("demo", old.id) == [new]


def test_a_second_rotation_never_lengthens_the_first_ones_overlap(store: Store) -> None:
    now = Clock()
    now.now = BY.at_ms / 1000
    keys = DoorKeys(store.client, store.vault, now=now)
    key, _ = keys.create("demo", Door.AKISMET, "", BY)
    keys.rotate("demo", key.id, 60, BY)
    keys.rotate("demo", key.id, 3600, BY)
    assert keys.get("demo", key.id).expires_at == now.now + 60


def test_a_secret_the_other_side_made_has_no_successor_of_ours(store: Store) -> None:
    kept = store.door_keys.take("demo", Door.CORAL, "made by Coral", "")
    with pytest.raises(KeyGiven):
        store.door_keys.rotate("demo", kept.id)
    assert store.door_keys.tokens("demo", Door.CORAL) == ["made by Coral"]


def test_a_key_kept_by_an_earlier_version_can_still_be_read(store: Store) -> None:
    key, token = store.door_keys.create("demo", Door.AKISMET, "")
    [(digest, raw)] = store.client.hgetall(DOOR_KEYS).items()
    stored = orjson.loads(raw)
    for new in ("expires_at", "successor"):
        del stored[new]
    store.client.hset(DOOR_KEYS, digest, orjson.dumps(stored))
    assert DoorKeys(store.client, store.vault).find(Door.AKISMET, token) == key

"""Sessions: when they end, who sees them, and what they cost."""

from __future__ import annotations

from typing import Any

import pytest
from redis.connection import UnixDomainSocketConnection

from service.store import keys
from service.store.staff.accounts import Role
from service.store.staff.sessions import MOST_SESSIONS
from service.store.store import Store
from tests.store.people import MINUTE_MS, MO, NOW_MS, OWN, at, enter, house_of, who
from tests.store.shelf import raw


@pytest.fixture
def manned(store: Store) -> Store:
    return house_of(store)


def listed(store: Store, minutes: float = 0) -> list[str]:
    """Return the browsers of mo's sessions."""
    kept = store.accounts.find("mo")
    assert kept is not None
    now_ms = NOW_MS + int(minutes * MINUTE_MS)
    return [each.browser for each in store.sessions.of("mo", kept.generation, now_ms)]


def test_each_sign_in_has_a_session_of_its_own(manned: Store) -> None:
    token, other = enter(manned), enter(manned)
    manned.door.sign_out(token)
    assert who(manned, token) is None
    assert who(manned, other) == MO


def test_a_session_ends_after_two_hours_of_silence(manned: Store) -> None:
    token = enter(manned)
    assert who(manned, token, 119)
    assert who(manned, token, 119 + 119)
    assert who(manned, token, 119 + 119 + 120) is None


def test_a_session_ends_after_eight_hours_however_busy(manned: Store) -> None:
    token = enter(manned)
    for minutes in range(0, 480, 60):
        assert who(manned, token, minutes)
    assert who(manned, token, 480) is None


def test_the_server_forgets_a_session_by_itself(manned: Store) -> None:
    enter(manned)
    (session,) = raw(manned).scan_iter(keys.session("*"))
    assert 7190 < raw(manned).ttl(session) <= 7200
    assert 28_790 < raw(manned).ttl(keys.sessions_of("mo")) <= 28_800


def test_near_its_end_a_session_is_kept_no_longer_than_that(manned: Store) -> None:
    token = enter(manned)
    for minutes in (100, 200, 300, 400, 470):
        assert who(manned, token, minutes)
    (session,) = raw(manned).scan_iter(keys.session("*"))
    assert raw(manned).ttl(session) <= 600


def test_its_use_is_written_once_a_minute_at_most(manned: Store) -> None:
    token = enter(manned)
    (key,) = raw(manned).scan_iter(keys.session("*"))

    def seen() -> int:
        return int(raw(manned).hget(key, "seen"))

    assert who(manned, token, 0.9)
    assert seen() == NOW_MS
    assert who(manned, token, 1)
    assert seen() == NOW_MS + MINUTE_MS


def test_a_request_asks_the_server_twice_at_most(
    manned: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = enter(manned)
    connection: Any = UnixDomainSocketConnection
    send, trips = connection.send_packed_command, []

    def counted(*words: Any, **more: Any) -> Any:
        trips.append(1)
        return send(*words, **more)

    monkeypatch.setattr(connection, "send_packed_command", counted)
    assert who(manned, token, 0.5)
    assert len(trips) == 2
    assert who(manned, token, 1)
    assert len(trips) == 4


def test_sessions_are_listed_with_the_last_used_first(manned: Store) -> None:
    first = enter(manned, 0, "Firefox 140, Linux")
    enter(manned, 1, "Chrome 150, Android")
    assert listed(manned, 1) == ["Chrome 150, Android", "Firefox 140, Linux"]
    assert who(manned, first, 3)
    assert listed(manned, 3) == ["Firefox 140, Linux", "Chrome 150, Android"]
    assert listed(manned, 121.5) == ["Firefox 140, Linux"]
    assert raw(manned).zcard(keys.sessions_of("mo")) == 1


def test_one_session_or_all_others_can_be_ended(manned: Store) -> None:
    tokens = [enter(manned, minutes) for minutes in range(4)]
    ids = [found.session.id for each in tokens if (found := manned.door.signed_in(each, NOW_MS))]
    assert manned.sessions.end("mo", ids[0])
    assert not manned.sessions.end("mo", ids[0])
    manned.sessions.end_all("mo", but=ids[2])
    assert [who(manned, each) is not None for each in tokens] == [False, False, True, False]


def test_nobody_ends_anothers_session(manned: Store) -> None:
    token = enter(manned)
    found = manned.door.signed_in(token, NOW_MS)
    assert found is not None
    assert not manned.sessions.end("eve", found.session.id)
    assert who(manned, token) == MO


def test_the_oldest_session_ends_when_there_are_too_many(manned: Store) -> None:
    tokens = [enter(manned, minutes / 10) for minutes in range(MOST_SESSIONS + 1)]
    assert who(manned, tokens[0], 5) is None
    assert who(manned, tokens[1], 5) == MO
    assert len(listed(manned, 5)) == MOST_SESSIONS


def test_a_new_password_ends_the_sessions_opened_with_the_old(manned: Store) -> None:
    stolen = enter(manned)
    kept = manned.door.change_password("mo", OWN, "an even better one", at(1))
    assert who(manned, stolen, 1) is None
    assert who(manned, kept, 1) == MO


def test_another_role_ends_the_sessions_opened_with_the_old(manned: Store) -> None:
    token = enter(manned)
    manned.people.change("mo", Role.OPS, MO.sites, "cli", NOW_MS)
    assert who(manned, token) is None
    assert listed(manned) == []


def test_the_sessions_of_a_removed_account_open_nothing(manned: Store) -> None:
    token = enter(manned)
    raw(manned).delete(keys.user("mo"))
    assert who(manned, token) is None


def test_a_session_ended_while_its_use_is_written_stays_ended(manned: Store) -> None:
    token = enter(manned)
    found = manned.sessions.find(token, NOW_MS)
    assert found is not None
    manned.door.sign_out(token)
    pipe = raw(manned).pipeline(transaction=False)
    manned.sessions.note_seen(pipe, found, NOW_MS + MINUTE_MS)
    pipe.execute()
    assert who(manned, token, 1) is None


@pytest.mark.parametrize("token", ["", "es_", "es_nothing", "é", "\ud800"])
def test_a_token_that_is_none_opens_nothing(manned: Store, token: str) -> None:
    assert who(manned, token) is None

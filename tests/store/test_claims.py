"""Claims: one holder at a time, renewed by the same, lapsing by themselves."""

from __future__ import annotations

import pytest

from service.moderation.verdict import Action, Status
from service.store.comments import CommentUnknown
from service.store.decisions import Outcome
from service.store.queue.claims import LEASE_MS, Claim
from service.store.store import Store
from tests.store.shelf import DEMO, bring, decide, raw, settle_all

MO, ZOE = "account:mo", "account:zoe"
NOW = 1_790_000_000_000


@pytest.fixture
def held(store: Store) -> Store:
    """A store with one held comment."""
    bring(store, "c1")
    settle_all(store, Action.HOLD)
    return store


def take(store: Store, actor: str, at_ms: int = NOW) -> Claim:
    return store.claims.take("demo", "c1", actor, at_ms)


def test_the_first_to_claim_a_comment_has_it(held: Store) -> None:
    assert take(held, MO) == Claim(MO, NOW + LEASE_MS)
    assert take(held, ZOE, NOW + 1) == Claim(MO, NOW + LEASE_MS)
    assert held.claims.holders("demo", ["c1", "c2"]) == {"c1": Claim(MO, NOW + LEASE_MS)}


def handled(store: Store) -> dict[str, int]:
    marks = raw(store).zrange(DEMO.handled, 0, -1, withscores=True)
    return {member.decode(): int(at_ms) for member, at_ms in marks}


def test_the_first_claim_marks_a_held_comment_as_handled_as_long_as_it_is_held(
    held: Store,
) -> None:
    assert handled(held) == {}
    take(held, MO)
    take(held, ZOE, NOW + LEASE_MS)
    held.claims.release("demo", "c1", ZOE)
    assert handled(held) == {"c1": NOW}
    decide(held, "c1", Status.APPROVED)
    assert handled(held) == {}
    take(held, MO)
    assert handled(held) == {}


def test_whoever_decides_to_hold_a_comment_has_handled_it(held: Store) -> None:
    decide(held, "c1", Status.HELD)
    assert list(handled(held)) == ["c1"]


@pytest.mark.parametrize("to", [Status.HELD, Status.SPAM])
@pytest.mark.parametrize("is_claimed", [False, True])
def test_undoing_leaves_the_mark_as_it_was(held: Store, to: Status, is_claimed: bool) -> None:
    if is_claimed:
        take(held, MO)
    before = handled(held)
    decide(held, "c1", to)
    held.decisions.undo("demo", "c1", MO, NOW + 9)
    assert held.comments.status("demo", "c1") == "held"
    assert handled(held) == before


def test_erasing_a_comment_takes_the_mark_along(held: Store) -> None:
    take(held, MO)
    held.comments.erase(held.comments.get("demo", "c1"), "author")
    assert handled(held) == {}


def test_its_holder_renews_it(held: Store) -> None:
    take(held, MO)
    assert take(held, MO, NOW + 60_000).until_ms == NOW + 60_000 + LEASE_MS


def test_it_lapses_after_two_idle_minutes(held: Store) -> None:
    take(held, MO)
    assert take(held, ZOE, NOW + LEASE_MS - 1).actor == MO
    assert take(held, ZOE, NOW + LEASE_MS).actor == ZOE


def test_the_server_forgets_it_by_itself(held: Store) -> None:
    take(held, MO)
    assert 0 < raw(held).pttl(DEMO.claim("c1")) <= LEASE_MS


def test_only_its_holder_lets_it_go(held: Store) -> None:
    take(held, MO)
    assert not held.claims.release("demo", "c1", ZOE)
    assert held.claims.release("demo", "c1", MO)
    assert held.claims.holders("demo", ["c1"]) == {}
    assert take(held, ZOE).actor == ZOE


def test_open_pages_are_told_of_a_claim_and_its_end_but_not_of_a_renewal(held: Store) -> None:
    place = held.live.since("demo", "", 9).last
    take(held, MO)
    take(held, MO, NOW + 1)
    held.claims.release("demo", "c1", MO)
    events = held.live.since("demo", place, 9).events
    assert [(event.what, event.by) for event in events] == [("claimed", MO), ("released", MO)]
    assert {event.version for event in events} == {held.comments.get("demo", "c1").version}


def test_a_claim_does_not_stop_a_decision_and_ends_with_it(held: Store) -> None:
    take(held, MO)
    version = held.comments.get("demo", "c1").version
    assert decide(held, "c1", Status.HELD, version).outcome is Outcome.DONE
    assert held.claims.holders("demo", ["c1"]) == {}


def test_a_decision_that_came_too_late_leaves_the_claim(held: Store) -> None:
    take(held, MO)
    assert decide(held, "c1", Status.APPROVED, 99).outcome is Outcome.STALE
    assert held.claims.holders("demo", ["c1"])["c1"].actor == MO


def test_an_unknown_comment_cannot_be_claimed(store: Store) -> None:
    with pytest.raises(CommentUnknown):
        take(store, MO)
    assert store.claims.holders("demo", []) == {}

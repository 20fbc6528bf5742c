"""What open pages are told: everything once, in order, or that something is lost."""

from __future__ import annotations

import pytest

from service.moderation.verdict import Action, Status
from service.store.queue.live import LIVE_KEPT
from service.store.store import Store
from tests.store.shelf import DEMO, bring, decide, raw, settle_all


def held(store: Store, *names: str) -> None:
    for name in names:
        bring(store, name)
    settle_all(store, Action.HOLD)


def told(store: Store, after: str, limit: int = 100) -> list[tuple[str, str]]:
    events = store.live.since("demo", after, limit).events
    return [(event.comment_id, event.what) for event in events]


def test_a_page_that_opens_is_told_where_it_stands(store: Store) -> None:
    held(store, "a", "b")
    changes = store.live.since("demo", "", 9)
    assert (changes.events, changes.is_lost) == ((), False)
    assert told(store, changes.last) == []


def test_it_is_told_what_comes_and_goes_after_that(store: Store) -> None:
    held(store, "a")
    place = store.live.since("demo", "", 9).last
    held(store, "b")
    decide(store, "a", Status.APPROVED)
    assert told(store, place) == [("b", "held"), ("a", "approved")]


def test_a_page_on_an_empty_site_misses_nothing(store: Store) -> None:
    place = store.live.since("demo", "", 9).last
    assert not store.live.since("demo", place, 9).is_lost
    held(store, "a")
    assert told(store, place) == [("a", "held")]


def test_many_events_come_part_by_part_and_each_once(store: Store) -> None:
    place = store.live.since("demo", "", 9).last
    names = [f"c{number}" for number in range(7)]
    held(store, *names)
    seen: list[str] = []
    while found := store.live.since("demo", place, 3):
        if not found.events:
            break
        assert len(found.events) <= 3
        seen += [event.comment_id for event in found.events]
        place = found.last
    assert seen == names


@pytest.mark.parametrize("start", ["", "a"])
def test_what_is_kept_no_more_is_told_to_be_lost(store: Store, start: str) -> None:
    if start:
        held(store, start)
    place = store.live.since("demo", "", 9).last
    for number in range(2 * LIVE_KEPT):
        raw(store).xadd(DEMO.live, {"id": f"x{number}", "what": "held", "version": 1})
    raw(store).xtrim(DEMO.live, maxlen=LIVE_KEPT, approximate=False)
    changes = store.live.since("demo", place, 9)
    assert changes.is_lost
    assert changes.events == ()
    assert not store.live.since("demo", changes.last, 9).is_lost


@pytest.mark.parametrize("place", ["nonsense", "1-1", "0-0 +", "9999999999999-0", "+"])
def test_a_place_that_never_was_is_lost_too(store: Store, place: str) -> None:
    held(store, "a")
    changes = store.live.since("demo", place, 9)
    assert (changes.events, changes.is_lost) == ((), True)
    assert changes.last == store.live.since("demo", "", 9).last


def test_the_stream_stays_short(store: Store) -> None:
    held(store, "a")
    for number in range(LIVE_KEPT):
        raw(store).xadd(DEMO.live, {"id": f"x{number}", "what": "held", "version": 1})
    for number in range(400):
        store.claims.take("demo", "a", f"account:{number}", number * 200_000)
    assert raw(store).xlen(DEMO.live) <= LIVE_KEPT + 200


def test_nothing_new_costs_one_command(store: Store) -> None:
    held(store, "a")
    place = store.live.since("demo", "", 9).last
    client = raw(store)
    before = client.info("commandstats")
    store.live.since("demo", place, 100)
    after = client.info("commandstats")
    calls = {
        name: after[name]["calls"] - before.get(name, {}).get("calls", 0)
        for name in after
        if not name.startswith(("cmdstat_info", "cmdstat_select"))
    }
    assert {name: count for name, count in calls.items() if count} == {"cmdstat_xrange": 1}

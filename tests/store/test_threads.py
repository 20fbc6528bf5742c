"""What the public reads under a page: order, nesting, tombstones, slices without gaps."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.moderation.verdict import Status
from service.store import threads as threads_module
from service.store.paging import CursorInvalid, Order, slice_of
from service.store.store import Store
from tests.conftest import comment_of
from tests.store.shelf import PAGE, bring, decide, outline, publish, raw, settle_all

BOTH = pytest.mark.parametrize("order", list(Order))


def shown(store: Store, order: Order = Order.OLDEST, limit: int = 50) -> list[object]:
    return outline(store.threads.read("demo", PAGE, order, limit, "").nodes)


def slices(store: Store, order: Order, limit: int) -> Iterator[list[object]]:
    cursor = ""
    for _ in range(100):
        found = store.threads.read("demo", PAGE, order, limit, cursor)
        yield outline(found.nodes)
        cursor = found.cursor
        if not cursor:
            return
    raise AssertionError("the slices never end")


def test_a_page_nobody_commented_is_empty(store: Store) -> None:
    assert shown(store) == []
    assert store.threads.state("demo", PAGE) == threads_module.PageState(0, 0)


def test_only_approved_comments_are_shown_and_counted(store: Store) -> None:
    for status in Status:
        bring(store, status)
    settle_all(store)
    for status in set(Status) - {Status.RECEIVED, Status.APPROVED}:
        decide(store, status, status)
    bring(store, "waiting")
    assert sorted(map(str, shown(store))) == ["approved", "received"]
    assert store.threads.state("demo", PAGE).count == 2


def test_comments_come_newest_or_oldest_first(store: Store) -> None:
    for number in (2, 1, 3):
        publish(store, f"c{number}", submitted_at=float(number))
    assert shown(store, Order.OLDEST) == ["c1", "c2", "c3"]
    assert shown(store, Order.NEWEST) == ["c3", "c2", "c1"]


def test_a_page_is_one_whatever_its_spelling(store: Store) -> None:
    publish(store, "c1", page="HTTP://Site.Test/a/?utm_source=x#top")
    assert shown(store) == ["c1"]
    assert store.threads.states("demo", [PAGE, "http://site.test/b"])[0].count == 1


def test_replies_are_nested_oldest_first(store: Store) -> None:
    publish(store, "a", submitted_at=1.0)
    publish(store, "b", parent="a", submitted_at=2.0)
    publish(store, "d", parent="a", submitted_at=4.0)
    publish(store, "c", parent="b", submitted_at=3.0)
    publish(store, "z", submitted_at=9.0)
    assert shown(store, Order.NEWEST) == ["z", "a", ["b", ["c"], "d"]]


@BOTH
def test_no_comment_is_lost_or_doubled_between_slices(store: Store, order: Order) -> None:
    times = [1.0, 2.0, 2.0, 2.0, 2.0, 2.0, 3.0, 3.0, 4.0]
    for number, at in enumerate(times):
        bring(store, f"c{number}", submitted_at=at)
    settle_all(store)
    whole = shown(store, order)
    assert len(whole) == len(times)
    for limit in range(1, len(times) + 2):
        read = list(slices(store, order, limit))
        assert [name for part in read for name in part] == whole
        assert all(len(part) == limit for part in read[:-1])


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    scores=st.lists(st.integers(0, 4), max_size=25),
    limit=st.integers(1, 7),
    order=st.sampled_from(Order),
)
def test_slices_join_to_the_whole_whatever_the_times(
    store: Store, scores: list[int], limit: int, order: Order
) -> None:
    redis = raw(store)
    redis.delete("listing")
    if scores:
        redis.zadd("listing", {f"m{n:02}": 1_700_000_000_000 + s for n, s in enumerate(scores)})
    whole = [m.decode() for m in redis.zrange("listing", 0, -1, desc=order is Order.NEWEST)]
    read: list[str] = []
    cursor = ""
    while True:
        found = slice_of(store.client, "listing", order, limit, cursor)
        read += found.ids
        assert len(read) <= len(whole)
        cursor = found.cursor
        if not cursor:
            break
        assert len(found.ids) == limit
    assert read == whole


@BOTH
def test_comments_that_come_and_go_between_slices_shift_no_other(
    store: Store, order: Order
) -> None:
    for number in range(1, 9):
        publish(store, f"c{number}", submitted_at=float(number))
    first = store.threads.read("demo", PAGE, order, 4, "")
    read = outline(first.nodes)
    decide(store, str(read[0]), Status.SPAM)
    publish(store, "new", submitted_at=100.0 if order is Order.NEWEST else 0.5)
    rest = store.threads.read("demo", PAGE, order, 4, first.cursor)
    assert sorted(map(str, read + outline(rest.nodes))) == [f"c{n}" for n in range(1, 9)]


@pytest.mark.parametrize(
    "cursor", ["x", "1", "1-", "-1", "1-x", "1-1-1", "١-1", "1e3-0", "+inf-0", "1-" + "9" * 40]
)
def test_a_cursor_that_is_not_ours_is_refused(store: Store, cursor: str) -> None:
    with pytest.raises(CursorInvalid):
        store.threads.read("demo", PAGE, Order.OLDEST, 5, cursor)


@pytest.mark.parametrize("status", [Status.HELD, Status.REJECTED, Status.SPAM, Status.DELETED])
def test_a_comment_taken_away_leaves_a_tombstone_only_above_visible_replies(
    store: Store, status: Status
) -> None:
    publish(store, "a")
    publish(store, "b", parent="a")
    publish(store, "lonely")
    decide(store, "lonely", status)
    decide(store, "a", status)
    assert shown(store) == ["-a", ["b"]]
    decide(store, "b", status)
    assert shown(store) == []
    assert store.threads.state("demo", PAGE).count == 0


def test_a_visible_reply_is_never_lost_under_two_tombstones(store: Store) -> None:
    publish(store, "a")
    publish(store, "b", parent="a")
    publish(store, "c", parent="b")
    decide(store, "b", Status.SPAM)
    decide(store, "a", Status.SPAM)
    assert shown(store) == ["-a", ["-b", ["c"]]]
    assert store.threads.state("demo", PAGE).count == 1


def test_a_tombstone_goes_with_the_last_visible_reply_below_it(store: Store) -> None:
    publish(store, "a")
    publish(store, "b", parent="a")
    publish(store, "c", parent="b")
    decide(store, "b", Status.SPAM)
    assert shown(store) == ["a", ["-b", ["c"]]]
    decide(store, "c", Status.SPAM)
    assert shown(store) == ["a"]


def test_a_reply_approved_after_its_parent_went_is_shown_under_a_tombstone(store: Store) -> None:
    publish(store, "a")
    publish(store, "b", parent="a")
    bring(store, "c", parent="b")  # still waits while all above it go
    for name in ("b", "a"):
        decide(store, name, Status.REJECTED)
    assert shown(store) == []
    settle_all(store)
    assert shown(store) == ["-a", ["-b", ["c"]]]


def test_a_comment_that_comes_back_takes_its_old_place(store: Store) -> None:
    for number in range(1, 4):
        publish(store, f"c{number}", submitted_at=float(number))
    publish(store, "reply", parent="c2")
    decide(store, "c2", Status.HELD)
    decide(store, "c2", Status.APPROVED)
    assert shown(store) == ["c1", "c2", ["reply"], "c3"]
    assert store.threads.state("demo", PAGE).count == 4


def test_a_comment_under_review_again_is_a_tombstone_meanwhile(store: Store) -> None:
    record = publish(store, "a")
    publish(store, "b", parent="a")
    store.comments.edit(record, comment_of("a", "New words"), 0)
    assert shown(store) == ["-a", ["b"]]
    settle_all(store)
    assert shown(store) == ["a", ["b"]]


def test_a_page_s_version_changes_with_every_change_the_public_sees(store: Store) -> None:
    seen = [store.threads.state("demo", PAGE).version]

    def changed() -> bool:
        seen.append(store.threads.state("demo", PAGE).version)
        return seen[-1] != seen[-2]

    bring(store, "a")
    assert not changed()
    settle_all(store)
    assert changed()
    decide(store, "a", Status.SPAM)
    assert changed()
    decide(store, "a", Status.HELD)
    assert not changed()
    decide(store, "a", Status.APPROVED)
    assert changed()
    store.comments.edit(publish(store, "b"), comment_of("b", "New"), 0)
    assert changed()
    settle_all(store)
    assert changed()
    store.comments.withdraw(store.comments.get("demo", "b"), 0)
    assert changed()


def test_more_replies_than_a_page_carries_can_be_read_on(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threads_module, "REPLIES_SHOWN", 3)
    publish(store, "a")
    names = [f"r{n}" for n in range(8)]
    for number, name in enumerate(names):
        publish(store, name, parent="a", submitted_at=float(number // 3 + 1))
    decide(store, "r4", Status.SPAM)
    (node,) = store.threads.read("demo", PAGE, Order.OLDEST, 5, "").nodes
    assert outline([node]) == ["a", ["r0", "r1", "r2"]]
    assert node.has_more_replies
    read: list[object] = []
    cursor = ""
    while True:
        found = store.threads.replies("demo", "a", 2, cursor)
        read += outline(found.nodes)
        cursor = found.cursor
        if not cursor:
            break
    assert read == [name for name in names if name != "r4"]


def test_a_thread_that_fits_says_so(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads_module, "REPLIES_SHOWN", 2)
    publish(store, "a")
    for name in ("b", "c"):
        publish(store, name, parent="a")
    (node,) = store.threads.read("demo", PAGE, Order.OLDEST, 5, "").nodes
    assert not node.has_more_replies

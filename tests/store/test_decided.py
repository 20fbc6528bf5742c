"""Comments to try a policy on: the newest decided, the newest that came."""

from __future__ import annotations

from service.moderation.verdict import Action, Status
from service.store import decided
from service.store.records import Record
from service.store.store import Store
from tests.store.shelf import DEMO, bring, decide, raw, settle_all


def decided_last(store: Store, most: int) -> tuple[Record, ...]:
    return store.decided.sample("demo", most).by_moderators


def arrived_last(store: Store, most: int) -> tuple[Record, ...]:
    return store.decided.sample("demo", most).arrived


def ids(records: tuple[Record, ...]) -> list[str]:
    return [record.comment.id for record in records]


def comments(store: Store, count: int, action: Action = Action.HOLD) -> None:
    for number in range(count):
        bring(store, f"c{number}", submitted_at=float(number + 1))
    settle_all(store, action)


def test_the_comments_decided_last_come_first_and_each_once(store: Store) -> None:
    comments(store, 4)
    for name, target in (("c2", "spam"), ("c0", "approved"), ("c3", "held"), ("c2", "rejected")):
        decide(store, name, Status(target))
    found = decided_last(store, 10)
    assert ids(found) == ["c2", "c3", "c0"]
    assert found[0].decision is not None
    assert found[0].decision.target is Status.REJECTED
    assert ids(decided_last(store, 2)) == ["c2", "c3"]


def test_what_else_the_log_tells_of_is_passed_over(store: Store) -> None:
    comments(store, 2)
    decide(store, "c1", Status.SPAM)
    for _ in range(decided.CHUNK + 5):
        raw(store).xadd(DEMO.audit, {"kind": "settings"})
    assert ids(decided_last(store, 100)) == ["c1"]


def test_the_log_is_never_read_without_end(store: Store) -> None:
    comments(store, 1)
    decide(store, "c0", Status.SPAM)
    for _ in range(decided.CHUNK + 5):
        raw(store).xadd(DEMO.audit, {"kind": "settings"})
    assert decided_last(store, 10) == ()


def test_arrivals_are_the_newest_of_every_status(store: Store) -> None:
    comments(store, 5)
    for name, target in (("c1", "approved"), ("c2", "spam"), ("c3", "rejected"), ("c4", "deleted")):
        decide(store, name, Status(target))
    assert ids(arrived_last(store, 10)) == ["c3", "c2", "c1", "c0"]
    assert ids(arrived_last(store, 2)) == ["c3", "c2"]


def test_a_comment_without_a_verdict_has_nothing_to_be_tried_on(store: Store) -> None:
    comments(store, 1, Action.APPROVE)
    decide(store, "c0", Status.HELD)
    record = store.comments.get("demo", "c0")
    store.comments.withdraw(record, 0)
    assert decided_last(store, 10) == ()

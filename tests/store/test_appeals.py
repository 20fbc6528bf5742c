"""Authors' appeals: once, in time, and answered by somebody other than who refused."""

from __future__ import annotations

import pytest

from service.moderation.verdict import Action, Status
from service.store.appeals import (
    APPEAL_WINDOW_MS,
    AppealChanged,
    AppealRefused,
    AppealUnknown,
    Overturns,
    OwnRefusal,
)
from service.store.decisions import Order
from service.store.records import Record
from service.store.reported import Appeal, AppealOutcome
from service.store.store import Store
from tests.store.shelf import DEMO, bring, listed, now_ms, publish, raw, settle_all

GRANTED, UPHELD = AppealOutcome.GRANTED, AppealOutcome.UPHELD
TEXT = "C'était une citation."


def refused(store: Store, comment_id: str = "c1", action: Action = Action.SPAM) -> Record:
    bring(store, comment_id)
    settle_all(store, action)
    return store.comments.get("demo", comment_id)


def decide_by(store: Store, comment_id: str, target: Status, actor: str) -> None:
    store.decisions.decide("demo", [Order(comment_id, target)], actor, "", now_ms())


def file(store: Store, comment_id: str = "c1") -> Record:
    record = store.comments.get("demo", comment_id)
    store.appeals.file(record, TEXT, now_ms())
    return store.comments.get("demo", comment_id)


def answer(
    store: Store, outcome: AppealOutcome, actor: str, *, is_alone: bool = False
) -> Appeal | None:
    record = store.comments.get("demo", "c1")
    store.appeals.answer(record, outcome, actor, now_ms(), is_alone=is_alone)
    return store.comments.get("demo", "c1").voices.appeal


@pytest.mark.parametrize("action", [Action.SPAM, Action.REJECT])
def test_what_the_checks_refused_can_be_appealed_for_once(store: Store, action: Action) -> None:
    refused(store, action=action)
    record = file(store)
    assert record.voices.appeal is not None
    assert (record.voices.appeal.text, record.voices.appeal.refused_by) == (TEXT, "machine")
    assert [r.comment.id for r in store.appeals.open("demo", 10).records] == ["c1"]
    with pytest.raises(AppealRefused, match="appealed"):
        file(store)
    assert store.appeals.count("demo") == 1


def test_what_is_not_refused_cannot_be_appealed_for(store: Store) -> None:
    bring(store, "c1")
    with pytest.raises(AppealRefused, match="not_refused"):
        file(store)
    settle_all(store, Action.HOLD)
    with pytest.raises(AppealRefused, match="not_refused"):
        file(store)


def test_after_fourteen_days_it_is_too_late(store: Store) -> None:
    record = refused(store)
    late = now_ms() + APPEAL_WINDOW_MS + 60_000
    with pytest.raises(AppealRefused, match="too_late"):
        store.appeals.file(record, TEXT, late)
    store.decisions.decide("demo", [Order("c1", Status.REJECTED)], "account:mo", "", late)
    store.appeals.file(store.comments.get("demo", "c1"), TEXT, late + 1000)
    assert store.appeals.count("demo") == 1


def test_a_granted_appeal_approves_the_comment(store: Store) -> None:
    refused(store)
    file(store)
    appeal = answer(store, GRANTED, "account:lea")
    assert appeal is not None
    assert (appeal.outcome, appeal.decided_by) == (GRANTED, "account:lea")
    assert listed(store, Status.APPROVED) == ["c1"]
    assert store.appeals.count("demo") == 0
    assert raw(store).sismember(DEMO.waiting, "c1")
    assert store.appeals.overturns("demo") == Overturns(1, 1, 0, {"machine": (1, 0)})


def test_an_upheld_refusal_stays(store: Store) -> None:
    refused(store)
    file(store)
    appeal = answer(store, UPHELD, "account:lea")
    assert appeal is not None
    assert appeal.outcome is UPHELD
    assert listed(store, Status.SPAM) == ["c1"]
    with pytest.raises(AppealUnknown):
        answer(store, GRANTED, "account:lea")
    assert store.appeals.overturns("demo") == Overturns(1, 0, 1, {"machine": (0, 1)})


@pytest.mark.parametrize("outcome", [GRANTED, UPHELD])
def test_who_refused_does_not_answer_the_appeal(store: Store, outcome: AppealOutcome) -> None:
    refused(store, action=Action.HOLD)
    decide_by(store, "c1", Status.REJECTED, "account:mo")
    file(store)
    with pytest.raises(OwnRefusal):
        answer(store, outcome, "account:mo")
    assert answer(store, outcome, "account:lea") is not None
    assert store.appeals.overturns("demo").by.keys() == {"account:mo"}


@pytest.mark.parametrize("outcome", [GRANTED, UPHELD])
def test_the_audit_log_tells_who_answered_their_own_refusal(
    store: Store, outcome: AppealOutcome
) -> None:
    refused(store, action=Action.HOLD)
    decide_by(store, "c1", Status.REJECTED, "account:mo")
    file(store)
    answer(store, outcome, "account:mo", is_alone=True)
    entries = [fields for _, fields in raw(store).xrange(DEMO.audit)]
    told = [fields for fields in entries if fields[b"kind"] == b"appeal"]
    assert [each[b"outcome"] for each in told] == [b"filed", outcome.encode()]
    assert told[-1][b"is_own"] == b"1"
    assert TEXT.encode() not in b"".join(value for each in entries for value in each.values())


@pytest.mark.parametrize("outcome", [GRANTED, UPHELD])
def test_an_answer_to_a_comment_that_changed_meanwhile_is_refused(
    store: Store, outcome: AppealOutcome
) -> None:
    refused(store)
    seen = file(store)
    decide_by(store, "c1", Status.REJECTED, "account:mo")
    with pytest.raises(AppealChanged):
        store.appeals.answer(seen, outcome, "account:lea", now_ms(), is_alone=False)


def test_approving_from_the_queue_grants_the_appeal_and_deleting_ends_it(store: Store) -> None:
    refused(store, "c1")
    refused(store, "c2")
    file(store, "c1")
    file(store, "c2")
    decide_by(store, "c1", Status.APPROVED, "account:lea")
    decide_by(store, "c2", Status.DELETED, "account:lea")
    assert store.appeals.count("demo") == 0
    assert store.appeals.overturns("demo") == Overturns(2, 1, 1, {"machine": (1, 1)})


def test_taking_back_the_approval_opens_the_appeal_again(store: Store) -> None:
    refused(store)
    file(store)
    answer(store, GRANTED, "account:lea")
    store.decisions.undo("demo", "c1", "account:lea", now_ms())
    record = store.comments.get("demo", "c1")
    assert (record.status, store.appeals.count("demo")) == (Status.SPAM, 1)
    assert record.voices.appeal is not None
    assert record.voices.appeal.outcome is AppealOutcome.OPEN
    assert store.appeals.overturns("demo") == Overturns(1, 0, 0, {"machine": (0, 0)})
    assert answer(store, UPHELD, "account:mo") is not None


def test_the_comment_s_history_tells_of_the_appeal(store: Store) -> None:
    refused(store)
    file(store)
    answer(store, UPHELD, "account:lea")
    told = [(event.kind, event.actor, event.text) for event in store.timeline.of("demo", "c1")]
    assert told[-2:] == [("appeal", "", TEXT), ("appeal", "account:lea", "upheld")]


def test_appeals_are_listed_the_longest_waiting_first(store: Store) -> None:
    for number, name in enumerate(("c3", "c1", "c2")):
        store.appeals.file(refused(store, name), TEXT, now_ms() + number)
    first = store.appeals.open("demo", 2)
    rest = store.appeals.open("demo", 2, first.cursor)
    names = [record.comment.id for record in (*first.records, *rest.records)]
    assert (names, first.total) == (["c3", "c1", "c2"], 3)


def test_erasing_takes_the_appeal_along(store: Store) -> None:
    publish(store, "c0")
    refused(store)
    store.comments.erase(file(store), "author")
    assert store.appeals.count("demo") == 0
    assert store.comments.get("demo", "c1").voices.appeal is None

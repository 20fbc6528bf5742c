"""A comment's history: everything that happened to it, in order, bounded."""

from __future__ import annotations

import pytest

from service.moderation.comment import Facts
from service.moderation.signal import Attribute, Evidence, Signal
from service.moderation.verdict import Action, Status, Verdict
from service.store.comments import CommentUnknown
from service.store.inbox import Settlement
from service.store.queue.timeline import Event, Kind
from service.store.store import Store
from tests.conftest import comment_of
from tests.store.shelf import DEMO, bring, decide, now_ms, publish, raw, settle_all

MO = "account:mo"
LINKS = Verdict(
    Action.HOLD,
    "spam.hold",
    {Attribute.SPAM: 0.7},
    (Signal("spam.links", Attribute.SPAM, 0.7, evidence=(Evidence("links.count", {"count": 3}),)),),
)


def judge(store: Store, verdict: Verdict) -> None:
    pending = store.inbox.load("demo", store.inbox.take("demo", "w", 9), Facts())
    store.inbox.settle("demo", [Settlement(item, verdict) for item in pending])


def kinds(store: Store, comment_id: str = "c1") -> list[str]:
    return [event.kind.value for event in store.timeline.of("demo", comment_id)]


def undo(store: Store) -> None:
    store.decisions.undo("demo", "c1", "account:zoe", now_ms())


def test_a_new_comment_was_received_and_nothing_else(store: Store) -> None:
    bring(store, "c1")
    (event,) = store.timeline.of("demo", "c1")
    assert event.kind is Kind.RECEIVED
    assert abs(event.at_ms - now_ms()) < 60_000


def test_a_verdict_tells_its_rule_and_the_codes_of_its_evidence(store: Store) -> None:
    bring(store, "c1")
    judge(store, LINKS)
    _, verdict = store.timeline.of("demo", "c1")
    assert (verdict.kind, verdict.action, verdict.rule) == (Kind.VERDICT, "hold", "spam.hold")
    assert verdict.codes == ("links.count",)
    assert abs(verdict.at_ms - now_ms()) < 60_000


def test_decisions_and_what_undid_them_tell_who_why_and_which_way(store: Store) -> None:
    bring(store, "c1")
    judge(store, LINKS)
    decide(store, "c1", Status.REJECTED)
    undo(store)
    _, _, decision, undone = store.timeline.of("demo", "c1")
    assert decision == Event(
        Kind.DECISION, decision.at_ms, MO, "because", source="held", target="rejected"
    )
    assert (undone.kind, undone.actor) == (Kind.UNDO, "account:zoe")
    assert (undone.source, undone.target) == ("rejected", "held")


def test_an_edit_and_approval_is_one_decision_that_says_so(store: Store) -> None:
    bring(store, "c1")
    judge(store, LINKS)
    store.decisions.edit_and_approve("demo", "c1", "Better words", None, MO, "", now_ms())
    *_, decision = store.timeline.of("demo", "c1")
    assert (decision.kind, decision.is_edited, decision.target) == (Kind.DECISION, True, "approved")


def test_each_verdict_follows_what_it_was_given_for(store: Store) -> None:
    bring(store, "c1")
    judge(store, LINKS)
    decide(store, "c1", Status.APPROVED)
    undo(store)
    store.comments.edit(store.comments.get("demo", "c1"), comment_of("c1", "Less"), 0)
    judge(store, Verdict(Action.APPROVE, "clean"))
    assert kinds(store) == [
        "received", "verdict", "decision", "undo", "edit", "verdict",
    ]  # fmt: skip
    events = store.timeline.of("demo", "c1")
    assert [event.rule for event in events if event.kind is Kind.VERDICT] == ["spam.hold", "clean"]
    assert events[1].codes == ("links.count",)


def test_an_edit_before_any_verdict_is_told_alone(store: Store) -> None:
    bring(store, "c1")
    store.comments.edit(store.comments.get("demo", "c1"), comment_of("c1", "Less"), 0)
    assert kinds(store) == ["received", "edit"]


def test_a_recall_stands_between_its_two_verdicts(store: Store) -> None:
    publish(store, "c1")
    raw(store).hset(DEMO.recalls, "c1", 4)
    store.inbox.recalls.carry_out("demo")
    assert kinds(store) == ["received", "verdict", "recall", "verdict"]
    before, _, after = store.timeline.of("demo", "c1")[1:]
    assert (before.rule, before.codes) == ("test", ())
    assert (after.rule, after.codes) == ("campaign", ("duplicate.campaign",))


def test_a_dead_letter_tried_again_is_told(store: Store) -> None:
    bring(store, "c1")
    (entry,) = store.inbox.take("demo", "w", 9)
    (pending,) = store.inbox.load("demo", [entry], Facts())
    store.inbox.set_aside("demo", pending, 3, now_ms())
    store.comments.retry(store.comments.get("demo", "c1"))
    settle_all(store)
    assert kinds(store) == ["received", "verdict", "retry", "verdict"]


def test_a_withdrawal_is_the_end(store: Store) -> None:
    publish(store, "c1")
    decide(store, "c1", Status.APPROVED)
    store.comments.withdraw(store.comments.get("demo", "c1"), 0)
    assert kinds(store) == ["received", "decision", "withdrawal"]


def test_notes_stand_where_they_were_written(store: Store) -> None:
    publish(store, "c1")
    at = now_ms()
    store.notes.add("demo", "c1", MO, "Before.", at + 1_000)
    orders_at = at + 2_000
    raw(store).rpush(
        DEMO.trail("c1"),
        f'{{"kind":"undo","at":{orders_at},"actor":"{MO}","from":"spam","to":"held"}}',
    )
    store.notes.add("demo", "c1", MO, "After.", at + 3_000)
    events = store.timeline.of("demo", "c1")
    assert [(event.kind, event.text) for event in events[2:]] == [
        (Kind.NOTE, "Before."), (Kind.UNDO, ""), (Kind.NOTE, "After."),
    ]  # fmt: skip


def test_a_hundred_events_are_kept(store: Store) -> None:
    publish(store, "c1")
    for number in range(105):
        decide(store, "c1", (Status.HELD, Status.SPAM)[number % 2])
    found = store.timeline.of("demo", "c1")
    assert len(found) == 2 + 100
    assert (found[-1].source, found[-1].target) == ("spam", "held")


def test_a_verdict_that_cannot_be_read_is_told_without_its_words(store: Store) -> None:
    publish(store, "c1")
    raw(store).hset(DEMO.comment("c1"), "verdict", "{")
    assert kinds(store) == ["received", "verdict"]


def test_an_unknown_comment_has_no_history(store: Store) -> None:
    with pytest.raises(CommentUnknown):
        store.timeline.of("demo", "c1")

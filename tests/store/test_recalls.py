"""Taking approved comments back: once, and never against a moderator."""

from __future__ import annotations

from service.moderation.comment import Facts
from service.moderation.signal import Attribute, Signal
from service.moderation.verdict import Action, Status, Verdict
from service.store.inbox import Settlement
from service.store.keys import page_key
from service.store.store import Store
from tests.store.shelf import DEMO, PAGE, bring, decide, listed, publish, raw, settle_all

CLEAN = Verdict(Action.APPROVE, "clean", {Attribute.TOXICITY: 0.1},
                (Signal("toxicity.linear", Attribute.TOXICITY, 0.1),))  # fmt: skip


def show_campaign(store: Store, *copies: str, by: str = "last") -> None:
    """Settle one more comment, as spam, whose copies came before it."""
    bring(store, by)
    (entry,) = store.inbox.take("demo", "w", 1)
    (pending,) = store.inbox.load("demo", [entry], Facts())
    settlement = Settlement(pending, Verdict(Action.SPAM, "spam.refuse"), copies=copies)
    store.inbox.settle("demo", [settlement])


def status(store: Store, comment_id: str) -> str:
    return store.comments.status("demo", comment_id)


def test_an_approved_copy_goes_back_to_the_queue_with_the_reason(store: Store) -> None:
    bring(store, "c1")
    (entry,) = store.inbox.take("demo", "w", 1)
    (pending,) = store.inbox.load("demo", [entry], Facts())
    store.inbox.settle("demo", [Settlement(pending, CLEAN)])
    show_campaign(store, "c1", "gone")
    assert store.inbox.recalls.carry_out("demo") == 1
    record = store.comments.get("demo", "c1")
    assert record.status is Status.HELD
    assert record.verdict is not None
    assert (record.verdict.action, record.verdict.rule) == (Action.HOLD, "campaign")
    assert record.verdict.scores[Attribute.TOXICITY] == 0.1
    assert record.verdict.signals[0].check == "toxicity.linear"
    assert record.verdict.signals[-1].evidence[0].code == "duplicate.campaign"
    assert record.verdict.signals[-1].evidence[0].params == {"times": 2}


def test_a_comment_taken_back_leaves_the_thread_the_counts_and_the_author_s_record(
    store: Store,
) -> None:
    publish(store, "c1", author_key="eve")
    before = int(raw(store).hget(DEMO.page(page_key(PAGE)), "version"))
    show_campaign(store, "c1")
    store.inbox.recalls.carry_out("demo")
    assert listed(store, Status.APPROVED) == []
    assert listed(store, Status.HELD) == ["c1"]
    assert raw(store).zrange(DEMO.roots(page_key(PAGE)), 0, -1) == []
    assert raw(store).hmget(DEMO.page(page_key(PAGE)), "count", "version") == [
        b"0", str(before + 1).encode(),
    ]  # fmt: skip
    assert raw(store).hget(DEMO.author("eve"), "approved") == b"0"
    counts = store.decisions.counts("demo")
    assert (counts["status.held"], counts["status.approved"], counts["recalled"]) == (1, 0, 1)


def test_it_is_taken_back_once_however_often_the_work_is_done(store: Store) -> None:
    publish(store, "c1")
    show_campaign(store, "c1")
    assert store.inbox.recalls.carry_out("demo") == 1
    version = store.comments.get("demo", "c1").version
    show_campaign(store, "c1", by="later")
    assert store.inbox.recalls.carry_out("demo") == 0
    assert store.comments.get("demo", "c1").version == version
    kinds = [fields[b"kind"] for _, fields in raw(store).xrange(DEMO.audit)]
    assert kinds == [b"recall"]


def test_a_moderator_s_approval_is_not_undone(store: Store) -> None:
    publish(store, "c1")
    decide(store, "c1", Status.APPROVED)
    show_campaign(store, "c1")
    assert store.inbox.recalls.carry_out("demo") == 0
    assert status(store, "c1") == Status.APPROVED


def test_an_approval_after_the_recall_stands_against_every_further_copy(store: Store) -> None:
    publish(store, "c1")
    show_campaign(store, "c1")
    store.inbox.recalls.carry_out("demo")
    decide(store, "c1", Status.APPROVED)
    show_campaign(store, "c1", by="later")
    assert store.inbox.recalls.carry_out("demo") == 0
    assert status(store, "c1") == Status.APPROVED


def test_an_approval_between_the_note_and_the_recall_stands(store: Store) -> None:
    publish(store, "c1")
    show_campaign(store, "c1")
    decide(store, "c1", Status.APPROVED)
    assert store.inbox.recalls.carry_out("demo") == 0
    assert status(store, "c1") == Status.APPROVED
    assert not store.inbox.is_waiting("demo")


def test_copies_that_are_not_approved_are_left_where_they_are(store: Store) -> None:
    for name, action in (("held", Action.HOLD), ("spam", Action.SPAM)):
        bring(store, name)
        settle_all(store, action)
    show_campaign(store, "held", "spam", "never-seen")
    assert not store.inbox.recalls.are_waiting("demo")
    assert (status(store, "held"), status(store, "spam")) == (Status.HELD, Status.SPAM)


def test_what_is_noted_waits_until_somebody_does_it(store: Store) -> None:
    publish(store, "c1")
    show_campaign(store, "c1")
    assert store.inbox.depth("demo") == 0
    assert store.inbox.is_waiting("demo")
    store.inbox.recalls.carry_out("demo")
    assert not store.inbox.is_waiting("demo")


def test_a_comment_deleted_in_between_stays_deleted(store: Store) -> None:
    publish(store, "c1")
    show_campaign(store, "c1")
    raw(store).delete(DEMO.comment("c1"))
    assert store.inbox.recalls.carry_out("demo") == 0
    assert not store.inbox.is_waiting("demo")


def test_more_than_a_script_s_worth_are_all_taken_back(store: Store) -> None:
    names = [f"c{number}" for number in range(150)]
    for name in names:
        bring(store, name)
    settle_all(store)
    show_campaign(store, *names)
    assert store.inbox.recalls.carry_out("demo") == 150
    assert sorted(listed(store, Status.HELD)) == sorted(names)


def test_a_thread_keeps_its_place_when_an_answered_comment_is_taken_back(store: Store) -> None:
    publish(store, "c1")
    publish(store, "reply", parent="c1")
    show_campaign(store, "c1")
    store.inbox.recalls.carry_out("demo")
    assert status(store, "reply") == Status.APPROVED
    assert raw(store).zrange(DEMO.roots(page_key(PAGE)), 0, -1) == [b"c1"]

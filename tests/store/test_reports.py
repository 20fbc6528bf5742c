"""Readers' reports: once for each reader, weighed, and judged by moderators' decisions."""

from __future__ import annotations

import pytest

from service.moderation.verdict import Action, Status
from service.store.comments import CommentUnknown, EditClosed
from service.store.reported import Judgement, ReportReason
from service.store.reports import MOST_KEPT, Reception, Reporting, ReportsLimited
from service.store.store import Store
from tests.conftest import comment_of
from tests.store.shelf import DEMO, bring, decide, listed, now_ms, publish, raw, settle_all

HOLD_AT = 3.0


def report(
    store: Store,
    comment_id: str,
    reader: int,
    reason: ReportReason = ReportReason.INSULT,
    note: str = "",
    hold_at: float = HOLD_AT,
    limited: str = "",
) -> Reception:
    who = f"{reader:024x}"
    reporting = Reporting(who, limited or f"{who}{comment_id}", reason, note)
    return store.reports.add("demo", comment_id, reporting, hold_at, now_ms())


def report_all(store: Store, comment_id: str, *readers: int, hold_at: float = HOLD_AT) -> None:
    for reader in readers:
        report(store, comment_id, reader, hold_at=hold_at)


def status(store: Store, comment_id: str) -> str:
    return store.comments.status("demo", comment_id)


def reported(store: Store) -> list[str]:
    return [item.decode() for item in raw(store).zrange(DEMO.reported, 0, -1)]


def undo(store: Store, comment_id: str) -> None:
    assert store.decisions.undo("demo", comment_id, "account:mo", now_ms()).outcome == "done"


def weight_of_next(store: Store, reader: int, comment_id: str) -> float:
    """Have a reader report one more comment; return what that weighed."""
    publish(store, comment_id)
    report(store, comment_id, reader)
    return store.comments.get("demo", comment_id).voices.reported.reports[-1].weight


def test_reports_of_three_unknown_readers_send_a_comment_back_to_the_queue(store: Store) -> None:
    publish(store, "c1")
    assert [report(store, "c1", reader).is_held for reader in (1, 2, 3)] == [False, False, True]
    record = store.comments.get("demo", "c1")
    assert record.status is Status.HELD
    assert record.verdict is not None
    assert (record.verdict.action, record.verdict.rule) == (Action.HOLD, "reported")
    assert record.voices.reported.open_reasons == {ReportReason.INSULT: 3}
    assert (listed(store, Status.HELD), listed(store, Status.APPROVED)) == (["c1"], [])
    assert reported(store) == ["c1"]
    counts = store.decisions.counts("demo")
    assert (counts["reports"], counts["held_by_reports"]) == (3, 1)


def test_the_audit_log_and_open_pages_are_told_of_the_hold(store: Store) -> None:
    publish(store, "c1")
    report_all(store, "c1", 1, 2, 3)
    ((_, entry),) = raw(store).xrange(DEMO.audit)
    assert entry == {b"kind": b"report", b"comment": b"c1", b"weight": b"3.00"}
    ((_, told),) = raw(store).xrange(DEMO.live)
    assert (told[b"id"], told[b"what"]) == (b"c1", b"held")


def test_a_reader_reports_a_comment_once(store: Store) -> None:
    publish(store, "c1")
    assert not report(store, "c1", 1).is_known
    for _ in range(5):
        assert report(store, "c1", 1).is_known
    assert store.comments.get("demo", "c1").voices.reported.total == 1
    assert status(store, "c1") == Status.APPROVED


@pytest.mark.parametrize("action", [Action.HOLD, Action.REJECT, Action.SPAM])
def test_what_is_not_approved_cannot_be_reported(store: Store, action: Action) -> None:
    bring(store, "c1")
    for name in ("c1", "c2"):
        with pytest.raises(CommentUnknown):
            report(store, name, 1)
    settle_all(store, action)
    with pytest.raises(CommentUnknown):
        report(store, "c1", 1)


def test_after_a_moderator_approves_only_a_full_new_threshold_holds_again(store: Store) -> None:
    publish(store, "c1")
    report_all(store, "c1", 1, 2, 3)
    decide(store, "c1", Status.APPROVED)
    assert reported(store) == []
    assert [report(store, "c1", reader).is_known for reader in (1, 2, 3)] == [True] * 3
    report_all(store, "c1", 4, 5)
    assert status(store, "c1") == Status.APPROVED
    assert report(store, "c1", 6).is_held
    assert reported(store) == ["c1"]


def test_zero_never_holds(store: Store) -> None:
    publish(store, "c1")
    report_all(store, "c1", *range(1, 9), hold_at=0)
    assert status(store, "c1") == Status.APPROVED


def test_readers_whom_moderators_agree_with_weigh_more_and_the_others_less(store: Store) -> None:
    for number in range(12):
        publish(store, f"c{number}")
        report_all(store, f"c{number}", 1, hold_at=0)
        decide(store, f"c{number}", Status.REJECTED)
        publish(store, f"d{number}")
        report_all(store, f"d{number}", 2, hold_at=0)
        decide(store, f"d{number}", Status.APPROVED)
    right, wrong = weight_of_next(store, 1, "e1"), weight_of_next(store, 2, "e2")
    assert (right, wrong) == (1.75, 0.25)
    assert weight_of_next(store, 3, "e3") == 1.0


@pytest.mark.parametrize("target", [Status.REJECTED, Status.SPAM, Status.DELETED])
def test_a_changed_decision_changes_what_was_made_of_the_reports(
    store: Store, target: Status
) -> None:
    publish(store, "c1")
    report_all(store, "c1", 1)
    decide(store, "c1", Status.APPROVED)
    decide(store, "c1", target)
    kept = store.comments.get("demo", "c1").voices.reported.reports
    assert [each.judgement for each in kept] == [Judgement.AGREED]
    decide(store, "c1", Status.HELD)
    found = raw(store).hgetall(DEMO.reporters)
    assert {int(value) for value in found.values()} == {0}
    assert reported(store) == ["c1"]


def test_what_is_taken_back_of_a_decision_is_taken_back_of_the_reports(store: Store) -> None:
    publish(store, "c1")
    report_all(store, "c1", 1, 2, 3)
    decide(store, "c1", Status.APPROVED)
    undo(store, "c1")
    record = store.comments.get("demo", "c1")
    assert (record.status, record.voices.reported.open_weight) == (Status.HELD, 3.0)
    assert reported(store) == ["c1"]
    assert {int(n) for n in raw(store).hvals(DEMO.reporters)} == {0}
    decide(store, "c1", Status.REJECTED)
    decide(store, "c1", Status.APPROVED)
    undo(store, "c1")
    kept = store.comments.get("demo", "c1").voices.reported.reports
    assert {each.judgement for each in kept} == {Judgement.AGREED}


def test_the_comment_s_history_tells_of_the_hold(store: Store) -> None:
    publish(store, "c1")
    report_all(store, "c1", 1, 2, 3)
    events = store.timeline.of("demo", "c1")
    assert [(event.kind, event.rule) for event in events] == [
        ("received", ""), ("verdict", "test"), ("report", ""), ("verdict", "reported"),
    ]  # fmt: skip


def test_a_hundred_reports_are_kept_and_the_rest_counted(store: Store) -> None:
    publish(store, "c1")
    for reader in range(1, MOST_KEPT + 6):
        report(store, "c1", reader, note="look", hold_at=0)
    voices = store.comments.get("demo", "c1").voices
    assert (len(voices.reported.reports), voices.reported.total) == (MOST_KEPT, MOST_KEPT + 5)
    assert raw(store).hlen(DEMO.report_notes("c1")) == MOST_KEPT


def test_new_reports_take_the_place_of_judged_ones(store: Store) -> None:
    publish(store, "c1")
    for reader in range(1, MOST_KEPT + 1):
        report(store, "c1", reader, note="look", hold_at=0)
    decide(store, "c1", Status.APPROVED)
    report_all(store, "c1", 201, 202)
    assert report(store, "c1", 203).is_held
    assert len(store.comments.get("demo", "c1").voices.reported.reports) == MOST_KEPT
    assert raw(store).hlen(DEMO.report_notes("c1")) == MOST_KEPT - 3


def test_notes_are_read_beside_their_reports(store: Store) -> None:
    publish(store, "c1")
    report(store, "c1", 1, ReportReason.OFF_TOPIC, "Lisez la fin.")
    report(store, "c1", 2)
    found = store.reports.of(store.comments.get("demo", "c1"))
    assert [(each.reason, each.note) for each in found] == [
        (ReportReason.OFF_TOPIC, "Lisez la fin."), (ReportReason.INSULT, ""),
    ]  # fmt: skip


def test_one_reader_cannot_report_without_end(store: Store) -> None:
    for number in range(10):
        publish(store, f"c{number}")
        report(store, f"c{number}", 1, limited="one")
    publish(store, "last")
    with pytest.raises(ReportsLimited):
        report(store, "last", 1, limited="one")
    assert store.comments.get("demo", "last").voices.reported.total == 0
    assert not report(store, "last", 2).is_known


def test_an_author_cannot_edit_a_comment_out_of_the_readers_hold(store: Store) -> None:
    publish(store, "c1")
    report_all(store, "c1", 1, 2, 3)
    with pytest.raises(EditClosed):
        store.comments.edit(store.comments.get("demo", "c1"), comment_of("c1", "Nice words"), 0)


def test_withdrawing_takes_the_reports_and_notes_along(store: Store) -> None:
    publish(store, "c1")
    report(store, "c1", 1, note="Rude.")
    store.comments.withdraw(store.comments.get("demo", "c1"), 0)
    assert reported(store) == []
    assert not raw(store).exists(DEMO.report_notes("c1"))


def test_a_reader_is_known_by_the_network_of_their_address(store: Store) -> None:
    reporter = store.reports.reporter
    assert reporter("2001:db8::1") == reporter("2001:db8:0:0:ffff::9")
    assert reporter("2001:db8::1") != reporter("2001:db8:0:1::1")
    assert reporter("::ffff:192.0.2.7") == reporter("192.0.2.7")
    assert reporter("192.0.2.7") != reporter("192.0.2.8")
    assert reporter("", "") == ""
    assert reporter("192.0.2.7", "reader-1") == reporter("", "reader-1")

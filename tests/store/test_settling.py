"""Giving comments their verdicts: at most once each, whatever runs twice or comes late."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from service.moderation.comment import Facts
from service.moderation.signal import Attribute, Evidence, Signal, Span
from service.moderation.verdict import Action, Status, Verdict
from service.store.comments import CommentUnknown, EditClosed
from service.store.decisions import Order, Outcome
from service.store.inbox import SETTLE_CHUNK, Settlement
from service.store.queue.queue import Filters, Sort
from service.store.store import Store
from tests.conftest import comment_of
from tests.store.shelf import DEMO, bring, decide, listed, now_ms, publish, raw, settle, settle_all


def set_aside(store: Store, comment_id: str) -> None:
    bring(store, comment_id)
    entries = store.inbox.take("demo", "w", 9)
    (pending,) = store.inbox.load("demo", entries, Facts())
    store.inbox.set_aside("demo", pending, 3, now_ms())


def test_a_verdict_is_kept_whole(store: Store) -> None:
    evidence = Evidence("link.many", {"count": 3}, (Span(0, 5), Span(1, 2, "author")))
    verdict = Verdict(
        Action.HOLD,
        "spam.hold",
        {Attribute.SPAM: 0.75},
        (Signal("spam.links", Attribute.SPAM, 0.75, 0.5, (evidence,)),),
        ("toxicity.linear",),
        Attribute.SPAM,
        0.6,
    )
    bring(store, "c1")
    entries = store.inbox.take("demo", "w", 9)
    (pending,) = store.inbox.load("demo", entries, Facts())
    assert store.inbox.settle("demo", [Settlement(pending, verdict)]) == 1
    record = store.comments.get("demo", "c1")
    assert (record.status, record.verdict) == (Status.HELD, verdict)
    assert store.decisions.unscreened_count("demo") == 1


@pytest.mark.parametrize("action", list(Action))
def test_a_settled_comment_stands_in_one_listing_and_leaves_the_inbox(
    store: Store, action: Action
) -> None:
    bring(store, "c1")
    settle_all(store, action)
    status = store.comments.get("demo", "c1").status
    assert status is Verdict(action, "test").status
    for each in Status:
        if each is not Status.RECEIVED:
            assert listed(store, each) == (["c1"] if each is status else [])
    assert store.inbox.depth("demo") == 0
    assert raw(store).xpending(DEMO.inbox, "moderate")["pending"] == 0


def test_two_workers_with_the_same_comment_settle_it_once(store: Store) -> None:
    bring(store, "c1")
    entries = store.inbox.take("demo", "w1", 9)
    assert settle(store, entries, Action.APPROVE) == 1
    assert settle(store, entries, Action.SPAM) == 0
    assert store.comments.get("demo", "c1").status is Status.APPROVED
    assert store.decisions.counts("demo")["settled"] == 1


def test_many_workers_at_once_settle_each_comment_once(store: Store) -> None:
    for number in range(200):
        bring(store, f"c{number}")
    entries = store.inbox.take("demo", "w1", 1000)
    with ThreadPoolExecutor(4) as pool:
        settled = list(pool.map(lambda _: settle(store, entries), range(4)))
    assert sum(settled) == 200
    counts = store.decisions.counts("demo")
    assert counts["settled"] == counts["status.approved"] == counts["accepted"] == 200


def test_a_verdict_on_words_since_changed_is_ignored(store: Store) -> None:
    bring(store, "c1", content="Old words")
    old = store.inbox.take("demo", "w", 9)
    store.comments.edit(store.comments.get("demo", "c1"), comment_of("c1", "New words"), 0)
    assert settle(store, old, Action.APPROVE) == 0
    assert store.comments.get("demo", "c1").status is Status.RECEIVED
    (fresh,) = store.inbox.take("demo", "w", 9)
    assert fresh.revision == 1
    assert settle(store, [fresh], Action.HOLD) == 1
    assert store.comments.get("demo", "c1").status is Status.HELD
    assert store.inbox.depth("demo") == 0


def test_a_run_longer_than_one_script_is_settled_whole(store: Store) -> None:
    count = SETTLE_CHUNK * 2 + 1
    for number in range(count):
        bring(store, f"c{number}")
    assert settle_all(store) == count


def test_an_entry_whose_comment_is_gone_is_dropped(store: Store) -> None:
    bring(store, "gone")
    bring(store, "here")
    raw(store).delete(DEMO.comment("gone"))
    assert settle_all(store) == 1
    assert store.inbox.depth("demo") == 0


def test_a_lost_group_is_made_again_and_nothing_is_missed(store: Store) -> None:
    bring(store, "c1")
    raw(store).xgroup_destroy(DEMO.inbox, "moderate")
    assert store.inbox.stale("demo", 0, 9) == []
    assert [e.comment_id for e in store.inbox.take("demo", "w", 9)] == ["c1"]


def test_the_inbox_tells_its_depth_and_the_age_of_its_oldest(store: Store) -> None:
    assert store.inbox.oldest_ms("demo") is None
    before = now_ms()
    bring(store, "c1")
    bring(store, "c2")
    oldest = store.inbox.oldest_ms("demo")
    assert oldest is not None
    assert before - 50 <= oldest <= now_ms() + 50
    assert store.inbox.depth("demo") == 2


def test_the_duplicate_window_keeps_the_newest_lines_only(store: Store) -> None:
    store.inbox._window = 3
    for number in range(5):
        bring(store, f"c{number}")
        line = bytes([number + 1]) * 48 + f"c{number}".encode()
        settle(store, store.inbox.take("demo", "w", 9), seen=line)
    recent = store.inbox.recent("demo")
    assert recent.ids == ("c2", "c3", "c4")
    assert recent.fingerprints[:, 0].tolist() == [3, 4, 5]


def test_a_decision_needs_a_settled_comment(store: Store) -> None:
    bring(store, "c1")
    assert decide(store, "c1", Status.APPROVED).outcome is Outcome.UNSETTLED
    assert decide(store, "nobody", Status.APPROVED).outcome is Outcome.UNKNOWN


def test_of_two_moderators_with_the_same_version_one_is_too_late(store: Store) -> None:
    version = publish(store, "c1").version
    assert decide(store, "c1", Status.SPAM, version).outcome is Outcome.DONE
    late = decide(store, "c1", Status.HELD, version)
    assert (late.outcome, late.version, late.source) == (Outcome.STALE, version + 1, "spam")
    assert store.comments.get("demo", "c1").status is Status.SPAM


def test_every_decision_is_audited_with_its_actor(store: Store) -> None:
    publish(store, "c1")
    decide(store, "c1", Status.SPAM)
    decide(store, "c1", Status.SPAM)
    trail = raw(store).xrange(DEMO.audit)
    assert len(trail) == 2
    assert all(b"account:mo" in fields[b"decision"] for _, fields in trail)
    decision = store.comments.get("demo", "c1").decision
    assert decision is not None
    assert (decision.actor, decision.reason, decision.target) == (
        "account:mo", "because", Status.SPAM,
    )  # fmt: skip


def test_a_long_list_of_decisions_is_carried_out_in_order(store: Store) -> None:
    for number in range(120):
        bring(store, f"c{number}")
    settle_all(store)
    orders = [Order(f"c{n}", Status.HELD) for n in range(120)] + [Order("nobody", Status.HELD)]
    results = store.decisions.decide("demo", orders, "key:1", "", now_ms())
    assert [r.comment_id for r in results] == [o.comment_id for o in orders]
    assert [r.outcome for r in results] == [Outcome.DONE] * 120 + [Outcome.UNKNOWN]
    page = store.queue.find("demo", Filters(), Sort.OLDEST, 50, "")
    assert (len(page.records), page.total) == (50, 120)


def test_a_decided_or_refused_comment_cannot_be_edited(store: Store) -> None:
    publish(store, "decided")
    decide(store, "decided", Status.APPROVED)
    bring(store, "refused")
    settle_all(store, Action.SPAM)
    for name in ("decided", "refused"):
        with pytest.raises(EditClosed):
            store.comments.edit(store.comments.get("demo", name), comment_of(name, "New"), 0)


def test_the_time_to_edit_and_withdraw_ends(store: Store) -> None:
    record = publish(store, "c1")
    with pytest.raises(EditClosed):
        store.comments.edit(record, comment_of("c1", "New"), record.received_at_ms + 1)
    with pytest.raises(EditClosed):
        store.comments.withdraw(record, record.received_at_ms + 1)
    store.comments.withdraw(record, record.received_at_ms)


def test_a_withdrawn_comment_keeps_neither_words_nor_person(store: Store) -> None:
    record = publish(store, "c1", content="Secret words", author="Claire", url="https://c.test")
    store.comments.withdraw(record, 0)
    kept = b" ".join(raw(store).hgetall(DEMO.comment("c1")).values())
    for secret in (b"Secret", b"Claire", b"c.test", record.sealed, record.author_key.encode()):
        assert secret not in kept
    after = store.comments.get("demo", "c1")
    assert after.is_withdrawn
    assert decide(store, "c1", Status.APPROVED).outcome is Outcome.WITHDRAWN
    assert store.comments.personal(after).email == ""


def test_a_comment_withdrawn_before_its_review_is_not_settled(store: Store) -> None:
    bring(store, "c1")
    store.comments.withdraw(store.comments.get("demo", "c1"), 0)
    assert settle_all(store) == 0
    assert store.comments.get("demo", "c1").status is Status.DELETED
    assert store.inbox.depth("demo") == 0


def test_a_comment_set_aside_is_held_listed_and_counted(store: Store) -> None:
    set_aside(store, "c1")
    assert store.comments.get("demo", "c1").status is Status.HELD
    (letter,) = store.decisions.dead_letters("demo", 9)
    assert (letter.comment_id, letter.attempts) == ("c1", 3)
    assert store.decisions.dead_letter_count("demo") == 1
    assert store.decisions.counts("demo")["settled"] == 1
    assert store.inbox.depth("demo") == 0


def test_setting_aside_twice_counts_once(store: Store) -> None:
    bring(store, "c1")
    entries = store.inbox.take("demo", "w", 9)
    (pending,) = store.inbox.load("demo", entries, Facts())
    for _ in range(2):
        store.inbox.set_aside("demo", pending, 3, now_ms())
    counts = store.decisions.counts("demo")
    assert counts["settled"] == counts["unscreened"] == counts["status.held"] == 1


def test_a_retried_dead_letter_is_reviewed_again(store: Store) -> None:
    set_aside(store, "c1")
    store.inbox.clear_bell("demo")
    assert store.comments.retry(store.comments.get("demo", "c1")) is True
    assert store.decisions.dead_letters("demo", 9) == []
    assert settle_all(store) == 1
    assert store.comments.get("demo", "c1").status is Status.APPROVED
    assert store.decisions.unscreened_count("demo") == 0


def test_only_a_dead_letter_can_be_retried(store: Store) -> None:
    with pytest.raises(CommentUnknown):
        store.comments.retry(publish(store, "c1"))


def test_a_moderators_decision_settles_a_dead_letter(store: Store) -> None:
    for status in (Status.SPAM, Status.HELD):
        set_aside(store, status)
        decide(store, status, status)
        assert store.decisions.dead_letters("demo", 9) == []
        with pytest.raises(CommentUnknown):
            store.comments.retry(store.comments.get("demo", status))
        assert store.comments.get("demo", status).status is status
    assert raw(store).hlen(DEMO.dead_reasons) == 0


def test_a_withdrawn_dead_letter_never_comes_back(store: Store) -> None:
    set_aside(store, "c1")
    record = store.comments.get("demo", "c1")
    store.comments.withdraw(record, 0)
    assert store.decisions.dead_letters("demo", 9) == []
    with pytest.raises(CommentUnknown):
        store.comments.retry(record)
    assert store.comments.get("demo", "c1").status is Status.DELETED

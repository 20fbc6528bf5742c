"""Erasing a comment: nothing personal stays anywhere, and the thread keeps its shape."""

from __future__ import annotations

from typing import Any

import pytest

from service.moderation.batch import Batch
from service.moderation.comment import Case
from service.moderation.learning.lesson import Lesson
from service.moderation.verdict import Action, Status
from service.store.audit import AuditFilters
from service.store.comments import CommentUnknown
from service.store.keys import page_key
from service.store.paging import Order
from service.store.reported import ReportReason
from service.store.reports import Reporting
from service.store.store import Store
from service.store.window import window_lines
from tests.conftest import comment_of
from tests.store.shelf import (
    DEMO,
    PAGE,
    bring,
    decide,
    listed,
    now_ms,
    outline,
    publish,
    raw,
    settle,
    settle_all,
)
from workers.learn import Pupil

SECRET = "Une phrase que personne d'autre n'a jamais écrite sur les vantelles de Saint-Aubin."
NAME = "Apolline"


def erase(store: Store, comment_id: str) -> None:
    store.comments.erase(store.comments.get("demo", comment_id), "author")


def everything(store: Store) -> bytes:
    """Return all that the store keeps, but for the keys' names."""
    found: list[Any] = []
    for key in raw(store).scan_iter("*"):
        kind = raw(store).type(key)
        read = {
            b"hash": raw(store).hgetall,
            b"string": raw(store).get,
            b"set": raw(store).smembers,
            b"zset": lambda name: raw(store).zrange(name, 0, -1),
            b"list": lambda name: raw(store).lrange(name, 0, -1),
            b"stream": raw(store).xrange,
        }[kind]
        found.append(read(key))
    return repr(found).encode()


def decide_and_note(store: Store, comment_id: str) -> None:
    """Have a moderator write a note, and other words in the place of the author's."""
    store.notes.add("demo", comment_id, "account:mo", "Je l'ai reconnue.", now_ms())
    words = f"{SECRET} (voisine)"
    result = store.decisions.edit_and_approve(
        "demo", comment_id, words, None, "account:mo", "Apolline est ma voisine.", now_ms()
    )
    assert result.outcome == "done"


def test_no_word_name_trace_or_note_is_left_anywhere(store: Store) -> None:
    bring(store, "c1", content=SECRET, author=NAME, author_key="", url="http://apolline.test/",
          user_agent="Agent/9", referrer="http://from.test/")  # fmt: skip
    settle_all(store)
    reporting = Reporting("0" * 24, "0" * 24, ReportReason.PRIVATE, "Apolline habite ici.")
    store.reports.add("demo", "c1", reporting, 0, now_ms())
    decide_and_note(store, "c1")
    record = store.comments.get("demo", "c1")
    hashes = raw(store).hmget(DEMO.comment("c1"), "email_hash", "ip_hash")
    assert all(hashes)
    assert b"vantelles" in everything(store)
    store.comments.erase(record, "author")
    left = everything(store)
    words = (b"vantelles", b"reconnue", b"voisine", b"pollin", b"habite", b"Agent/9", b"from.test")
    for trace in (*words, record.sealed, *hashes):
        assert trace not in left
    erased = store.comments.get("demo", "c1")
    assert (erased.status, erased.is_erased, erased.is_withdrawn) == (Status.DELETED, True, True)
    assert (erased.sealed, erased.author_key, erased.verdict, erased.decision) == (
        b"", "", None, None,
    )  # fmt: skip


def test_the_audit_log_keeps_a_decision_and_loses_what_was_written_of_it(store: Store) -> None:
    bring(store, "c1")
    settle_all(store)
    decide_and_note(store, "c1")
    (before,) = store.audit.find("demo", AuditFilters(kind="decision"), 10).entries
    assert before.details["reason"] == "Apolline est ma voisine."
    assert [*store.audit.every("demo", AuditFilters(kind="decision"), 10)] == [before]
    erase(store, "c1")
    (after,) = store.audit.find("demo", AuditFilters(kind="decision"), 10).entries
    assert (after.id, after.actor, after.comment_id) == (before.id, "account:mo", "c1")
    kept = {name: value for name, value in before.details.items() if name != "reason"}
    assert after.details == {**kept, "reason_erased": True}


def test_the_thread_keeps_its_shape_and_its_page_its_count(store: Store) -> None:
    publish(store, "a", submitted_at=1.0)
    publish(store, "b", parent="a", submitted_at=2.0)
    erase(store, "a")
    shown = store.threads.read("demo", PAGE, Order.OLDEST, 10, "").nodes
    assert outline(shown) == ["-a", ["b"]]
    assert store.threads.state("demo", PAGE).count == 1
    assert raw(store).hget(DEMO.page(page_key(PAGE)), "count") == b"1"


@pytest.mark.parametrize("action", list(Action))
def test_a_comment_of_any_status_can_be_erased_once(store: Store, action: Action) -> None:
    bring(store, "c1")
    settle_all(store, action)
    erase(store, "c1")
    erase(store, "c1")
    assert listed(store, Status.DELETED) == ["c1"]
    assert store.decisions.counts("demo")["erased"] == 1
    ((_, entry),) = raw(store).xrange(DEMO.audit)
    assert entry == {b"kind": b"erased", b"comment": b"c1", b"actor": b"author"}


def test_a_withdrawn_comment_can_be_erased_too(store: Store) -> None:
    publish(store, "c1")
    store.comments.withdraw(store.comments.get("demo", "c1"), 0)
    erase(store, "c1")
    assert store.comments.get("demo", "c1").is_erased
    assert listed(store, Status.DELETED) == ["c1"]


def test_no_verdict_or_decision_reaches_an_erased_comment(store: Store) -> None:
    bring(store, "c1")
    entries = store.inbox.take("demo", "w", 1)
    erase(store, "c1")
    assert settle(store, entries) == 0
    assert store.inbox.depth("demo") == 0
    assert decide(store, "c1", Status.APPROVED).outcome == "withdrawn"


def test_a_comment_that_is_gone_cannot_be_erased(store: Store) -> None:
    record = publish(store, "c1")
    raw(store).delete(DEMO.comment("c1"))
    with pytest.raises(CommentUnknown):
        store.comments.erase(record, "author")


def test_its_line_goes_from_the_duplicate_window(store: Store) -> None:
    for name in ("c1", "c2"):
        bring(store, name, content=SECRET)
        (line,) = window_lines(Batch([Case(comment_of(name, SECRET))]))
        settle(store, store.inbox.take("demo", "w", 1), seen=line)
    erase(store, "c1")
    assert store.inbox.recent("demo").ids == ("c2",)


@pytest.mark.parametrize("is_learned", [False, True])
def test_what_was_learned_from_it_is_forgotten(store: Store, is_learned: bool) -> None:
    store.learned.is_shared = True
    pupil = Pupil(store.learned, store.comments)
    for name in ("c1", "c2"):
        publish(store, name, content=SECRET)
        decide(store, name, Status.SPAM)
    if is_learned:
        pupil.study("demo")
        assert set(store.learned.lessons("demo")) == {"c1", "c2"}
    erase(store, "c1")
    assert store.learned.is_due("demo", 0.0)
    pupil.study("demo")
    lessons: dict[str, Lesson] = store.learned.lessons("demo")
    assert set(lessons) == {"c2"}
    assert set(store.learned.lessons("*")) == {"demo:c2"}

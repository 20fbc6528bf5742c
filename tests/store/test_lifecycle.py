"""Every index and counter against a plain model, after any sequence of what may happen."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from service.moderation.comment import Facts
from service.moderation.signal import Attribute
from service.moderation.verdict import STATUS_AFTER, Action, Status, Verdict
from service.store.comments import CommentUnknown, EditClosed, ParentUnknown
from service.store.decisions import Order as Decide
from service.store.decisions import Outcome
from service.store.inbox import Entry, Settlement
from service.store.paging import Order
from service.store.reported import Judgement, ReportReason
from service.store.reports import Reporting
from service.store.sites import Site
from service.store.store import Store
from tests.conftest import comment_of
from tests.store.index_checker import assert_indexed
from tests.store.shelf import DEMO, PAGE, bring, now_ms, outline, raw

SETTLED = tuple(status for status in Status if status is not Status.RECEIVED)
REFUSED = (Status.REJECTED, Status.SPAM)
AUTHORS = ("claire", "denis", "")
READERS = range(1, 6)
HOLD_AT = 2.0
JUDGED = {Status.APPROVED: "n", Status.HELD: "-"}
"""What a decision makes of a comment's reports; any other agrees with them."""


@dataclass
class Kept:
    """What the model knows of one comment."""

    parent: str
    at: int
    author: str
    status: Status = Status.RECEIVED
    revision: int = 0
    version: int = 1
    is_withdrawn: bool = False
    is_unscreened: bool = False
    is_dead: bool = False
    words: str = "Merci pour cet article."
    decided: Status | None = None
    past: list[tuple[Status, Status | None, bool, bool, str]] = field(default_factory=list)
    is_erased: bool = False
    is_held_by_readers: bool = False
    reports: dict[int, str] = field(default_factory=dict)

    @property
    def has_open_reports(self) -> bool:
        return Judgement.OPEN in self.reports.values()

    @property
    def is_decided(self) -> bool:
        return self.decided is not None

    def decide(self, status: Status, words: str = "") -> None:
        before = (self.status, self.decided, self.is_unscreened, self.is_dead, self.words)
        self.past.append(before)
        del self.past[:-20]
        self.move(status)
        self.decided = status
        self.judge_reports(status)
        self.words = words or self.words

    def undo(self) -> None:
        status, self.decided, unscreened, dead, self.words = self.past.pop()
        self.move(status)
        self.is_unscreened, self.is_dead = unscreened, dead
        self.judge_reports(status if self.decided is status else Status.HELD)

    def judge_reports(self, status: Status) -> None:
        self.reports = dict.fromkeys(self.reports, JUDGED.get(status, "y"))

    def move(self, status: Status) -> None:
        self.status = status
        self.version += 1
        self.is_unscreened = self.is_dead = False


@dataclass
class Model:
    """The whole site, kept the simplest way."""

    comments: dict[str, Kept] = field(default_factory=dict)
    waiting: list[tuple[str, int]] = field(default_factory=list)
    taken: list[Entry] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)

    def ids(self, status: Status) -> set[str]:
        return {name for name, kept in self.comments.items() if kept.status is status}

    def thread(self, parent: str = "") -> list[object]:
        below = [(kept.at, name) for name, kept in self.comments.items() if kept.parent == parent]
        shown: list[object] = []
        for _, name in sorted(below):
            replies = self.thread(name)
            is_approved = self.comments[name].status is Status.APPROVED
            if is_approved or replies:
                shown.append(name if is_approved else f"-{name}")
                shown += [replies] if replies else []
        return shown

    def counters(self) -> dict[str, int]:
        here = {f"status.{status}": len(self.ids(status)) for status in SETTLED}
        return {name: n for name, n in {**here, **self.done}.items() if n}


class Lifecycle(RuleBasedStateMachine):
    """Do anything to a store and to the model, and compare them after each step."""

    def __init__(self, store: Store) -> None:
        super().__init__()
        self.store = store
        self.redis: Any = raw(store)
        self.redis.flushdb()
        store.sites.create(Site("demo"))
        self.model = Model()
        self.last: tuple[list[object], int] = ([], 0)
        self.moments = itertools.count(1)

    def some(self, data: st.DataObject) -> str:
        return data.draw(st.sampled_from(sorted(self.model.comments)), "comment")

    @initialize(depth=st.integers(0, 3))
    def begin_with_a_thread(self, depth: int) -> None:
        for _ in range(depth):
            parent = max(self.model.comments, default="")
            self._answer(parent, 2, "claire")
            self._settle([self.model.taken[-1]], Action.APPROVE, False)

    @rule(data=st.data(), at=st.integers(1, 3), author=st.sampled_from(AUTHORS))
    def accept(self, data: st.DataObject, at: int, author: str) -> None:
        name = f"c{len(self.model.comments):02}"
        parent = data.draw(st.sampled_from(["", "", *sorted(self.model.comments)]), "parent")
        more = {"parent": parent, "author_key": author, "submitted_at": float(at)}
        if parent and self.model.comments[parent].status is not Status.APPROVED:
            with pytest.raises(ParentUnknown):
                bring(self.store, name, **more)
            return
        bring(self.store, name, **more)
        self.model.comments[name] = Kept(parent, at, author)
        self.model.waiting.append((name, 0))
        self.model.done["accepted"] += 1

    @precondition(lambda self: self.model.ids(Status.APPROVED))
    @rule(data=st.data(), at=st.integers(1, 3), author=st.sampled_from(AUTHORS))
    def answer(self, data: st.DataObject, at: int, author: str) -> None:
        """Bring a reply that a worker takes, so that threads grow deep."""
        parents = st.sampled_from(sorted(self.model.ids(Status.APPROVED)))
        self._answer(data.draw(parents, "parent"), at, author)
        if data.draw(st.booleans(), "is approved at once"):
            self._settle([self.model.taken[-1]], Action.APPROVE, False)

    @precondition(lambda self: self.model.comments)
    @rule(data=st.data())
    def accept_again(self, data: st.DataObject) -> None:
        assert bring(self.store, self.some(data)).is_replay
        self.model.done["replayed"] += 1

    @precondition(lambda self: self.model.waiting)
    @rule(count=st.integers(1, 4))
    def take(self, count: int) -> None:
        entries = self.store.inbox.take("demo", "w", count)
        expected, self.model.waiting = self.model.waiting[:count], self.model.waiting[count:]
        assert [(e.comment_id, e.revision) for e in entries] == expected
        self.model.taken += entries

    @precondition(lambda self: self.model.taken)
    @rule(
        data=st.data(),
        action=st.sampled_from([Action.APPROVE, Action.APPROVE, *Action]),
        unscreened=st.booleans(),
    )
    def settle(self, data: st.DataObject, action: Action, unscreened: bool) -> None:
        """Settle some entries; ones settled before may be among them."""
        chosen = st.lists(st.sampled_from(self.model.taken), min_size=1, max_size=4, unique=True)
        self._settle(data.draw(chosen, "entries"), action, unscreened)

    def _answer(self, parent: str, at: int, author: str) -> None:
        name = f"c{len(self.model.comments):02}"
        bring(self.store, name, parent=parent, author_key=author, submitted_at=float(at))
        self.model.comments[name] = Kept(parent, at, author)
        self.model.waiting.append((name, 0))
        self.model.done["accepted"] += 1
        self.take(len(self.model.waiting))

    def _settle(self, entries: list[Entry], action: Action, unscreened: bool) -> None:
        verdict = Verdict(
            action, "test", {Attribute.SPAM: len(entries) / 4, Attribute.THREAT: unscreened},
            unscreened=("some.check",) if unscreened else (), lang=("fr", "pl")[unscreened],
        )  # fmt: skip
        pending = self.store.inbox.load("demo", entries, Facts())
        settled = self.store.inbox.settle("demo", [Settlement(p, verdict) for p in pending])
        assert settled == sum(
            self._settled(entry, STATUS_AFTER[action], unscreened) for entry in entries
        )

    @precondition(lambda self: self.model.taken)
    @rule(data=st.data())
    def set_aside(self, data: st.DataObject) -> None:
        entry = data.draw(st.sampled_from(self.model.taken), "entry")
        (pending,) = self.store.inbox.load("demo", [entry], Facts())
        self.store.inbox.set_aside("demo", pending, 3, now_ms())
        if self._settled(entry, Status.HELD, True):
            self.model.comments[entry.comment_id].is_dead = True

    @precondition(lambda self: self.model.comments)
    @rule(data=st.data(), status=st.sampled_from(SETTLED), lag=st.sampled_from([None, None, 0, 1]))
    def decide(self, data: st.DataObject, status: Status, lag: int | None) -> None:
        name = self.some(data)
        kept = self.model.comments[name]
        version = None if lag is None else kept.version - lag
        orders = [Decide(name, status, version)]
        (result,) = self.store.decisions.decide(
            "demo", orders, "account:mo", "because", next(self.moments)
        )
        outcome = result.outcome
        if lag:
            assert outcome is Outcome.STALE
        elif kept.status is Status.RECEIVED:
            assert outcome is Outcome.UNSETTLED
        elif kept.is_withdrawn:
            assert outcome is Outcome.WITHDRAWN
        else:
            assert outcome is Outcome.DONE
            kept.decide(status)
            self.model.done["decisions"] += 1

    @precondition(lambda self: self.model.comments)
    @rule(data=st.data(), words=st.sampled_from(["Softer words", "Tout autre chose"]))
    def edit_and_approve(self, data: st.DataObject, words: str) -> None:
        name = self.some(data)
        kept = self.model.comments[name]
        outcome = self.store.decisions.edit_and_approve(
            "demo", name, words, None, "account:zoe", "", next(self.moments)
        ).outcome
        assert (outcome is Outcome.DONE) == (
            kept.status is not Status.RECEIVED and not kept.is_withdrawn
        )
        if outcome is Outcome.DONE:
            kept.decide(Status.APPROVED, words)
            self.model.done["decisions"] += 1

    @precondition(lambda self: self.model.comments)
    @rule(data=st.data(), lag=st.sampled_from([None, None, 0, 1]))
    def undo(self, data: st.DataObject, lag: int | None) -> None:
        decided = sorted(name for name, kept in self.model.comments.items() if kept.past)
        name = data.draw(st.sampled_from(decided), "decided") if decided else self.some(data)
        kept = self.model.comments[name]
        version = None if lag is None else kept.version - lag
        outcome = self.store.decisions.undo("demo", name, "account:zoe", 0, version).outcome
        if lag:
            assert outcome is Outcome.STALE
        elif kept.is_withdrawn:
            assert outcome is Outcome.WITHDRAWN
        elif kept.status is Status.RECEIVED:
            assert outcome is Outcome.UNSETTLED
        elif kept.decided not in (None, kept.status):
            assert outcome is Outcome.STALE
        elif not kept.past:
            assert outcome is Outcome.NOTHING
        else:
            assert outcome is Outcome.DONE
            kept.undo()
            self.model.done["decisions"] -= 1
            self.model.done["undone"] += 1

    @precondition(lambda self: self.model.comments)
    @rule(data=st.data())
    def edit(self, data: st.DataObject) -> None:
        name = self.some(data)
        kept = self.model.comments[name]
        record = self.store.comments.get("demo", name)
        is_closed = kept.is_decided or kept.is_held_by_readers
        if is_closed or kept.status in (*REFUSED, Status.DELETED):
            with pytest.raises(EditClosed):
                self.store.comments.edit(record, comment_of(name, "New words"), 0)
            return
        self.store.comments.edit(record, comment_of(name, "New words"), 0)
        kept.words = "New words"
        self._back_to_inbox(name)

    @precondition(lambda self: self.model.comments)
    @rule(data=st.data())
    def withdraw(self, data: st.DataObject) -> None:
        name = self.some(data)
        kept = self.model.comments[name]
        self.store.comments.withdraw(self.store.comments.get("demo", name), 0)
        if not kept.is_withdrawn:
            kept.past.clear()
            kept.words = ""
            kept.move(Status.DELETED)
            kept.is_withdrawn = True
            kept.reports = {}
            self.model.done["withdrawn"] += 1

    @precondition(lambda self: self.model.comments)
    @rule(data=st.data())
    def erase(self, data: st.DataObject) -> None:
        name = self.some(data)
        kept = self.model.comments[name]
        self.store.comments.erase(self.store.comments.get("demo", name), "author")
        if not kept.is_erased:
            kept.move(Status.DELETED)
            kept.is_withdrawn = kept.is_erased = True
            kept.decided = None
            kept.reports = {}
            kept.past.clear()
            kept.words = ""
            self.model.done["erased"] += 1

    @precondition(lambda self: self.model.comments)
    @rule(data=st.data())
    def retry(self, data: st.DataObject) -> None:
        dead = sorted(name for name, kept in self.model.comments.items() if kept.is_dead)
        name = data.draw(st.sampled_from(dead), "dead") if dead else self.some(data)
        record = self.store.comments.get("demo", name)
        if not dead:
            with pytest.raises(CommentUnknown):
                self.store.comments.retry(record)
            return
        self.store.comments.retry(record)
        self._back_to_inbox(name)

    @precondition(lambda self: self.model.comments)
    @rule(data=st.data())
    def recall(self, data: st.DataObject) -> None:
        """Take a comment back as part of a campaign, which a moderator's word prevents."""
        name = self.some(data)
        kept = self.model.comments[name]
        self.redis.hset(DEMO.recalls, name, 5)
        is_recalled = kept.status is Status.APPROVED and not kept.is_decided
        assert self.store.inbox.recalls.carry_out("demo") == is_recalled
        if is_recalled:
            kept.move(Status.HELD)
            self.model.done["recalled"] += 1

    @precondition(lambda self: self.model.ids(Status.APPROVED))
    @rule(data=st.data(), reader=st.sampled_from(READERS))
    def report(self, data: st.DataObject, reader: int) -> None:
        """Have a reader report a comment that anybody can read."""
        name = data.draw(st.sampled_from(sorted(self.model.ids(Status.APPROVED))), "comment")
        kept = self.model.comments[name]
        weight = sum(self._weights(name))
        who = f"{reader:024x}"
        reporting = Reporting(who, f"{who}{name}", ReportReason.SPAM)
        found = self.store.reports.add("demo", name, reporting, HOLD_AT, now_ms())
        assert found.is_known == (reader in kept.reports)
        if found.is_known:
            return
        kept.reports[reader] = "-"
        self.model.done["reports"] += 1
        assert found.is_held == (weight + self._weights(name)[-1] >= HOLD_AT)
        if found.is_held:
            kept.move(Status.HELD)
            kept.is_held_by_readers = True
            self.model.done["held_by_reports"] += 1

    def _weights(self, name: str) -> list[float]:
        reports = self.store.comments.get("demo", name).voices.reported.open
        return [each.weight for each in reports]

    @invariant()
    def every_report_is_judged_as_its_comment_was(self) -> None:
        records = self.store.comments.get_many("demo", sorted(self.model.comments))
        for record in records:
            found = record.voices.reported.reports
            expected = self.model.comments[record.comment.id].reports
            assert {int(each.reporter, 16): each.judgement for each in found} == expected
        kept = self.model.comments.items()
        owed = {name for name, k in kept if k.status is Status.HELD and k.has_open_reports}
        assert self._members(DEMO.reported) == owed

    @invariant()
    def every_comment_has_the_status_and_version_expected(self) -> None:
        records = self.store.comments.get_many("demo", sorted(self.model.comments))
        for record in records:
            kept = self.model.comments[record.comment.id]
            assert (record.status, record.version, record.revision, record.is_withdrawn) == (
                kept.status, kept.version, kept.revision, kept.is_withdrawn,
            )  # fmt: skip
            assert (record.decision is not None) == kept.is_decided
            assert record.comment.content == kept.words
        assert len(records) == len(self.model.comments)

    @invariant()
    def every_listing_holds_its_comments_and_no_other(self) -> None:
        for status in SETTLED:
            assert self._members(DEMO.status(status)) == self.model.ids(status)
        kept = self.model.comments.items()
        assert self._members(DEMO.unscreened) == {name for name, k in kept if k.is_unscreened}
        assert self._members(DEMO.dead) == {name for name, k in kept if k.is_dead}
        reasons = {name.decode() for name in self.redis.hkeys(DEMO.dead_reasons)}
        assert reasons == self._members(DEMO.dead)

    @invariant()
    def every_counter_equals_the_comments(self) -> None:
        counts = self.store.decisions.counts("demo")
        assert {name: n for name, n in counts.items() if n} == self.model.counters()
        assert all(n >= 0 for n in counts.values())
        for author in filter(None, AUTHORS):
            statuses = [k.status for k in self.model.comments.values() if k.author == author]
            expected = [statuses.count(Status.APPROVED), sum(s in REFUSED for s in statuses)]
            found = self.redis.hmget(DEMO.author(author), "approved", "refused")
            assert [int(n or 0) for n in found] == expected

    @invariant()
    def the_page_shows_the_approved_and_their_tombstones(self) -> None:
        found = self.store.threads.read("demo", PAGE, Order.OLDEST, 1000, "")
        state = self.store.threads.state("demo", PAGE)
        shown = outline(found.nodes)
        assert shown == self.model.thread()
        assert state.count == len(self.model.ids(Status.APPROVED))
        before, version = self.last
        assert shown == before or state.version != version
        self.last = (shown, state.version)

    @invariant()
    def replies_are_counted_where_they_are_visible(self) -> None:
        for record in self.store.comments.get_many("demo", sorted(self.model.comments)):
            below = [k for k in self.model.comments.values() if k.parent == record.comment.id]
            assert record.replies == sum(k.status is Status.APPROVED for k in below)

    @invariant()
    def the_inbox_holds_whatever_is_not_settled(self) -> None:
        inbox = {fields[b"id"].decode() for _, fields in self.redis.xrange(DEMO.inbox)}
        assert inbox >= self.model.ids(Status.RECEIVED)

    @invariant()
    def every_index_of_the_queue_equals_what_the_comments_say(self) -> None:
        assert_indexed(self.store, "demo", self.model.comments)

    def _members(self, key: str) -> set[str]:
        return {member.decode() for member in self.redis.zrange(key, 0, -1)}

    def _settled(self, entry: Entry, status: Status, unscreened: bool) -> bool:
        kept = self.model.comments[entry.comment_id]
        if kept.status is not Status.RECEIVED or kept.revision != entry.revision:
            return False
        kept.move(status)
        kept.is_unscreened = unscreened
        self.model.done["settled"] += 1
        self.model.done["unscreened"] += unscreened
        return True

    def _back_to_inbox(self, name: str) -> None:
        kept = self.model.comments[name]
        kept.move(Status.RECEIVED)
        kept.revision += 1
        self.model.waiting.append((name, kept.revision))


def test_indexes_and_counters_agree_with_the_comments_whatever_happens(store: Store) -> None:
    run_state_machine_as_test(
        lambda: Lifecycle(store),  # type: ignore[arg-type]
        settings=settings(
            max_examples=60,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )

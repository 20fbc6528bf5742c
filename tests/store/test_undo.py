"""Taking decisions back: everything is as it was, as often as decisions are remembered."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import orjson
import pytest

from service.moderation.comment import Facts
from service.moderation.verdict import Action, Status, Verdict
from service.store.decisions import Order, Outcome, Result
from service.store.facets import DTYPE
from service.store.inbox import Settlement
from service.store.store import Store
from tests.conftest import comment_of
from tests.store.shelf import DEMO, bring, publish, raw, settle_all

MO, ZOE = "account:mo", "account:zoe"
MOVES = [Status.APPROVED, Status.HELD, Status.REJECTED, Status.SPAM, Status.DELETED]
ACTIONS = {Action.APPROVE: "approved", Action.HOLD: "held", Action.SPAM: "spam"}
GOES_ON = (b":audit", b":reasons", b":live", b":trail", b":past", b":learn:waiting")
"""Keys that tell what happened, and so do not go back."""


_moments = itertools.count(1_790_000_000_000)


def decide(store: Store, name: str, target: Status, version: int | None = None) -> Result:
    orders = [Order(name, target, version)]
    return store.decisions.decide("demo", orders, MO, "because", next(_moments))[0]


def undo(store: Store, comment_id: str = "c1", version: int | None = None) -> Result:
    return store.decisions.undo("demo", comment_id, ZOE, next(_moments), version)


def kept(store: Store) -> dict[bytes, Any]:
    """Return all that the site keeps, without versions and what tells the story."""
    client, found = raw(store), {}
    for key in client.keys("*"):
        if key.endswith(GOES_ON):
            continue
        kind = client.type(key)
        if kind == b"hash":
            hash_ = client.hgetall(key)
            for name in (b"version", b"undone", b"decisions"):
                hash_.pop(name, None)
            if key.endswith(b":facets"):
                hash_ = {name: without_reach(value) for name, value in hash_.items()}
            found[key] = {name: value for name, value in hash_.items() if value != b"0"}
        elif kind == b"zset":
            found[key] = client.zrange(key, 0, -1, withscores=True)
        elif kind == b"set":
            found[key] = client.smembers(key)
        elif kind == b"list":
            found[key] = client.lrange(key, 0, -1)
    return found


def without_reach(packed: bytes) -> bytes:
    """Return facets without what is looked up each time a comment comes into the queue."""
    table = np.frombuffer(packed, DTYPE).copy()
    table["reach"] = 0
    return table.tobytes()


def set_aside(store: Store, comment_id: str) -> None:
    bring(store, comment_id)
    (entry,) = store.inbox.take("demo", "w", 9)
    (pending,) = store.inbox.load("demo", [entry], Facts())
    store.inbox.set_aside("demo", pending, 3, 1_700_000_000_000)


@pytest.mark.parametrize(("action", "target"), list(itertools.product(ACTIONS, MOVES)))
def test_everything_is_as_before_the_decision(store: Store, action: Action, target: Status) -> None:
    publish(store, "parent", submitted_at=1.0)
    bring(store, "c1", parent="parent", submitted_at=2.0)
    settle_all(store, action)
    before = kept(store)
    decided = decide(store, "c1", target)
    assert decided.status == target
    undone = undo(store)
    assert undone.outcome is Outcome.DONE
    assert (undone.source, undone.status) == (target, ACTIONS[action])
    assert undone.version == decided.version + 1
    assert kept(store) == before
    assert store.comments.get("demo", "c1").decision is None


def test_a_tombstone_with_replies_below_comes_back_to_its_place(store: Store) -> None:
    publish(store, "c1", submitted_at=1.0)
    publish(store, "below", parent="c1", submitted_at=2.0)
    before = kept(store)
    decide(store, "c1", Status.DELETED)
    undo(store)
    assert kept(store) == before


def test_a_page_read_after_a_decision_is_never_older(store: Store) -> None:
    publish(store, "c1")
    for _ in range(150):
        before = store.threads.state("demo", "http://site.test/a")
        decide(store, "c1", Status.SPAM)
        after = store.threads.state("demo", "http://site.test/a")
        assert (before.count, after.count) == (1, 0)
        undo(store)


def test_a_page_s_version_changes_with_each_so_that_no_etag_is_used_again(store: Store) -> None:
    publish(store, "c1")
    seen = [store.threads.state("demo", "http://site.test/a").version]
    decide(store, "c1", Status.SPAM)
    seen.append(store.threads.state("demo", "http://site.test/a").version)
    undo(store)
    seen.append(store.threads.state("demo", "http://site.test/a").version)
    assert len(set(seen)) == 3


def test_the_decision_before_is_in_force_again_and_undone_next(store: Store) -> None:
    bring(store, "c1")
    settle_all(store, Action.HOLD)
    for target in (Status.REJECTED, Status.APPROVED, Status.APPROVED, Status.SPAM):
        decide(store, "c1", target)
    seen = []
    for _ in range(4):
        assert undo(store).outcome is Outcome.DONE
        record = store.comments.get("demo", "c1")
        seen.append((record.status, record.decision.target if record.decision else None))
    assert seen == [
        (Status.APPROVED, Status.APPROVED),
        (Status.APPROVED, Status.APPROVED),
        (Status.REJECTED, Status.REJECTED),
        (Status.HELD, None),
    ]
    assert undo(store).outcome is Outcome.NOTHING


def test_twenty_decisions_are_remembered(store: Store) -> None:
    publish(store, "c1")
    for number in range(25):
        decide(store, "c1", (Status.HELD, Status.APPROVED)[number % 2])
    outcomes = [undo(store).outcome for _ in range(21)]
    assert outcomes == [Outcome.DONE] * 20 + [Outcome.NOTHING]
    assert raw(store).llen(DEMO.past("c1")) == 0


def test_a_decision_overtaken_by_another_is_not_undone(store: Store) -> None:
    bring(store, "c1")
    settle_all(store, Action.HOLD)
    mine = decide(store, "c1", Status.REJECTED)
    decide(store, "c1", Status.APPROVED)
    assert undo(store, version=mine.version).outcome is Outcome.STALE
    assert store.comments.status("demo", "c1") == "approved"


def test_undoing_twice_by_the_version_seen_undoes_once(store: Store) -> None:
    publish(store, "c1")
    decide(store, "c1", Status.SPAM)
    last = decide(store, "c1", Status.REJECTED)
    outcomes = [undo(store, version=last.version).outcome for _ in range(2)]
    assert outcomes == [Outcome.DONE, Outcome.STALE]
    assert store.comments.status("demo", "c1") == "spam"


def test_a_decision_sent_again_by_a_client_counts_once(store: Store) -> None:
    publish(store, "c1")
    version = store.comments.get("demo", "c1").version
    orders, at = [Order("c1", Status.SPAM, version)], next(_moments)
    results = [store.decisions.decide("demo", orders, MO, "", at)[0] for _ in range(2)]
    assert [result.outcome for result in results] == [Outcome.DONE, Outcome.DONE]
    assert [result.version for result in results] == [version + 1, version + 1]
    assert store.decisions.counts("demo")["decisions"] == 1
    undo(store)
    assert store.comments.status("demo", "c1") == "approved"


@pytest.mark.parametrize("target", MOVES)
def test_what_readers_reported_is_so_again(store: Store, target: Status) -> None:
    bring(store, "c1")
    settle_all(store, Action.HOLD)
    raw(store).zadd(DEMO.reported, {"c1": 5})
    before = kept(store)
    decide(store, "c1", target)
    undo(store)
    assert kept(store) == before


@pytest.mark.parametrize("target", MOVES)
def test_what_was_unscreened_is_so_again(store: Store, target: Status) -> None:
    bring(store, "c1")
    (entry,) = store.inbox.take("demo", "w", 9)
    (pending,) = store.inbox.load("demo", [entry], Facts())
    verdict = Verdict(Action.HOLD, "unscreened", unscreened=("spam.links",))
    store.inbox.settle("demo", [Settlement(pending, verdict)])
    before = kept(store)
    decide(store, "c1", target)
    assert store.decisions.unscreened_count("demo") == 0
    undo(store)
    assert store.decisions.unscreened_count("demo") == 1
    assert kept(store) == before


def test_a_dead_letter_is_an_operator_s_work_again(store: Store) -> None:
    set_aside(store, "c1")
    before = store.decisions.dead_letters("demo", 9)
    decide(store, "c1", Status.APPROVED)
    assert store.decisions.dead_letters("demo", 9) == []
    undo(store)
    assert store.decisions.dead_letters("demo", 9) == before


def test_it_is_audited_with_who_undid_what(store: Store) -> None:
    publish(store, "c1")
    decide(store, "c1", Status.SPAM)
    undo(store)
    _, fields = raw(store).xrevrange(DEMO.audit, count=1)[0]
    assert (fields[b"kind"], fields[b"comment"]) == (b"undo", b"c1")
    assert orjson.loads(fields[b"detail"]) == {
        "actor": ZOE, "decided_by": MO, "from": "spam", "to": "approved",
    }  # fmt: skip


@pytest.mark.parametrize("target", MOVES)
def test_open_pages_are_told_once(store: Store, target: Status) -> None:
    publish(store, "c1")
    decide(store, "c1", target)
    place = store.live.since("demo", "", 9).last
    undone = undo(store)
    (event,) = store.live.since("demo", place, 9).events
    assert (event.comment_id, event.what, event.version) == ("c1", "approved", undone.version)


def test_nothing_is_undone_of_a_comment_withdrawn_or_unknown(store: Store) -> None:
    publish(store, "c1")
    decide(store, "c1", Status.APPROVED)
    store.comments.withdraw(store.comments.get("demo", "c1"), 0)
    assert undo(store).outcome is Outcome.WITHDRAWN
    assert raw(store).exists(DEMO.past("c1")) == 0
    assert undo(store, "c2").outcome is Outcome.UNKNOWN


def test_a_comment_never_decided_on_has_nothing_to_undo(store: Store) -> None:
    bring(store, "c1")
    assert undo(store).outcome is Outcome.UNSETTLED
    settle_all(store)
    assert undo(store).outcome is Outcome.NOTHING


def edited(store: Store, content: str, version: int | None = None) -> Result:
    return store.decisions.edit_and_approve(
        "demo", "c1", content, version, MO, "manners", next(_moments)
    )


def test_edit_and_approve_shows_the_new_words_and_keeps_the_author_s(store: Store) -> None:
    bring(store, "c1", content="You fool, thanks.")
    settle_all(store, Action.HOLD)
    assert edited(store, "Thanks.").status == "approved"
    record = store.comments.get("demo", "c1")
    assert (record.comment.content, record.original) == ("Thanks.", "You fool, thanks.")
    assert record.edited_by == MO
    assert (record.comment.author, record.comment.page) == ("Claire", "http://site.test/a")
    assert store.decisions.counts("demo")["decisions"] == 1


def test_undo_gives_the_author_s_words_back(store: Store) -> None:
    bring(store, "c1", content="You fool, thanks.")
    settle_all(store, Action.HOLD)
    before = kept(store)
    edited(store, "Thanks.")
    undo(store)
    assert kept(store) == before


def test_edits_are_undone_one_by_one_and_the_first_words_stay_the_original(store: Store) -> None:
    publish(store, "c1", content="One")
    page = store.threads.state("demo", "http://site.test/a").version
    edited(store, "Two")
    edited(store, "Three")
    assert store.comments.get("demo", "c1").original == "One"
    assert store.threads.state("demo", "http://site.test/a").version == page + 2
    undo(store)
    record = store.comments.get("demo", "c1")
    assert (record.comment.content, record.original, record.edited_by) == ("Two", "One", MO)
    undo(store)
    record = store.comments.get("demo", "c1")
    assert (record.comment.content, record.original, record.edited_by) == ("One", "", "")


def test_words_written_over_an_older_version_are_refused(store: Store) -> None:
    bring(store, "c1", content="One")
    settle_all(store, Action.HOLD)
    version = store.comments.get("demo", "c1").version
    decide(store, "c1", Status.HELD)
    assert edited(store, "Two", version).outcome is Outcome.STALE
    assert store.comments.get("demo", "c1").comment.content == "One"


def test_a_withdrawn_comment_keeps_no_words_in_any_place(store: Store) -> None:
    publish(store, "c1", content="Secret words")
    edited(store, "Other words")
    store.comments.withdraw(store.comments.get("demo", "c1"), 0)
    assert "words" not in repr(kept(store))
    assert raw(store).exists(DEMO.past("c1")) == 0


def test_an_author_may_edit_again_once_the_decision_is_gone(store: Store) -> None:
    publish(store, "c1")
    decide(store, "c1", Status.APPROVED)
    undo(store)
    record = store.comments.get("demo", "c1")
    store.comments.edit(record, comment_of("c1", "New words"), 0)
    assert settle_all(store) == 1

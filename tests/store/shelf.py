"""A small vocabulary over the store: bring a comment, settle it, look at what is kept."""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from typing import Any

from service.moderation.comment import Facts
from service.moderation.verdict import Action, Status, Verdict
from service.store.comments import Receipt, transition_keys
from service.store.decisions import Order, Result
from service.store.inbox import Entry, Settlement
from service.store.keys import SiteKeys
from service.store.records import Record
from service.store.scripts import script
from service.store.sites import Limit
from service.store.store import Store
from service.store.threads import Node
from tests.conftest import arrival_of, comment_of

DEMO = SiteKeys("demo")
PAGE = "http://site.test/a"
SHARED = transition_keys("demo", [])
WIDE = {"ip": Limit(1_000_000, 60)}
"""Limits no test reaches."""


def raw(store: Store) -> Any:
    """Return the store's connection, to look at what is kept."""
    return store.client


def bring(store: Store, comment_id: str, **more: object) -> Receipt:
    """Accept a comment without limits in the way."""
    author = str(more.pop("author_key", "claire"))
    comment = comment_of(comment_id, **more)  # type: ignore[arg-type]
    return store.comments.accept(arrival_of(comment, limits=WIDE, facts=Facts(author_key=author)))


def settle(
    store: Store, entries: Sequence[Entry], action: Action = Action.APPROVE, seen: bytes = b""
) -> int:
    """Give the entries' comments one verdict; return how many were settled."""
    pending = store.inbox.load("demo", entries, Facts())
    verdict = Verdict(action, "test")
    return store.inbox.settle("demo", [Settlement(item, verdict, seen) for item in pending])


def settle_all(store: Store, action: Action = Action.APPROVE) -> int:
    """Settle the whole inbox with one verdict."""
    return settle(store, store.inbox.take("demo", "w", 10_000), action)


def publish(store: Store, comment_id: str, **more: object) -> Record:
    """Accept and approve a comment."""
    bring(store, comment_id, **more)
    settle_all(store)
    return store.comments.get("demo", comment_id)


_moments = itertools.count(1_790_000_000_000)
"""Each decision has a moment of its own: the same again in the same one is a repetition."""


def decide(store: Store, comment_id: str, target: Status, version: int | None = None) -> Result:
    """Have a moderator move one comment."""
    orders = [Order(comment_id, target, version)]
    return store.decisions.decide("demo", orders, "account:mo", "because", next(_moments))[0]


def mark_reported(store: Store, comment_id: str, at_ms: int) -> None:
    """Mark a comment as reported, as the script of a report does."""
    text = script("transition").text + "\nmark_reported(shared_keys(), ARGV[1], ARGV[2])"
    store.client.eval(text, len(SHARED), *SHARED, comment_id, at_ms)


def listed(store: Store, status: Status) -> list[str]:
    """Return the ids indexed under a status, in order of time."""
    return [item.decode() for item in raw(store).zrange(DEMO.status(status), 0, -1)]


def outline(nodes: Sequence[Node]) -> list[object]:
    """Return a thread as nested lists: ``id`` or ``-id`` for a tombstone, then what is below."""
    flat: list[object] = []
    for node in nodes:
        flat.append(("-" if node.is_tombstone else "") + node.record.comment.id)
        if node.replies:
            flat.append(outline(node.replies))
    return flat


def now_ms() -> int:
    """Return the time in ms since the epoch."""
    return time.time_ns() // 1_000_000

"""Moderators' decisions, and the operator's dead letters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import orjson

from service.moderation.verdict import Status
from service.store import paging
from service.store.comments import Comments, CommentUnknown, transition_keys
from service.store.facets import facets_of
from service.store.keys import SiteKeys
from service.store.records import content_json
from service.store.scripts import Argument, script
from service.store.server.connection import Client

DECIDE_CHUNK = 50


class Outcome(StrEnum):
    """Name what became of one decision, or of taking one back."""

    DONE = "done"
    UNKNOWN = "unknown"
    STALE = "stale"
    UNSETTLED = "unsettled"
    WITHDRAWN = "withdrawn"
    NOTHING = "nothing"
    """There is no decision to take back, or none that is remembered."""


@dataclass(frozen=True, slots=True)
class Order:
    """Ask for one comment to be moved; with ``version``, only if nobody was faster.

    ``words`` are what its stored words become (``content_json``), with what the queue then
    finds it by (``facets_of``); both are empty to leave them.
    """

    comment_id: str
    target: Status
    version: int | None = None
    words: bytes = b""
    facets: bytes = b""


@dataclass(frozen=True, slots=True)
class Result:
    """Report one decision: its outcome, and the comment's version and status after it."""

    comment_id: str
    outcome: Outcome
    version: int
    source: str
    status: str = ""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """Hold a comment set aside for an operator: when (ms), after how many attempts, and why."""

    comment_id: str
    at_ms: int
    attempts: int
    error: str


@dataclass(frozen=True, slots=True)
class DeadLetters:
    """Hold a page of dead letters, the oldest first; ``cursor`` asks for the next, "" ends."""

    letters: tuple[DeadLetter, ...]
    cursor: str


class Decisions:
    """Carry out decisions, and keep count of the work that is owed."""

    def __init__(self, client: Client, comments: Comments) -> None:
        self._client = client
        self._comments = comments
        self._decide = script("outbox", "transition", "trail", "decide")
        self._undo = script("outbox", "transition", "trail", "undo")

    def unscreened_count(self, site: str) -> int:
        """Return how many held comments some check could not judge."""
        count: Any = self._client.zcard(SiteKeys(site).unscreened)
        return int(count)

    def dead_letter_count(self, site: str) -> int:
        """Return how many comments wait for an operator."""
        count: Any = self._client.zcard(SiteKeys(site).dead)
        return int(count)

    def counts(self, site: str) -> dict[str, int]:
        """Return the site's counters by name."""
        found: Any = self._client.hgetall(SiteKeys(site).counters)
        return {name.decode(): int(value) for name, value in found.items()}

    def decide(
        self, site: str, orders: Sequence[Order], actor: str, reason: str, now_ms: int
    ) -> list[Result]:
        """Carry out each order that still can be; every decision is audited with its actor."""
        results: list[Result] = []
        for start in range(0, len(orders), DECIDE_CHUNK):
            chunk = orders[start : start + DECIDE_CHUNK]
            results += self._decide_chunk(site, chunk, actor, reason, now_ms)
        return results

    def edit_and_approve(
        self,
        site: str,
        comment_id: str,
        content: str,
        version: int | None,
        actor: str,
        reason: str,
        now_ms: int,
    ) -> Result:
        """Put other words in the place of a comment's and approve it, in one decision.

        The author's own words are kept beside them. ``content`` was validated as that of a
        submission.
        """
        try:
            record = self._comments.get(site, comment_id)
        except CommentUnknown:
            return Result(comment_id, Outcome.UNKNOWN, 0, "")
        changed = replace(record.comment, content=content)
        facets = facets_of(changed, record.verdict, record.author_key)
        seen = record.version if version is None else version
        order = Order(comment_id, Status.APPROVED, seen, content_json(changed), facets)
        return self.decide(site, [order], actor, reason, now_ms)[0]

    def undo(
        self, site: str, comment_id: str, actor: str, now_ms: int, version: int | None = None
    ) -> Result:
        """Take back the last decision on a comment with all its effects.

        The decision before it is in force again, and can be taken back next. With
        ``version``, only if the comment is still as it was seen; the outcome is stale too
        where something other than a decision has moved it since.
        """
        try:
            record = self._comments.get(site, comment_id)
        except CommentUnknown:
            return Result(comment_id, Outcome.UNKNOWN, 0, "")
        keys = SiteKeys(site)
        names = [*transition_keys(site, [record]), *_own_keys(keys, comment_id), keys.waiting]
        seen = record.version if version is None else version
        answer = self._undo(self._client, names, [comment_id, seen, actor, now_ms])
        return _result(comment_id, answer)

    def dead_letter_page(self, site: str, limit: int, cursor: str = "") -> DeadLetters:
        """Return a page of the site's dead letters, the oldest first.

        Raises ``CursorInvalid``.
        """
        keys = SiteKeys(site)
        found = paging.slice_of(self._client, keys.dead, paging.Order.OLDEST, limit, cursor)
        if not found.ids:
            return DeadLetters((), "")
        pipe: Any = self._client.pipeline(transaction=False)
        pipe.zmscore(keys.dead, list(found.ids))
        pipe.hmget(keys.dead_reasons, list(found.ids))
        scores, reasons = pipe.execute()
        letters = (
            _dead_letter(name, score, why)
            for name, score, why in zip(found.ids, scores, reasons, strict=True)
            if score is not None  # somebody took it off the list meanwhile
        )
        return DeadLetters(tuple(letters), found.cursor)

    def dead_letters(self, site: str, limit: int) -> list[DeadLetter]:
        """Return the oldest comments set aside, oldest first."""
        return list(self.dead_letter_page(site, limit).letters)

    def _decide_chunk(
        self, site: str, orders: Sequence[Order], actor: str, reason: str, now_ms: int
    ) -> list[Result]:
        ids = [order.comment_id for order in orders]
        records = {r.comment.id: r for r in self._comments.get_many(site, ids)}
        known = [order for order in orders if order.comment_id in records]
        keys = transition_keys(site, [records[order.comment_id] for order in known])
        arguments: list[Argument] = [actor, reason, now_ms]
        for order in known:
            version = "" if order.version is None else order.version
            arguments += [order.comment_id, order.target, version, order.words, order.facets]
            own = SiteKeys(site)
            keys += [*_own_keys(own, order.comment_id), own.reasons(order.comment_id)]
        keys.append(SiteKeys(site).waiting)
        answers = self._decide(self._client, keys, arguments) if known else []
        done = {
            order.comment_id: _result(order.comment_id, answer)
            for order, answer in zip(known, answers, strict=True)
        }
        return [done.get(i) or Result(i, Outcome.UNKNOWN, 0, "") for i in ids]


def _result(comment_id: str, answer: list[Any]) -> Result:
    outcome, version, source, status = answer
    return Result(comment_id, Outcome(outcome.decode()), version, source.decode(), status.decode())


def _own_keys(keys: SiteKeys, comment_id: str) -> list[str]:
    """Return what deciding and undoing touch of a comment: its trail, its past, its claim."""
    return [keys.trail(comment_id), keys.past(comment_id), keys.claim(comment_id)]


def _dead_letter(comment_id: str, score: float, why: bytes | None) -> DeadLetter:
    data = orjson.loads(why or b"{}")
    return DeadLetter(comment_id, int(score), data.get("attempts", 0), data.get("error", ""))

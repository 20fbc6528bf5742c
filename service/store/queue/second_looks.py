"""The blind second look: decided comments that somebody else judges without seeing how."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import orjson

from service.store.keys import SiteKeys
from service.store.server.connection import Client

MOST_WAITING = 500
MOST_KEPT = 2_000


@dataclass(frozen=True, slots=True)
class Decided:
    """Hold a decision that may be looked at again: on what, by whom, was it published."""

    comment_id: str
    actor: str
    is_published: bool


@dataclass(frozen=True, slots=True)
class SecondLook:
    """Hold both judgements of one comment: would each publish it?"""

    comment_id: str
    first: str
    second: str
    first_publishes: bool
    second_publishes: bool
    at_ms: int


def is_chosen(comment_id: str, share: float) -> bool:
    """Say whether a comment is in the sample: by its id, so that nobody can steer it."""
    digest = hashlib.sha256(f"second look {comment_id}".encode()).digest()
    return int.from_bytes(digest[:4]) / 2**32 < share


class SecondLooks:
    """Keep a site's sample: up to 500 waiting, and the last 2,000 answers."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def add(self, site: str, decided: Iterable[Decided], share: float, now_ms: int) -> None:
        """Put the chosen ones of some decisions into the sample."""
        chosen = {
            each.comment_id: orjson.dumps([each.actor, each.is_published, now_ms])
            for each in decided
            if share and is_chosen(each.comment_id, share)
        }
        if not chosen:
            return
        keys = SiteKeys(site)
        pipe = self._client.pipeline(transaction=False)
        pipe.hset(keys.second_firsts, mapping=cast("Any", chosen))
        pipe.zadd(keys.second_waiting, dict.fromkeys(chosen, now_ms))
        pipe.zcard(keys.second_waiting)
        surplus = pipe.execute()[-1] - MOST_WAITING
        if surplus > 0:
            self._drop(keys, self._client.zpopmin(keys.second_waiting, surplus))

    def next(self, site: str, actor: str, skipped: int = 0) -> str:
        """Return the comment somebody may look at next, or nothing: none of their own."""
        keys = SiteKeys(site)
        waiting: Any = self._client.zrange(keys.second_waiting, 0, -1)
        firsts: Any = self._client.hmget(keys.second_firsts, waiting) if waiting else []
        others = [
            member.decode()
            for member, first in zip(waiting, firsts, strict=True)
            if first and orjson.loads(first)[0] != actor
        ]
        return others[skipped] if skipped < len(others) else ""

    def waiting(self, site: str) -> int:
        """Return how many comments wait for a second look."""
        count: Any = self._client.zcard(SiteKeys(site).second_waiting)
        return int(count)

    def answer(
        self, site: str, comment_id: str, actor: str, *, publishes: bool, now_ms: int
    ) -> bool:
        """Keep somebody's judgement; False when it is too late, or their own decision."""
        keys = SiteKeys(site)
        raw: Any = self._client.hget(keys.second_firsts, comment_id)
        if not raw:
            return False
        first, was_published, _ = orjson.loads(raw)
        if first == actor or not self._client.zrem(keys.second_waiting, comment_id):
            return False
        kept = orjson.dumps([comment_id, first, actor, was_published, publishes, now_ms])
        pipe = self._client.pipeline(transaction=False)
        pipe.hdel(keys.second_firsts, comment_id)
        pipe.lpush(keys.second_answers, kept)
        pipe.ltrim(keys.second_answers, 0, MOST_KEPT - 1)
        pipe.execute()
        return True

    def answers(self, site: str) -> list[SecondLook]:
        """Return the answers kept, newest first."""
        rows: Any = self._client.lrange(SiteKeys(site).second_answers, 0, -1)
        return [SecondLook(*orjson.loads(row)) for row in rows]

    def forget(self, site: str, comment_ids: Sequence[str]) -> None:
        """Take comments out of the sample: they were erased."""
        if comment_ids:
            keys = SiteKeys(site)
            self._client.zrem(keys.second_waiting, *comment_ids)
            self._client.hdel(keys.second_firsts, *comment_ids)

    def _drop(self, keys: SiteKeys, popped: Any) -> None:
        names = [member for member, _ in popped]
        if names:
            self._client.hdel(keys.second_firsts, *names)

"""Claims: who has which held comment in hand, so that two moderators do not read the same one.

A courtesy, not a lock: what decides between two is the version each saw.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from service.store.comments import CommentUnknown
from service.store.keys import SiteKeys
from service.store.queue.live import LIVE_KEPT
from service.store.scripts import Argument, script
from service.store.server.connection import Client

LEASE_MS = 120_000
"""A claim lapses after two minutes without a sign of its holder."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Hold who has a comment in hand, and until when (ms since the epoch)."""

    actor: str
    until_ms: int


class Claims:
    """Give comments into the hands of moderators, one at a time."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._claim = script("queue/claim")
        self._release = script("queue/release")

    def take(self, site: str, comment_id: str, actor: str, now_ms: int) -> Claim:
        """Claim a comment, or renew one's claim; return the claim that stands now.

        It is another's where another was faster. Raises ``CommentUnknown``.
        """
        arguments: list[Argument] = [comment_id, actor, now_ms, LEASE_MS, LIVE_KEPT]
        names = [*_keys(site, comment_id), SiteKeys(site).handled]
        outcome, holder, until_ms = self._claim(self._client, names, arguments)
        if outcome == b"unknown":
            raise CommentUnknown(comment_id)
        return Claim(holder.decode(), int(until_ms))

    def release(self, site: str, comment_id: str, actor: str) -> bool:
        """Let a comment go; return whether ``actor`` had it in hand."""
        arguments: list[Argument] = [comment_id, actor, LIVE_KEPT]
        return bool(self._release(self._client, _keys(site, comment_id), arguments))

    def holders(self, site: str, comment_ids: Sequence[str]) -> dict[str, Claim]:
        """Return the claims that stand on the comments, by comment."""
        keys = SiteKeys(site)
        pipe = self._client.pipeline(transaction=False)
        for comment_id in comment_ids:
            pipe.hmget(keys.claim(comment_id), "actor", "until")
        found: Any = pipe.execute()
        rows = zip(comment_ids, found, strict=True)
        return {
            comment_id: Claim(actor.decode(), int(until))
            for comment_id, (actor, until) in rows
            if actor is not None
        }


def _keys(site: str, comment_id: str) -> list[str]:
    keys = SiteKeys(site)
    return [keys.claim(comment_id), keys.comment(comment_id), keys.live]

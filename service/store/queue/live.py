"""What open pages of the queue are told: which comments came, changed or went."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from service.store.keys import SiteKeys
from service.store.server.connection import Client

LIVE_KEPT = 1_000
"""How many events are kept, more or less; as in transition.lua."""
NOTHING_YET = "0-0"
_PLACE = re.compile(r"\d{1,20}-\d{1,20}")


@dataclass(frozen=True, slots=True)
class Event:
    """Hold one event: what became of a comment, at which version, and by whom where that is told.

    ``what`` is the status the comment now has, or ``claimed``, ``released`` or ``noted``.
    """

    id: str
    comment_id: str
    what: str
    version: int
    by: str = ""


@dataclass(frozen=True, slots=True)
class Changes:
    """Hold what happened since a place in the stream, and the place to go on from.

    Where ``is_lost``, more happened than is kept: the page must be read anew.
    """

    events: tuple[Event, ...]
    last: str
    is_lost: bool = False


class Live:
    """Read the sites' streams of changes."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def since(self, site: str, after: str, limit: int) -> Changes:
        """Return up to ``limit`` events after the place ``after``, oldest first.

        Without a place, there are no events, only the place where the stream ends. Where
        nothing happened, that is seen in one read of one entry.
        """
        if not after:
            return Changes((), self._end(site))
        if not _PLACE.fullmatch(after):
            return Changes((), self._end(site), is_lost=True)
        key = SiteKeys(site).live
        found: Any = self._client.xrange(key, after, "+", count=limit + 1)
        if found and found[0][0].decode() == after:
            events = tuple(_event(*item) for item in found[1:])
            return Changes(events, events[-1].id if events else after)
        if after == NOTHING_YET:
            return self._from_the_start(site, found[:limit])
        return Changes((), self._end(site), is_lost=True)

    def _from_the_start(self, site: str, found: list[Any]) -> Changes:
        """Return the events of a stream that was empty when last read."""
        if found and int(self._count(site)) >= LIVE_KEPT:
            return Changes((), self._end(site), is_lost=True)
        events = tuple(_event(*item) for item in found)
        return Changes(events, events[-1].id if events else NOTHING_YET)

    def _end(self, site: str) -> str:
        found: Any = self._client.xrevrange(SiteKeys(site).live, count=1)
        return found[0][0].decode() if found else NOTHING_YET

    def _count(self, site: str) -> Any:
        return self._client.xlen(SiteKeys(site).live)


def _event(event_id: bytes, fields: dict[bytes, bytes]) -> Event:
    return Event(
        event_id.decode(),
        fields[b"id"].decode(),
        fields[b"what"].decode(),
        int(fields[b"version"]),
        fields.get(b"by", b"").decode(),
    )

"""Callbacks: comments whose callers wait to be told what became of them, as often as it changes.

The script that moves a comment says that its caller is to be told; what several moves in a
row come to is told once. A call that fails is due again later, for about a day.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from service.moderation.verdict import Status
from service.store.comments import BELL_TTL_MS
from service.store.keys import SiteKeys
from service.store.scripts import script
from service.store.server.connection import Client

SPAM, HAM = "true", "false"
LEASE_MS = 120_000
"""How long a worker may take to call; one that died is followed by another."""
FIRST_PAUSE_MS, LONGEST_PAUSE_MS = 15_000, 4 * 3_600_000
MOST_TRIES = 14
"""Together a bit more than a day."""
_FIELDS = (
    "status", "callback", "callback_key", "told", "callback_tries", "erased", "withdrawn"
)  # fmt: skip
_RESULTS = {
    Status.APPROVED: HAM,
    Status.REJECTED: SPAM,
    Status.SPAM: SPAM,
    Status.DELETED: SPAM,
}


@dataclass(frozen=True, slots=True)
class Due:
    """Hold one result to post: of which comment, where, showing which key.

    ``due_at`` is the time by which this worker is to be done (ms), ``tries`` how many failed.
    """

    comment_id: str
    url: str
    key_id: str
    result: str
    due_at: int
    tries: int = 0


class Callbacks:
    """Keep who is to be called back, and when."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._called = script("webhooks/called_back")

    def set_bell(self, site: str) -> bool:
        """Say that a worker must come and call, unless somebody said so already."""
        return bool(self._client.set(SiteKeys(site).callback_bell, "1", nx=True, px=BELL_TTL_MS))

    def clear_bell(self, site: str) -> None:
        """Let the next move ring again; called before the first read."""
        self._client.delete(SiteKeys(site).callback_bell)

    def are_due(self, site: str, now_ms: int) -> bool:
        """Say whether anybody is to be called now."""
        return bool(self._client.zcount(SiteKeys(site).callbacks, "-inf", now_ms))

    def take(self, site: str, now_ms: int, count: int) -> list[Due] | None:
        """Return up to ``count`` results to post, now this worker's; None where none is due.

        Comments of which there is nothing new to say are passed over.
        """
        keys = SiteKeys(site)
        found: Any = self._client.zrangebyscore(keys.callbacks, "-inf", now_ms, 0, count)
        if not found:
            return None
        ids, lease = [item.decode() for item in found], now_ms + LEASE_MS
        pipe = self._client.pipeline(transaction=False)
        # The lease comes first: a move after it makes the comment due anew.
        pipe.zadd(keys.callbacks, dict.fromkeys(ids, lease), xx=True)
        for comment_id in ids:
            pipe.hmget(keys.comment(comment_id), _FIELDS)
        rows = pipe.execute()[1:]
        taken = [_due(comment_id, row, lease) for comment_id, row in zip(ids, rows, strict=True)]
        for due in taken:
            if not due.result:
                self._note(site, due)
        return [due for due in taken if due.result]

    def note_told(self, site: str, due: Due) -> None:
        """Note that a caller was told."""
        self._note(site, due, told=due.result)

    def note_failed(self, site: str, due: Due, now_ms: int) -> bool:
        """Have a caller called again later; return False when this was the last try."""
        if due.tries + 1 >= MOST_TRIES:
            self._note(site, due)
            return False
        pause = min(FIRST_PAUSE_MS * 4**due.tries, LONGEST_PAUSE_MS)
        self._note(site, due, again=str(now_ms + pause))
        return True

    def drop(self, site: str, due: Due) -> None:
        """Call somebody no more who may not be called."""
        self._note(site, due)

    def _note(self, site: str, due: Due, *, told: str = "", again: str = "") -> None:
        keys = SiteKeys(site)
        names = [keys.callbacks, keys.comment(due.comment_id), keys.counters]
        self._called(self._client, names, [due.comment_id, due.due_at, told, again])


def result_of(status: Status, told: str) -> str:
    """Return what to tell of a comment in ``status``, after ``told``; nothing for no news.

    There is no word for *held*. Who published the comment is told to take it away until
    somebody has decided; who waits, or took it for spam, goes on doing so.
    """
    result = _RESULTS.get(status, SPAM if told == HAM else "")
    return "" if result == told else result


def _due(comment_id: str, row: Sequence[bytes | None], lease: int) -> Due:
    texts = ((value or b"").decode() for value in row)
    found: Mapping[str, str] = dict(zip(_FIELDS, texts, strict=True))
    is_gone = not found["status"] or found["erased"] or found["withdrawn"]
    result = ""
    if found["callback"] and not is_gone:
        result = result_of(Status(found["status"]), found["told"])
    tries = int(found["callback_tries"] or 0)
    return Due(comment_id, found["callback"], found["callback_key"], result, lease, tries)

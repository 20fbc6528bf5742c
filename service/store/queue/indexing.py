"""Facets for the comments of a store that is older than they are, step by step, once.

A site's statuses are walked through from the oldest comment on, again and again until a
round finds none without facets: what a moderator moves in the meantime is met in the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from service.moderation.verdict import Status
from service.store.comments import comment_keys, transition_keys
from service.store.facets import stored_facets
from service.store.keys import STATUS_ORDER, SiteKeys
from service.store.queue.indexes import Index
from service.store.queue.walk import Place, Walk
from service.store.scripts import Argument, script
from service.store.server.connection import Client

STEP = 500
"""Comments looked at in one step, about 40 ms where none has facets."""
_CHUNK = 50
# The queue first: it is what somebody waits for.
_ORDER = (Status.HELD.value, *(name for name in STATUS_ORDER if name != Status.HELD))
_PLACE = (b"page_key", b"parent", b"root", b"author")


class Indexing:
    """Give facets to comments that were settled before facets were kept."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._walk = Walk(client)
        self._index = script("transition", "queue/index")

    def is_done(self, site: str) -> bool:
        """Say whether every comment of a site has its facets."""
        return bool(self._client.hexists(SiteKeys(site).indexing, "done"))

    def advance(self, site: str, steps: int) -> int:
        """Look at up to ``steps`` times ``STEP`` comments; return how many got facets."""
        given = 0
        for _ in range(steps):
            if self.is_done(site):
                break
            given += self._step(site)
        return given

    def _step(self, site: str) -> int:
        keys = SiteKeys(site)
        state: Any = self._client.hgetall(keys.indexing)
        status = state.get(b"status", _ORDER[0].encode()).decode()
        place = None
        if b"id" in state:
            place = Place(int(state[b"score"]), state[b"id"].decode())
        index = Index(keys.status(status), "time", frozenset())
        rows = self._walk.read(site, index, place, STEP, has_facets=False)
        given = self._give(site, self._bare(keys, rows.ids))
        round_given = int(state.get(b"given", b"0")) + given
        if rows.has_more:
            last = rows.place(-1)
            reached: Any = {
                "status": status, "score": last.score, "id": last.id, "given": round_given,
            }  # fmt: skip
        else:
            reached = _after(status, round_given)
        pipe = self._client.pipeline(transaction=False)
        pipe.delete(keys.indexing)
        pipe.hset(keys.indexing, mapping=reached)
        pipe.execute()
        return given

    def _bare(self, keys: SiteKeys, ids: Sequence[str]) -> list[str]:
        """Return the comments without facets."""
        if not ids:
            return []
        packed: Any = self._client.hmget(keys.facets, list(ids))
        return [each for each, raw in zip(ids, packed, strict=True) if raw is None]

    def _give(self, site: str, ids: Sequence[str]) -> int:
        given = 0
        for start in range(0, len(ids), _CHUNK):
            given += self._give_some(site, ids[start : start + _CHUNK])
        return given

    def _give_some(self, site: str, ids: Sequence[str]) -> int:
        keys = SiteKeys(site)
        pipe = self._client.pipeline(transaction=False)
        for comment_id in ids:
            pipe.hgetall(keys.comment(comment_id))
        names, arguments = transition_keys(site, []), list[Argument]()
        for comment_id, fields in zip(ids, pipe.execute(), strict=True):
            place, parent, root, author = (fields.get(name, b"").decode() for name in _PLACE)
            names += comment_keys(keys, comment_id, parent, place, root, author)
            arguments += [comment_id, stored_facets(comment_id, site, fields)]
        given: Any = self._index(self._client, names, arguments)
        return int(given)


def _after(status: str, given: int) -> dict[str, Any]:
    """Return where to go on when one status is through: done after a round without a find."""
    following = _ORDER[_ORDER.index(status) + 1 :]
    if following:
        return {"status": following[0], "given": given}
    return {"status": _ORDER[0]} if given else {"done": 1}

"""Reading a sorted set from a place in it, which may be left by the comment that stood there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from service.store.facets import FORMAT, SIZE, Table, stored_facets, table_of
from service.store.keys import SiteKeys
from service.store.paging import CursorInvalid
from service.store.queue.filters import Sort
from service.store.queue.indexes import Index
from service.store.scripts import script
from service.store.server.connection import Client

_ID_LENGTH = 64
_DIGITS = 16


@dataclass(frozen=True, slots=True)
class Place:
    """Point between two comments of a listing: just after the one with this score and id."""

    score: int
    id: str
    seen: int = 0


@dataclass(frozen=True, slots=True)
class Rows:
    """Hold some members of an index in order, their scores, and perhaps their facets."""

    ids: list[str]
    scores: list[str]
    table: Table
    has_more: bool
    made: int = 0

    def place(self, at: int) -> Place:
        """Return the place just after one of the members."""
        return Place(int(float(self.scores[at])), self.ids[at])


class Walk:
    """Read indexes, with or without the facets of what they hold."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._walk = script("queue/walk")

    def read(
        self,
        site: str,
        index: Index,
        place: Place | None,
        count: int,
        *,
        is_newest_first: bool = False,
        has_facets: bool = True,
    ) -> Rows:
        """Return the members after a place in an index, which is read from either end."""
        direction = "down" if is_newest_first else "up"
        size = SIZE if has_facets else 0
        where = ("", "") if place is None else (place.score, place.id)
        answer: Any = self._walk(
            self._client,
            [index.key, SiteKeys(site).facets],
            [direction, index.low, index.high, *where, count, size],
        )
        listed, packed, more = answer
        turns, step = listed.decode().split(), -1 if is_newest_first else 1
        rows = Rows(turns[::2][::step], turns[1::2][::step], table_of(packed)[::step], more > 0)
        return self._completed(site, rows) if size else rows

    def rows_of(self, site: str, ids: Sequence[str]) -> Rows:
        """Return some comments with their facets, in the order given."""
        found: Any = self._client.hmget(SiteKeys(site).facets, list(ids)) if ids else []
        packed = b"".join(each or bytes(SIZE) for each in found)
        return self._completed(site, Rows(list(ids), [], table_of(packed), has_more=False))

    def _completed(self, site: str, rows: Rows) -> Rows:
        """Return rows with the facets of comments that were settled before facets were kept."""
        missing = np.flatnonzero(rows.table["format"] != FORMAT).tolist()
        if not missing:
            return rows
        keys = SiteKeys(site)
        pipe = self._client.pipeline(transaction=False)
        for at in missing:
            pipe.hgetall(keys.comment(rows.ids[at]))
        table = rows.table.copy()
        for at, fields in zip(missing, pipe.execute(), strict=True):
            table[at] = table_of(stored_facets(rows.ids[at], site, fields))[0]
        return replace(rows, table=table, made=len(missing))


def cursor_of(place: Place | None, seen: int, sort: Sort) -> str:
    """Return the cursor that names a place in a listing, and how many were found before it."""
    return f"{sort.value[0]}{place.score}-{seen}-{place.id}" if place else ""


def place_from(cursor: str, sort: Sort) -> Place | None:
    """Return the place a cursor of this order names; None for the beginning.

    Raises ``CursorInvalid``.
    """
    if not cursor:
        return None
    score, _, rest = cursor[1:].partition("-")
    seen, _, comment_id = rest.partition("-")
    is_ours = cursor[0] == sort.value[0] and all(map(_is_number, (score, seen)))
    if not is_ours or not 0 < len(comment_id) <= _ID_LENGTH or not comment_id.isascii():
        raise CursorInvalid(cursor)
    return Place(int(score), comment_id, int(seen))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _DIGITS

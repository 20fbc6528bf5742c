"""Reading a sorted set of comments slice by slice, by a cursor that survives changes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from service.store.server.connection import Client

SCORE_DIGITS = 15
SKIP_DIGITS = 9


class Order(StrEnum):
    """Name the order of a listing by time."""

    NEWEST = "newest"
    OLDEST = "oldest"


class CursorInvalid(Exception):
    """Say that a cursor was not made by us."""


@dataclass(frozen=True, slots=True)
class Ids:
    """Hold one slice of comment ids and the cursor after it, empty at the end."""

    ids: tuple[str, ...]
    cursor: str


def slice_of(client: Client, key: str, order: Order, limit: int, cursor: str) -> Ids:
    """Return up to ``limit`` members of a sorted set scored by time in ms.

    A cursor is ``{score}-{members of that score already read}``: it costs the same
    wherever it points, and comments that come or go before it shift nothing.

    Raises ``CursorInvalid``.
    """
    start, skip = _parsed(cursor, order)
    is_newest = order is Order.NEWEST
    first, last = (start, "-inf") if is_newest else (start, "+inf")
    found: Any = client.zrange(
        key,
        first,
        last,
        desc=is_newest,
        byscore=True,
        offset=skip,
        num=limit + 1,
        withscores=True,
    )
    ids = tuple(member.decode() for member, _ in found[:limit])
    return Ids(ids, _cursor_after([score for _, score in found], limit, start, skip))


def _parsed(cursor: str, order: Order) -> tuple[str, int]:
    if not cursor:
        return ("+inf" if order is Order.NEWEST else "-inf"), 0
    score, _, skip = cursor.partition("-")
    is_ours = score.isascii() and score.isdigit() and skip.isascii() and skip.isdigit()
    if not is_ours or len(score) > SCORE_DIGITS or len(skip) > SKIP_DIGITS:
        raise CursorInvalid(cursor)
    return score, int(skip)


def _cursor_after(scores: list[float], limit: int, start: str, skip: int) -> str:
    if len(scores) <= limit:
        return ""
    last = scores[limit - 1]
    read = scores[:limit].count(last)
    if start == f"{last:.0f}":
        read += skip
    return f"{last:.0f}-{read}"

"""Which stretches of a long text are read: overlapping ones, a bounded number, the worst."""

from __future__ import annotations

import numpy as np

from service.moderation.models.weights import Floats

MOST_WINDOWS = 8
"""A comment's share of the network: 20,000 characters cost no more than eight windows."""
MOST_CANDIDATES = 256
"""So many windows are compared at most; prose of 40,000 characters has fewer."""

Place = tuple[int, int]


def stretches(count: int, room: int) -> list[Place]:
    """Return the windows ``[start, end)`` over ``count`` tokens, each of at most ``room``.

    Neighbours share a quarter, so that no sentence is only ever read in halves; the last
    ends with the text. There is always one, if empty.
    """
    if count <= room:
        return [(0, count)]
    stride = room - room // 4
    starts = [*range(0, count - room, stride), count - room]
    return [(start, start + room) for start in _thinned(starts)]


def chosen(places: list[Place], most: int, values: Floats | None) -> list[Place]:
    """Return ``most`` of the windows in reading order: those of the highest ``values``.

    Without values, windows spread evenly from the first to the last.
    """
    if values is None:
        kept = np.linspace(0, len(places) - 1, most).round().astype(int)
    else:
        kept = np.sort(np.argsort(-values, kind="stable")[:most])
    return [places[index] for index in kept.tolist()]


def _thinned(starts: list[int]) -> list[int]:
    if len(starts) <= MOST_CANDIDATES:
        return starts
    kept = np.linspace(0, len(starts) - 1, MOST_CANDIDATES).round().astype(int)
    return [starts[index] for index in kept.tolist()]

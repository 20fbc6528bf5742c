"""Comments that mean much the same: what else waits like this one, and how others were decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from service.api.services import services
from service.moderation.learning.meaning import Floats, centred, similar, unit
from service.moderation.verdict import Status
from service.store.queue.filters import Filters, Sort
from service.store.records import Record

CANDIDATES: Mapping[Status, int] = {
    Status.HELD: 31,
    Status.APPROVED: 11,
    Status.REJECTED: 11,
    Status.SPAM: 11,
}
"""How many of the newest comments in each status one is compared with: 64 in all."""
FEWEST, FEWEST_ORDERED = 20, 4
"""Others from which the middle of all says enough: to call two the same, and to order them."""
ALL_ALIKE = 0.97
"""The length of the middle from which all compared say the same: 0.85 to 0.9 is usual."""
SAME_MEANING = 0.95
"""The cosine, seen from the middle of all compared, from which comments mean the same.

Of 64 taken at random from the tests' written comments (tests/moderation/spam_kinds), 1 in
1,000 pairs of two ordinary ones reaches it, 3 in 10,000 of an ordinary and a spam one, 34 in
1,000 of two spam ones; 0.9 is reached by 35, 0.3 and 115 in 1,000.
"""
LONGEST_CHARS = 300
"""How much of each is read, about two of the encoder's windows: it bounds what is computed."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """Hold a comment and how near it is in meaning: a cosine, 1 for the same, at least 0."""

    record: Record
    score: float


def similar_comments(site: str, record: Record, count: int) -> tuple[int, list[Likeness]]:
    """Return how many comments ``record`` was compared with, and the ``count`` nearest.

    None are compared where no encoder makes embeddings, nor with a comment without words.
    They are seen from the middle of all that are compared, as far as there are a few: of
    written spam the three nearest of 64 are of its kind in 13.6% instead of 12.0%.
    """
    others, vectors = _embedded(site, record)
    if vectors is None:
        return 0, []
    seen = _as_seen(vectors)
    found = similar(seen[1:], seen[0], count)
    return len(others), [Likeness(others[row], max(cosine, 0.0)) for row, cosine in found]


def same_in_meaning(site: str, record: Record) -> list[Record]:
    """Return the comments that mean the same as ``record``, the nearest first.

    Seen from the middle of all it is compared with, for what all have in common tells
    nothing; with too few of them there is no middle, and none is returned.
    """
    others, vectors = _embedded(site, record)
    if vectors is None or len(others) < FEWEST:
        return []
    seen = centred(vectors, _middle(vectors))
    found = similar(seen[1:], seen[0], len(others))
    return [others[row] for row, cosine in found if cosine >= SAME_MEANING]


def _as_seen(vectors: Floats) -> Floats:
    """Return the directions from the middle, or as they are where there is none.

    Of a few, and of copies of one text, the middle says nothing.
    """
    middle = _middle(vectors)
    are_alike = float(np.linalg.norm(middle)) > ALL_ALIKE
    if len(vectors) <= FEWEST_ORDERED or are_alike:
        return vectors
    return centred(vectors, middle)


def _middle(vectors: Floats) -> Floats:
    return np.asarray(unit(vectors).mean(axis=0), np.float32)


def _embedded(site: str, record: Record) -> tuple[list[Record], Floats | None]:
    """Return what to compare ``record`` with, and the embeddings of it and of them."""
    others = [other for other in _candidates(site) if other.comment.id != record.comment.id]
    embedder = services().embedder()
    if embedder is None or not others or not record.comment.content:
        return others, None
    texts = [each.comment.content[:LONGEST_CHARS] for each in (record, *others)]
    return others, embedder.embed(texts)


def _candidates(site: str) -> list[Record]:
    find = services().store.queue.find
    return [
        record
        for status, count in CANDIDATES.items()
        for record in find(site, Filters(status), Sort.NEWEST, count, "").records
    ]

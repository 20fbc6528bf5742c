"""Comments that mean much the same: what else waits like this one, and how others were decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from service.api.services import services
from service.moderation.learning.meaning import similar
from service.moderation.verdict import Status
from service.store.filters import Filters, Sort
from service.store.records import Record

CANDIDATES: Mapping[Status, int] = {
    Status.HELD: 31,
    Status.APPROVED: 11,
    Status.REJECTED: 11,
    Status.SPAM: 11,
}
"""How many of the newest comments in each status one is compared with: 64 in all."""
LONGEST_CHARS = 300
"""How much of each is read, about two of the encoder's windows: it bounds what is computed."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """Hold a comment and how near it is in meaning: a cosine, 1 for the same."""

    record: Record
    score: float


def similar_comments(site: str, record: Record, count: int) -> tuple[int, list[Likeness]]:
    """Return how many comments ``record`` was compared with, and the ``count`` nearest.

    None are compared where no encoder makes embeddings, nor with a comment without words.
    """
    others = [other for other in _candidates(site) if other.comment.id != record.comment.id]
    embedder = services().embedder()
    if embedder is None or not others or not record.comment.content:
        return 0, []
    vectors = embedder.embed([each.comment.content[:LONGEST_CHARS] for each in (record, *others)])
    if vectors is None:
        return 0, []
    found = similar(vectors[1:], vectors[0], count)
    return len(others), [Likeness(others[row], cosine) for row, cosine in found]


def _candidates(site: str) -> list[Record]:
    find = services().store.queue.find
    return [
        record
        for status, count in CANDIDATES.items()
        for record in find(site, Filters(status), Sort.NEWEST, count, "").records
    ]

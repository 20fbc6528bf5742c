"""A lesson: what one decision taught, without a word of the comment it was about."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from service.moderation.learning.frequencies import rarest
from service.moderation.learning.teaching import Teaching
from service.moderation.learning.traits import VERSION, Rows

MOST_TRAITS = 96
"""Traits kept of one comment, the rarest; half of all comments have fewer (median 66)."""

Embedding = NDArray[np.int8]
NO_EMBEDDING: Embedding = np.zeros(0, np.int8)

# version, seconds, guilt, suspicion, lengths of actor, embedder, traits and embedding
_HEAD = struct.Struct("<BIbbBBBBHH")
_MOST_NAME = 80


class LessonUnreadable(ValueError):
    """Say that a stored lesson is damaged or of another version; it is to be learned again."""


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """Hold one decision's teaching and the hashed traits of the comment.

    ``actor`` is who decided, ``at_s`` when, seconds since the epoch. ``embedding`` is the
    encoder's, scaled to int8 (its direction is what counts), or empty; ``embedder`` names
    the model that made it.
    """

    teaching: Teaching
    traits: Rows
    actor: str
    at_s: int
    embedding: Embedding = field(default_factory=lambda: NO_EMBEDDING)
    embedder: str = ""

    def packed(self) -> bytes:
        """Return the lesson as it is stored: at most about 750 bytes."""
        actor = self.actor.encode()[:_MOST_NAME]
        embedder = self.embedder.encode()[:_MOST_NAME]
        kept = rarest(self.traits, MOST_TRAITS)
        suspicion = (round(255 * score) for score in self.teaching.suspicion)
        lengths = (len(actor), len(embedder), len(kept), len(self.embedding))
        head = _HEAD.pack(VERSION, self.at_s, *self.teaching.guilt, *suspicion, *lengths)
        parts = (head, actor, embedder, kept.astype("<u2").tobytes(), self.embedding.tobytes())
        return b"".join(parts)


def unpacked(data: bytes) -> Lesson:
    """Return the lesson that ``Lesson.packed`` wrote.

    Raises ``LessonUnreadable``.
    """
    try:
        version, at_s, spam, tone, spam_score, tone_score, *lengths = _HEAD.unpack_from(data)
    except struct.error as error:
        raise LessonUnreadable("too short") from error
    sizes = (lengths[0], lengths[1], 2 * lengths[2], lengths[3])
    if version != VERSION or len(data) != _HEAD.size + sum(sizes):
        raise LessonUnreadable("of another version, or damaged")
    actor, embedder, rows, embedding = _parted(data[_HEAD.size :], sizes)
    return Lesson(
        Teaching((spam, tone), (spam_score / 255, tone_score / 255)),
        np.frombuffer(rows, "<u2").astype(np.uint16),
        actor.decode("utf-8", "replace"),
        at_s,
        np.frombuffer(embedding, np.int8),
        embedder.decode("utf-8", "replace"),
    )


def squeezed(vector: NDArray[np.float32]) -> Embedding:
    """Return a vector's direction in int8; cosines stay within about 0.01."""
    largest = float(np.abs(vector).max(initial=0.0))
    return np.asarray(np.rint(vector * (127 / largest if largest else 0.0)), np.int8)


def _parted(data: bytes, sizes: tuple[int, ...]) -> list[bytes]:
    ends = np.cumsum(sizes).tolist()
    return [data[end - size : end] for end, size in zip(ends, sizes, strict=True)]

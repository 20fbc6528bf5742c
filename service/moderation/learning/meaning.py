"""Meaning: what a site learned of the encoder's embeddings, so that other words are known too.

Held against comments of the same site that were published: how far a comment stands out
from those, towards what was refused, is what counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from service.moderation.learning.lesson import Embedding, Lesson
from service.moderation.learning.teaching import CHARGES
from service.moderation.signal import Attribute

FEWEST_LESSONS = 5
FEWEST_ORDINARY = 60
"""With fewer there is nothing to hold a comment against, and words alone are learned."""

# Spam only. Of tone meaning knows too little: taught that a word about Islam is used for
# abuse, it takes 15 in 100 posts about Muslims for abuse, while words alone take fewer than 1.
TAUGHT = (Attribute.SPAM,)
# Where on the way from the ordinary to the refused a comment lies, each met for the first
# time: 0 at what 1 in 100 ordinary comments exceed, 1 at what 2 of 3 refused ones do, and
# no nearer to the ordinary than 1.6 times the way from its middle to its end. Of 62 written
# spam comments that the cascade publishes, 30 others that it holds lead to 37 in 100 (to none
# by words alone), at a cost of 2 in 1,000 of what looks like spam and is not
# (`python -m training.learning`).
_ORDINARY_END = 0.99
_REFUSED_START = 1 / 3
_FAR_OUT = 1.6
_LOG_ODDS_REFUSED = 3.0
_MOST_LOG_ODDS = 4.5
_LOOSENESS = 3.0
_MOST_ROUNDS = 12
_CLOSE_ENOUGH = 0.02
_ALIKE = 0.6

Floats = NDArray[np.float32]


class Embedder(Protocol):
    """Turn texts into embeddings; ``name`` changes with the model, empty where there is none."""

    @property
    def name(self) -> str:
        """Return which model makes the embeddings."""
        ...

    def embed(self, texts: Sequence[str]) -> Floats | None:
        """Return embeddings of unit length, (texts, width), or None when that fails."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Meaning:
    """Hold directions in the space of one ``embedder``, and the lessons' places in it.

    ``centre`` is the ordinary comments' mean, (width); ``directions`` is (charges, width),
    scaled so that a product with a centred embedding, less ``offsets``, goes from 0 where
    the ordinary ends to 1 among the refused. ``places`` are the lessons', (m, width),
    int8, all zero for one without.
    """

    embedder: str
    centre: Floats
    directions: Floats
    offsets: Floats
    places: NDArray[np.int8]

    def log_odds(self, vectors: Floats) -> NDArray[np.float64]:
        """Return how far each text is guilty of each charge, (texts, charges), at least 0.

        A row of zeros stands for a text without embedding: of it nothing is said.
        """
        share = centred(vectors, self.centre) @ self.directions.T - self.offsets
        odds = np.clip(_LOG_ODDS_REFUSED * share, 0.0, _MOST_LOG_ODDS)
        is_known = np.asarray(vectors.any(axis=1), np.float64)
        return np.asarray(odds * is_known[:, None], np.float64)

    def alike(self, vector: Floats) -> NDArray[np.bool_]:
        """Say which lessons mean much the same as a text."""
        if not vector.any():
            return np.zeros(len(self.places), bool)
        places = centred(self.places.astype(np.float32), self.centre)
        near = places @ centred(vector[None], self.centre)[0] >= _ALIKE
        return np.asarray(near & self.places.any(axis=1))


def similar(
    embeddings: NDArray[np.int8] | Floats, query: Floats, count: int
) -> list[tuple[int, float]]:
    """Return the ``count`` rows nearest to ``query`` in meaning, nearest first, with cosines."""
    rows = unit(np.asarray(embeddings, np.float32))
    cosines = rows @ unit(query[None])[0]
    nearest = np.argsort(-cosines, kind="stable")[:count]
    return [(int(row), float(cosines[row])) for row in nearest]


def learned(
    lessons: Sequence[Lesson], weights: NDArray[np.float64], ordinary: Floats, embedder: str
) -> Meaning | None:
    """Return what the embeddings of the lessons teach, or None where they are too few.

    ``weights`` is (lessons, charges), each lesson's weight at its age; ``ordinary`` are
    embeddings of published comments, (n, width).
    """
    if not embedder or len(ordinary) < FEWEST_ORDINARY:
        return None
    places = [_place(lesson, embedder, ordinary.shape[1]) for lesson in lessons]
    packed = np.array(places, np.int8).reshape(len(lessons), ordinary.shape[1])
    centre = ordinary.mean(axis=0)
    known = packed.any(axis=1)
    guilt = np.array([lesson.teaching.guilt for lesson in lessons]).reshape(-1, len(CHARGES))
    columns = [
        _direction(
            centred(packed[chosen].astype(np.float32), centre),
            guilt[chosen, charge],
            weights[chosen, charge],
            centred(ordinary, centre),
        )
        for charge, name in enumerate(CHARGES)
        for chosen in [known & (guilt[:, charge] != 0) & (name in TAUGHT)]
    ]
    if not any(direction.any() for direction, _ in columns):
        return None
    directions, offsets = zip(*columns, strict=True)
    return Meaning(
        embedder,
        centre.astype(np.float32),
        np.array(directions, np.float32),
        np.array(offsets, np.float32),
        packed,
    )


def centred(vectors: Floats, centre: Floats) -> Floats:
    """Return the directions of unit vectors as seen from ``centre``."""
    return unit(unit(vectors) - centre)


def unit(vectors: Floats) -> Floats:
    """Return the vectors at length 1; one of zeros stays so."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-9), np.float32)


def _place(lesson: Lesson, embedder: str, width: int) -> Embedding:
    is_known = lesson.embedder == embedder and len(lesson.embedding) == width
    return lesson.embedding if is_known else np.zeros(width, np.int8)


def _direction(
    places: Floats, guilt: NDArray[np.int64], weights: NDArray[np.float64], ordinary: Floats
) -> tuple[Floats, float]:
    """Return a direction and the offset of what is ordinary along it, zeros if not learned."""
    silent = np.zeros(ordinary.shape[1], np.float32), 0.0
    if np.count_nonzero(guilt > 0) < FEWEST_LESSONS:
        return silent
    rows = np.concatenate([places, ordinary])
    refused = np.append(guilt > 0, np.zeros(len(ordinary), bool))
    loads = np.append(weights, np.ones(len(ordinary)))
    unseen = _unseen_scores(rows, refused, loads)
    middle, low = np.quantile(unseen[len(guilt) :], (0.5, _ORDINARY_END)).tolist()
    refused_from = float(np.quantile(unseen[refused], _REFUSED_START))
    high = max(refused_from, middle + _FAR_OUT * (low - middle))
    direction = _regression(rows, refused, loads)
    return np.asarray(direction / (high - low), np.float32), low / (high - low)


def _unseen_scores(
    rows: Floats, refused: NDArray[np.bool_], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return each row's score by what the other half of the rows teaches."""
    scores = np.zeros(len(rows))
    for half in (0, 1):
        is_seen = np.arange(len(rows)) % 2 == half
        direction = _regression(rows[is_seen], refused[is_seen], weights[is_seen])
        scores[~is_seen] = rows[~is_seen] @ direction
    return scores


def _regression(
    rows: Floats, targets: NDArray[np.bool_], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return a weighted logistic regression's weights, by Newton's method, without its bias."""
    inputs = np.column_stack([rows, np.ones(len(rows))]).astype(np.float64)
    ridge = np.append(np.full(rows.shape[1], 1 / _LOOSENESS), 1e-6)
    found = np.zeros(inputs.shape[1])
    for _ in range(_MOST_ROUNDS):
        chances = 1 / (1 + np.exp(np.clip(-inputs @ found, -30, 30)))
        slope = inputs.T @ (weights * (chances - targets)) + ridge * found
        curve = (inputs * (weights * chances * (1 - chances))[:, None]).T @ inputs + np.diag(ridge)
        step = np.linalg.solve(curve, slope)
        found = found - step
        if np.abs(step).max() < _CLOSE_ENOUGH:
            break
    return np.asarray(found[:-1], np.float64)

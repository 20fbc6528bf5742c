"""Fitting: logistic regression of all attributes at once, by mini-batches of Adam."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, vstack

from service.moderation.models.features import DENSE, ROWS, Features, features
from service.moderation.models.weights import ATTRIBUTES, Floats
from service.moderation.text import Text

_CHUNK = 2048
_CLIP_QUANTILE = 0.9999


@dataclass(frozen=True, slots=True)
class Schedule:
    """Hold how long and how hard to fit; ``decay`` pulls weights to 0 (AdamW)."""

    epochs: int = 5
    batch: int = 1024
    rate: float = 0.02
    decay: float = 0.1
    seed: int = 20240229


@dataclass(slots=True)
class Parameters:
    """Hold the weights while they are fitted: hashed features, dense measures, biases."""

    table: Floats = field(default_factory=lambda: np.zeros((ROWS, len(ATTRIBUTES)), np.float32))
    dense: Floats = field(
        default_factory=lambda: np.zeros((len(DENSE) + 1, len(ATTRIBUTES)), np.float32)
    )


@dataclass(frozen=True, slots=True)
class Design:
    """Hold the features of n texts: ``sparse`` (n, rows), ``dense`` (n, measures + 1)."""

    sparse: csr_matrix
    dense: Floats

    @classmethod
    def of(cls, texts: Sequence[Text]) -> Design:
        """Return the design of ``texts``, scaled as ``LinearModel`` scales them."""
        chunks = [features(texts[i : i + _CHUNK]) for i in range(0, len(texts), _CHUNK)]
        sparse = vstack([_sparse(chunk) for chunk in chunks], "csr")
        dense = np.concatenate([chunk.dense for chunk in chunks])
        return cls(sparse, np.hstack([dense, np.ones((len(dense), 1), np.float32)]))

    def log_odds(self, parameters: Parameters) -> Floats:
        """Return the raw scores, (n, attributes)."""
        return np.asarray(self.sparse @ parameters.table + self.dense @ parameters.dense)

    def part(self, chosen: NDArray[np.int64]) -> Design:
        """Return the design of the texts at the indices ``chosen``."""
        return Design(self.sparse[chosen], self.dense[chosen])


def _sparse(found: Features) -> csr_matrix:
    """Return the hashed features of each text as counts over the root of their number."""
    chars, words = found.chars, found.words
    owners = np.concatenate(
        [
            np.tile(_owners(found.char_starts, chars.shape[1]), len(chars)),
            np.tile(_owners(found.word_starts, words.shape[1]), len(words)),
        ]
    )
    rows = np.concatenate([chars.ravel(), words.ravel()])
    owners, rows = owners[rows > 0], rows[rows > 0]
    values = (1 / np.sqrt(found.counts)).astype(np.float32)[owners]
    return csr_matrix((values, (owners, rows.astype(np.int32))), shape=(len(found), ROWS))


def _owners(starts: NDArray[np.int64], size: int) -> NDArray[np.int32]:
    return np.repeat(np.arange(len(starts), dtype=np.int32), np.diff(starts, append=size))


def fit(design: Design, targets: Floats, weights: Floats, schedule: Schedule) -> Parameters:
    """Return parameters that minimise the weighted log loss.

    ``targets`` and ``weights`` are (n, attributes); a weight of 0 leaves a target out.
    """
    parameters = Parameters()
    steps = _Adam(parameters.table), _Adam(parameters.dense)
    for chosen, rate in _batches(len(targets), schedule):
        part = design.part(chosen)
        errors = _errors(part.log_odds(parameters), targets[chosen], weights[chosen])
        steps[0].step(np.asarray(part.sparse.T @ errors), rate, schedule.decay)
        steps[1].step(part.dense.T @ errors, rate, 0.0)
    parameters.table[0] = 0
    return parameters


def _batches(count: int, schedule: Schedule) -> Iterator[tuple[NDArray[np.int64], float]]:
    """Yield the rows of each step, shuffled anew each epoch, and a rate falling to 0."""
    generator = np.random.default_rng(schedule.seed)
    total = schedule.epochs * -(-count // schedule.batch)
    done = 0
    for _ in range(schedule.epochs):
        order = generator.permutation(count)
        for start in range(0, count, schedule.batch):
            yield order[start : start + schedule.batch], schedule.rate * (1 - done / total)
            done += 1


def _errors(log_odds: Floats, targets: Floats, weights: Floats) -> Floats:
    probabilities = 1 / (1 + np.exp(-np.clip(log_odds, -30, 30)))
    return np.asarray((probabilities - targets) * weights / len(targets), np.float32)


class _Adam:
    """Update an array in place (Kingma and Ba, 2015; decay as Loshchilov and Hutter, 2019)."""

    def __init__(self, values: Floats) -> None:
        self._values = values
        self._mean = np.zeros_like(values)
        self._square = np.zeros_like(values)
        self._count = 0

    def step(self, gradient: Floats, rate: float, decay: float) -> None:
        """Move the values against ``gradient``."""
        self._count += 1
        self._mean += 0.1 * (gradient - self._mean)
        self._square += 0.001 * (gradient * gradient - self._square)
        mean = self._mean / (1 - 0.9**self._count)
        root = np.sqrt(self._square / (1 - 0.999**self._count))
        self._values -= rate * (mean / (root + 1e-8) + decay * self._values)


def quantised(table: Floats) -> tuple[NDArray[np.int8], Floats]:
    """Return ``table`` in 255 steps per attribute, and each attribute's step.

    The few weights beyond the 99.99th percentile are clipped: finer steps for the
    rest are worth more.
    """
    limits = np.quantile(np.abs(table[np.any(table != 0, axis=1)]), _CLIP_QUANTILE, axis=0)
    scales = np.maximum(limits / 127, 1e-12).astype(np.float32)
    return np.clip(np.rint(table / scales), -127, 127).astype(np.int8), scales

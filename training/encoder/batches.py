"""Batches of rows that are about as long as each other, padded to few lengths."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.encoder.source import PAD

# One program is compiled for each.
LENGTHS = (16, 24, 32, 48, 64, 96, 128)

Ids = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Padded:
    """Hold the rows at ``chosen``: ids and mask are (rows, length), the mask 0 on padding."""

    chosen: NDArray[np.int64]
    ids: Ids
    mask: Ids


def shuffled(ids: Sequence[Sequence[int]], size: int, seed: int) -> Iterator[Padded]:
    """Yield batches of exactly ``size`` rows, a few left out, in random order."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(ids))
    lengths = np.array([length_of(len(ids[i])) for i in order])
    batches: list[NDArray[np.int64]] = []
    for length in np.unique(lengths):
        rows = order[lengths == length]
        batches += [rows[i : i + size] for i in range(0, len(rows) - size + 1, size)]
    for index in rng.permutation(len(batches)):
        yield padded(ids, batches[index])


def in_order(ids: Sequence[Sequence[int]], size: int) -> Iterator[Padded]:
    """Yield all rows from the shortest to the longest, the last batches filled up by repeats."""
    lengths = np.array([length_of(len(row)) for row in ids])
    for length in np.unique(lengths):
        rows = np.flatnonzero(lengths == length)
        for start in range(0, len(rows), size):
            yield padded(ids, np.resize(rows[start : start + size], size))


def padded(ids: Sequence[Sequence[int]], chosen: NDArray[np.int64]) -> Padded:
    """Return the rows at ``chosen``, all padded to one of ``LENGTHS``."""
    length = length_of(max(len(ids[i]) for i in chosen))
    table = np.full((len(chosen), length), PAD, np.int32)
    mask = np.zeros((len(chosen), length), np.int32)
    for place, index in enumerate(chosen):
        row = ids[index]
        table[place, : len(row)] = row
        mask[place, : len(row)] = 1
    return Padded(chosen, table, mask)


def length_of(pieces: int) -> int:
    """Return the least of ``LENGTHS`` that holds ``pieces``."""
    return next(length for length in LENGTHS if length >= pieces)

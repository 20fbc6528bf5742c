"""Judged rows: what is judged, and what every contender made of it."""

from __future__ import annotations

import time
import zlib
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from service.moderation.models.weights import ATTRIBUTES
from service.moderation.signal import Attribute
from service.moderation.text import Text
from training.evaluation.contenders import Contender, Values
from training.rows import WORD_SOURCES, Row, read_rows, read_validation
from training.split import JUDGED, folds
from training.targets import LIFE_SHARES, targets_of, weights_of

MOST_OF_A_SOURCE = 300
"""So many rows of a source and language are judged: the encoder and the peers take long."""


@dataclass(frozen=True, slots=True)
class Judged:
    """Hold n rows, their targets, (n, ``ATTRIBUTES``), and each contender's scores of them.

    ``seconds``, (n,), is the processor time a contender took for a row: the mean of the
    neighbours of its source and language, which are judged together.
    """

    rows: Sequence[Row]
    targets: Values
    scores: Mapping[str, Values]
    seconds: Mapping[str, Values]

    @classmethod
    def of(cls, rows: Sequence[Row], contenders: Sequence[Contender]) -> Judged:
        """Return ``rows`` judged by ``contenders``."""
        targets = np.asarray(targets_of(rows), float)
        found = {each.name: _scored(rows, each) for each in contenders}
        scores = {name: values for name, (values, _) in found.items()}
        return cls(rows, targets, scores, {name: seconds for name, (_, seconds) in found.items()})

    def part(self, chosen: NDArray[np.bool_]) -> Judged:
        """Return the rows where ``chosen`` is true."""
        rows = [row for row, keep in zip(self.rows, chosen, strict=True) if keep]
        scores = {name: values[chosen] for name, values in self.scores.items()}
        seconds = {name: values[chosen] for name, values in self.seconds.items()}
        return Judged(rows, self.targets[chosen], scores, seconds)

    def where(self, holds: Callable[[Row], bool]) -> Judged:
        """Return the rows for which ``holds``."""
        return self.part(np.array([holds(row) for row in self.rows], bool))

    def knowing(self, attribute: Attribute) -> Judged:
        """Return the rows whose target of ``attribute`` is known."""
        return self.part(~np.isnan(self.targets[:, ATTRIBUTES.index(attribute)]))

    def weights(self, attribute: Attribute) -> Values:
        """Return how much each row counts where comments are as in life."""
        weights = weights_of(self.rows, self.targets.astype(np.float32), LIFE_SHARES)
        return np.asarray(weights[:, ATTRIBUTES.index(attribute)], float)


def origin_of(row: Row) -> tuple[str, str]:
    """Return the language and the source of ``row``."""
    return row.lang, row.source


def _scored(rows: Sequence[Row], contender: Contender) -> tuple[Values, Values]:
    """Return the scores of ``rows``, and the seconds each took."""
    contender.score(rows[:1])  # what is loaded once is no part of a speed
    parts = [list(part) for _, part in groupby(rows, origin_of)]
    scores, seconds = zip(*(_timed(part, contender) for part in parts), strict=True)
    return np.concatenate(scores), np.concatenate(seconds)


def _timed(rows: Sequence[Row], contender: Contender) -> tuple[Values, Values]:
    began = time.process_time()
    scores = contender.score(rows)
    return scores, np.full(len(rows), (time.process_time() - began) / len(rows))


def judged_rows(data: Path) -> list[Row]:
    """Return the sentences of the judged fold, and the French validation posts."""
    rows = read_rows(data)
    fold = folds(rows, [Text.of(row.text) for row in rows])
    kept = [row for row, number in zip(rows, fold, strict=True) if number == JUDGED]
    sentences = [row for row in kept if row.source not in WORD_SOURCES]
    return [*_some_of_each(sentences), *read_validation(data)]


def _some_of_each(rows: Sequence[Row]) -> list[Row]:
    """Return at most ``MOST_OF_A_SOURCE`` rows of each source and language, by their hash."""
    groups: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: zlib.crc32(row.text.encode("utf-8", "replace"))):
        groups[origin_of(row)].append(row)
    return [row for group in groups.values() for row in group[:MOST_OF_A_SOURCE]]

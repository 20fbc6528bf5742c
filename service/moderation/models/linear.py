"""The linear model: calibrated scores of texts, and which words they come from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from service.moderation.batch import Batch
from service.moderation.models import features
from service.moderation.models.condense import condensed, repeats
from service.moderation.models.features import CHAR_ORDERS, Features
from service.moderation.models.weights import (
    ANY_LANGUAGE,
    ATTRIBUTES,
    Floats,
    Weights,
    read,
)
from service.moderation.models.windows import windows
from service.moderation.signal import Attribute, Span
from service.moderation.text import Text, without

SHIPPED = Path(__file__).with_name("linear.weights")


@dataclass(frozen=True, slots=True)
class Contribution:
    """Say how far one word of the original moves a score, in log-odds before calibration."""

    span: Span
    amount: float


@dataclass(frozen=True, eq=False)
class LinearModel:
    """Score texts by a weighted sum of their features."""

    weights: Weights

    @classmethod
    def load(cls, path: Path = SHIPPED) -> LinearModel:
        """Return the model at ``path``; raise ``ModelBroken`` when it cannot be used."""
        return cls(read(path))

    def scores(self, texts: Sequence[Text], langs: Sequence[str]) -> Floats:
        """Return calibrated probabilities, (texts, ``ATTRIBUTES``), each 0..1.

        ``langs`` are ISO 639-1 codes, one per text; an empty or unknown one takes the
        calibration of all languages.
        """
        if not texts:
            return np.zeros((0, len(ATTRIBUTES)), np.float32)
        slopes, offsets = self._curves(langs)
        return _sigmoid(slopes * self.log_odds(texts) + offsets)

    def batch_scores(self, batch: Batch) -> Floats:
        """Return the scores of ``batch``; share them between checks by ``Batch.once``."""
        return self.scores(batch.texts, batch.langs)

    def log_odds(self, texts: Sequence[Text]) -> Floats:
        """Return scores before calibration, (texts, ``ATTRIBUTES``).

        What a text repeats on end is read twice at most. A long text's is the mean of the
        whole's and its worst window's.
        """
        cuts = [repeats(text.original) for text in texts]
        pieces = [
            windows(without(text.original, cut)) for text, cut in zip(texts, cuts, strict=True)
        ]
        texts = [
            condensed(text, cut) if cut else text for text, cut in zip(texts, cuts, strict=True)
        ]
        parts = Text.each([part for found in pieces for part in found])
        scores = self._weighed(features.features([*texts, *parts]))
        if not parts:
            return scores
        owners = np.repeat(np.arange(len(texts)), [len(found) for found in pieces])
        whole, worst = scores[: len(texts)], scores[: len(texts)].copy()
        worst[owners] = -np.inf
        np.maximum.at(worst, owners, scores[len(texts) :])
        return np.asarray((whole + worst) / 2, np.float32)

    def _weighed(self, found: Features) -> Floats:
        """Return the weighted sum of the features of each text."""
        sums = _chars_sums(self.weights.table, found) + _word_sums(self.weights.table, found)
        mean = sums * self.weights.scales / np.sqrt(found.counts)[:, None]
        scores = mean + found.dense @ self.weights.dense + self.weights.biases
        return scores.astype(np.float32)

    def has_learned(self, lang: str) -> bool:
        """Tell whether labelled sentences in ``lang``, or of no known language, trained it."""
        return not lang or lang[:2].lower() in self.weights.calibration

    def explain(self, text: Text, attribute: Attribute) -> list[Contribution]:
        """Return what each word of ``text`` adds to ``attribute``, in reading order."""
        found = features.features([text])
        column = ATTRIBUTES.index(attribute)
        by_char = _char_amounts(self.weights.table[:, column], found)
        by_word = _word_amounts(self.weights.table[:, column], found)
        scale = float(self.weights.scales[column] / np.sqrt(found.counts[0]))
        offsets = text.revealed_offsets()
        return [
            Contribution(
                offsets.span(start, end), scale * (float(by_char[start:end].sum()) + amount)
            )
            for (start, end), amount in zip(
                features.word_stretches(text), by_word.tolist(), strict=True
            )
        ]

    def _curves(self, langs: Sequence[str]) -> tuple[Floats, Floats]:
        """Return the slopes and offsets of the calibration for each text, (texts, attributes)."""
        calibration = self.weights.calibration
        general = calibration[ANY_LANGUAGE]
        curves = np.array([calibration.get(lang[:2].lower(), general) for lang in langs])
        return curves[:, 0], curves[:, 1]


@lru_cache(maxsize=1)
def shipped_model() -> LinearModel:
    """Return the model that ships with the package, loaded once."""
    return LinearModel.load()


def _sigmoid(values: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.maximum(values, -30))), np.float32)


def _taken(table: NDArray[np.int8], rows: NDArray[np.uint32]) -> NDArray[np.int16]:
    """Return the sum over the lines of ``rows``, (lines, columns), of what the table holds there.

    Eight attributes of one byte move as one number: 3 times faster.
    """
    taken = table.view(np.uint64).ravel().take(rows).view(np.int8)
    sums: NDArray[np.int16] = taken.reshape(*rows.shape, -1).sum(axis=0, dtype=np.int16)
    return sums


def _chars_sums(table: NDArray[np.int8], found: Features) -> NDArray[np.int32]:
    total = _taken(table, found.chars)
    return np.add.reduceat(total, found.char_starts, axis=0, dtype=np.int32)


def _word_sums(table: NDArray[np.int8], found: Features) -> NDArray[np.int32]:
    ends = np.concatenate((found.word_starts[1:], [found.words.shape[1]]))
    filled = ends > found.word_starts
    if filled.all():
        return _sums_from(table, found, found.word_starts)
    sums = np.zeros((len(found), table.shape[1]), np.int32)
    if filled.any():
        sums[filled] = _sums_from(table, found, found.word_starts[filled])
    return sums


def _sums_from(
    table: NDArray[np.int8], found: Features, starts: NDArray[np.int64]
) -> NDArray[np.int32]:
    return np.add.reduceat(_taken(table, found.words), starts, axis=0, dtype=np.int32)


def _char_amounts(column: NDArray[np.int8], found: Features) -> NDArray[np.float64]:
    """Return the weight each character of the one text carries: its share of its n-grams."""
    size = found.chars.shape[1]
    amounts = np.zeros(size + max(CHAR_ORDERS))
    for order, rows in zip(CHAR_ORDERS, found.chars, strict=True):
        for step in range(order):
            amounts[step : step + size] += column[rows] / order
    return amounts[1:size]


def _word_amounts(column: NDArray[np.int8], found: Features) -> NDArray[np.float64]:
    """Return the weight of each word of the one text, and half of that of its pairs."""
    singles, pairs = column[found.words].astype(np.float64)
    amounts: NDArray[np.float64] = singles + pairs / 2
    amounts[1:] += pairs[:-1] / 2
    return amounts

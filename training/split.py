"""Folds: which rows train, which calibrate, which judge; alike texts never part."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from service.moderation.models.features import features
from service.moderation.text import Text
from training.rows import Row

FOLDS = 10
JUDGED, CALIBRATED = 0, 1

_BANDS = 6
_HASHES_A_BAND = 5
# Texts of fewer words share a band too easily: those only fall with their exact copies.
_MIN_WORDS = 6
_NOT_A_WORD = re.compile(r"[\W\d_]+")


def folds(rows: Sequence[Row], texts: Sequence[Text]) -> NDArray[np.int64]:
    """Return a fold, 0..``FOLDS`` - 1, per row.

    Rows of one block, and texts that share a band of min-hashes over their words
    (Broder, 1997; 67% of pairs at Jaccard 0.7, 99% at 0.9), fall together. The
    fold is a hash of the group's smallest normalised text: it does not depend on
    order.
    """
    groups = _Groups(len(rows))
    names = [_NOT_A_WORD.sub(" ", text.revealed).strip() for text in texts]
    for keys in _keys(rows, names, texts):
        groups.join_all(keys)
    return groups.folds(names)


def rows_that_teach(
    rows: Sequence[Row], texts: Sequence[Text], fold: NDArray[np.int64], beside: Sequence[Row]
) -> tuple[list[Row], list[Text]]:
    """Return the rows of the folds that are not kept, and those ``beside``, with their texts.

    Of those beside only what is ``apart`` from the rows kept.
    """
    is_kept = np.isin(fold, (JUDGED, CALIBRATED))
    kept, chosen = np.flatnonzero(is_kept).tolist(), np.flatnonzero(~is_kept).tolist()
    more = [Text.of(row.text) for row in beside]
    apart_ones = apart(beside, more, [rows[i] for i in kept], [texts[i] for i in kept])
    return (
        [*(rows[i] for i in chosen), *(beside[i] for i in apart_ones)],
        [*(texts[i] for i in chosen), *(more[i] for i in apart_ones)],
    )


def apart(
    rows: Sequence[Row], texts: Sequence[Text], kept: Sequence[Row], kept_texts: Sequence[Text]
) -> list[int]:
    """Return the indices of the ``rows`` that resemble none of ``kept``, as ``folds`` sees it.

    Rows without labels come beside the folds, not into them: they would join groups and
    move labelled rows from one fold to another.
    """
    if not rows:
        return []
    together = [*rows, *kept]
    every = [*texts, *kept_texts]
    names = [_NOT_A_WORD.sub(" ", text.revealed).strip() for text in every]
    alike: set[int] = set()
    for keys in _keys(together, names, every):
        taken = {key for key in keys[len(rows) :] if key is not None}
        alike |= {index for index, key in enumerate(keys[: len(rows)]) if key in taken}
    return [index for index in range(len(rows)) if index not in alike]


def _keys(
    rows: Sequence[Row], names: Sequence[str], texts: Sequence[Text]
) -> Iterable[Sequence[object]]:
    yield names
    yield [row.block or None for row in rows]
    for band in _bands(texts).T:
        yield [value or None for value in band.tolist()]


def _bands(texts: Sequence[Text]) -> NDArray[np.uint64]:
    """Return, per text and band, a number that alike texts share; 0 for none."""
    found = features(texts)
    ends = np.append(found.word_starts[1:], found.words.shape[1])
    filled = ends - found.word_starts >= _MIN_WORDS
    bands = np.zeros((len(texts), _BANDS), np.uint64)
    if filled.any():
        for band in range(_BANDS):
            bands[filled, band] = _band(found.words[0], found.word_starts, filled, band)
    return bands


def _band(
    words: NDArray[np.uint32], starts: NDArray[np.int64], filled: NDArray[np.bool_], band: int
) -> NDArray[np.uint64]:
    value = np.zeros(int(filled.sum()), np.uint64)
    for which in range(_HASHES_A_BAND):
        salt = np.uint64(band * _HASHES_A_BAND + which + 1)
        smallest = np.minimum.reduceat(
            _mixed(words.astype(np.uint64), salt), _clipped(starts, words)
        )
        value = _mixed(value ^ smallest[filled], salt)
    return value


def _clipped(starts: NDArray[np.int64], words: NDArray[np.uint32]) -> NDArray[np.int64]:
    return np.minimum(starts, len(words) - 1)


def _mixed(values: NDArray[np.uint64], salt: np.uint64) -> NDArray[np.uint64]:
    values = (values + salt) * np.uint64(0x9E3779B97F4A7C15)
    values ^= values >> np.uint64(29)
    values *= np.uint64(0xBF58476D1CE4E5B9)
    return np.asarray(values ^ (values >> np.uint64(32)))


class _Groups:
    """Join indices that share a key into groups (union-find)."""

    def __init__(self, size: int) -> None:
        self._parents = list(range(size))

    def join_all(self, keys: Sequence[object]) -> None:
        """Join the indices whose key is the same and not None."""
        first: dict[object, int] = {}
        for index, key in enumerate(keys):
            if key is not None:
                self._join(index, first.setdefault(key, index))

    def folds(self, names: Sequence[str]) -> NDArray[np.int64]:
        """Return the fold of each index's group, named by its smallest member's name."""
        roots = [self._root(index) for index in range(len(names))]
        smallest: dict[int, str] = {}
        for root, name in zip(roots, names, strict=True):
            smallest[root] = min(name, smallest.get(root, name))
        return np.array([_fold(smallest[root]) for root in roots])

    def _root(self, index: int) -> int:
        while self._parents[index] != index:
            self._parents[index] = self._parents[self._parents[index]]
            index = self._parents[index]
        return index

    def _join(self, one: int, other: int) -> None:
        self._parents[self._root(one)] = self._root(other)


def _fold(name: str) -> int:
    return int.from_bytes(blake2b(name.encode("utf-8", "replace"), digest_size=4).digest()) % FOLDS

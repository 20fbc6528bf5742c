"""Duplicates: a text that stands on the site already, word for word or nearly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from service.moderation.batch import Batch, Recent
from service.moderation.comment import Case
from service.moderation.fingerprint import distances, key64
from service.moderation.signal import Attribute, Evidence, Signal

# Of pairs among 12,000 sentences and posts 3 in 10 million come this close; of comments of
# 160 to 400 characters with one word changed 87 in 100 (60 to 160 characters: 64).
_NEAR_BITS = 10
_LONG_CHARS = 60
_OTHER_AUTHOR = 0.75
_OTHER_AUTHOR_SHORT = 0.45
_SAME_AUTHOR = 0.4
# How much a text that is only alike counts, against one that is the same.
_NEAR_FACTOR = 0.65
# Each further copy removes this share of the remaining doubt.
_PER_COPY = 0.25
_MAX_COPIES = 8


@dataclass(frozen=True, slots=True)
class _Copies:
    """Hold how many earlier comments say the same, say nearly the same, are by others."""

    same: int
    near: int
    is_by_others: bool


_NONE = _Copies(0, 0, False)


class Duplicates:
    """Compare each comment with the site's rolling window and with earlier ones of its batch.

    Two comments without an author's key pass for one author's: the benefit of the doubt.
    """

    name = "spam.duplicates"

    def review(self, batch: Batch) -> Sequence[Sequence[Signal]]:
        """Return the signals of each case, in order."""
        known = _known(batch)
        first = len(known.ids) - len(batch)
        return [self._look(case, known, first + index) for index, case in enumerate(batch.cases)]

    def _look(self, case: Case, known: Recent, place: int) -> Sequence[Signal]:
        copies = _copies(known, place)
        if not copies.same + copies.near:
            return ()
        code = "duplicate.same" if copies.same else "duplicate.near"
        evidence = Evidence(code, {"times": copies.same + copies.near})
        score = _score(copies, len(case.comment.content))
        return (Signal(self.name, Attribute.SPAM, score, evidence=(evidence,)),)


def _known(batch: Batch) -> Recent:
    """Return the window followed by the batch, without the batch's own earlier traces."""
    ids = np.array([key64(case.comment.id) for case in batch.cases], np.uint64)
    authors = np.array([key64(case.facts.author_key) for case in batch.cases], np.uint64)
    recent = batch.recent
    others = ~np.isin(recent.ids, ids)
    return Recent(
        np.concatenate([recent.fingerprints[others], batch.fingerprints]),
        np.concatenate([recent.ids[others], ids]),
        np.concatenate([recent.authors[others], authors]),
    )


def _copies(known: Recent, place: int) -> _Copies:
    """Count what stands before ``place`` and resembles what stands there."""
    fingerprint = known.fingerprints[place]
    if not fingerprint:
        return _NONE
    earlier = known.fingerprints[:place]
    bits = distances(fingerprint, earlier)
    alike = np.flatnonzero(bits <= _NEAR_BITS)
    if not alike.size:
        return _NONE
    alike = alike[(earlier[alike] != 0) & (known.ids[alike] != known.ids[place])]
    return _counted(bits[alike], known.authors[alike] != known.authors[place])


def _counted(bits: NDArray[np.uint8], by_others: NDArray[np.bool_]) -> _Copies:
    same = int(np.count_nonzero(bits == 0))
    return _Copies(same, len(bits) - same, bool(by_others.any()))


def _score(copies: _Copies, length: int) -> float:
    base = _base(copies.is_by_others, length)
    if not copies.same:
        base *= _NEAR_FACTOR
    more = min(copies.same + copies.near, _MAX_COPIES) - 1
    return 1.0 - (1.0 - base) * (1.0 - _PER_COPY) ** more


def _base(is_by_others: bool, length: int) -> float:
    if not is_by_others:
        return _SAME_AUTHOR
    return _OTHER_AUTHOR if length >= _LONG_CHARS else _OTHER_AUTHOR_SHORT

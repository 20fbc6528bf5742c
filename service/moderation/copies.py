"""Copies: which earlier comments say what a comment says, word for word or nearly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from service.moderation.batch import Batch, Recent
from service.moderation.fingerprint import SIZE, shared

CAMPAIGN = "duplicate.campaign"
"""The evidence that a comment and the copies before it are one campaign."""

# 14 samples of 32 stand for about 0.44 of the words in common. Copies of 1,100 templates with
# other names, numbers and links and none to two other words share as many in 96 pairs of 100
# (60 to 100 characters: 85); of pairs among 10,000 unrelated sentences 2 in a million do, most
# of which are the same sentence after all.
_ALIKE = 14


@dataclass(frozen=True, slots=True)
class Copies:
    """Hold the earlier comments that are like one, oldest first.

    ``same`` counts those that are the same word for word; ``likeness``, 0..1, is how
    close the closest comes; ``pages`` counts the pages on which all of them stand,
    this one's included.
    """

    ids: tuple[str, ...] = ()
    same: int = 0
    likeness: float = 0.0
    is_by_others: bool = False
    pages: int = 1


_NONE = Copies()


def find_copies(batch: Batch) -> list[Copies]:
    """Return each case's copies in the site's window and earlier in the batch."""
    known = batch.recent.then(batch.traces)
    first = len(known.ids) - len(batch)
    return [_copies(known, first + index) for index in range(len(batch))]


def _copies(known: Recent, place: int) -> Copies:
    fingerprint = known.fingerprints[place]
    if not fingerprint.any():
        return _NONE
    samples = shared(fingerprint, known.fingerprints[:place])
    alike = np.flatnonzero(samples >= _ALIKE)
    alike = alike[[known.ids[index] != known.ids[place] for index in alike]]
    return _counted(known, place, alike, samples[alike]) if alike.size else _NONE


def _counted(
    known: Recent, place: int, alike: NDArray[np.intp], samples: NDArray[np.uint8]
) -> Copies:
    return Copies(
        ids=tuple(known.ids[index] for index in alike),
        same=int(np.count_nonzero(samples == SIZE)),
        likeness=float(samples.max()) / SIZE,
        is_by_others=bool((known.authors[alike] != known.authors[place]).any()),
        pages=len({*known.pages[alike].tolist(), int(known.pages[place])}),
    )

"""Copies: which earlier comments say what a comment says, word for word or nearly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from service.moderation.batch import Batch, Recent
from service.moderation.fingerprint import SIZE, fingerprints, shared
from service.moderation.text import Text

CAMPAIGN = "duplicate.campaign"
"""The evidence that a comment and the copies before it are one campaign."""

# 14 samples of 32 stand for about 0.44 of the words in common. Copies of 1,100 templates with
# other names, numbers and links and none to two other words share as many in 96 pairs of 100
# (60 to 100 characters: 85); of pairs among 10,000 unrelated sentences 2 in a million do, most
# of which are the same sentence after all.
_ALIKE = 14
# Compared together: with a window of 1,000 that is 1 MB.
_AT_ONCE = 32


@dataclass(frozen=True, slots=True)
class Copies:
    """Hold the site's earlier comments that are like one, oldest first.

    ``elsewhere`` counts more of them on the operator's other sites. ``same`` counts those
    that are the same word for word; ``likeness``, 0..1, is how close the closest comes;
    ``pages`` counts the pages on which all of them stand, this one's included, and another
    site for one.
    """

    ids: tuple[str, ...] = ()
    elsewhere: int = 0
    same: int = 0
    likeness: float = 0.0
    is_by_others: bool = False
    pages: int = 1

    @property
    def times(self) -> int:
        """Return how many there are, here and elsewhere."""
        return len(self.ids) + self.elsewhere


_NONE = Copies()


def find_copies(batch: Batch) -> list[Copies]:
    """Return each case's copies in the site's window and earlier in the batch."""
    known = batch.recent.then(batch.traces)
    first = len(known.ids) - len(batch)
    return _found(known, known, list(range(first, len(known.ids))), first)


def find_everywhere(batch: Batch) -> list[Copies]:
    """Return each case's copies on the site, with those on the operator's other sites counted."""
    here, others = batch.once(find_copies), batch.elsewhere
    if not others.ids:
        return here
    found = _found(batch.traces, others, [len(others.ids)] * len(here), 0)
    return [_joined(own, there) for own, there in zip(here, found, strict=True)]


def _found(of: Recent, among: Recent, ends: Sequence[int], first: int) -> list[Copies]:
    """Return, for each trace from the ``first`` on, its copies ``among`` those before its end."""
    found = [_NONE] * len(ends)
    for start in range(0, len(ends), _AT_ONCE):
        few = ends[start : start + _AT_ONCE]
        if not few[-1]:
            continue
        begin = first + start
        prints = of.fingerprints[begin : begin + len(few), None]
        rows, columns = (shared(prints, among.fingerprints[: few[-1]]) >= _ALIKE).nonzero()
        is_before = columns < np.array(few)[rows]
        for row in np.unique(rows[is_before]).tolist():
            found[start + row] = _copies(of, begin + row, among, few[row])
    return found


def copies_of(content: str, among: Recent) -> tuple[str, ...]:
    """Return which of the comments in ``among`` say what ``content`` says, oldest first."""
    fingerprint = fingerprints([Text.of(content).plain])[0]
    if not fingerprint.any() or not among.ids:
        return ()
    alike = np.flatnonzero(shared(fingerprint, among.fingerprints) >= _ALIKE)
    return tuple(among.ids[index] for index in alike)


def _copies(of: Recent, place: int, among: Recent, end: int) -> Copies:
    """Return what the first ``end`` traces hold of copies of the one at ``place``."""
    fingerprint = of.fingerprints[place]
    if not fingerprint.any():
        return _NONE
    samples = shared(fingerprint, among.fingerprints[:end])
    alike = np.flatnonzero(samples >= _ALIKE)
    alike = alike[[among.ids[index] != of.ids[place] for index in alike]]
    if not alike.size:
        return _NONE
    samples = samples[alike]
    return Copies(
        ids=tuple(among.ids[index] for index in alike),
        same=int(np.count_nonzero(samples == SIZE)),
        likeness=float(samples.max()) / SIZE,
        is_by_others=bool((among.authors[alike] != of.authors[place]).any()),
        pages=len({*among.pages[alike].tolist(), int(of.pages[place])}),
    )


def _joined(here: Copies, there: Copies) -> Copies:
    return Copies(
        here.ids,
        len(there.ids),
        here.same + there.same,
        max(here.likeness, there.likeness),
        here.is_by_others or there.is_by_others,
        here.pages + there.pages - 1,
    )

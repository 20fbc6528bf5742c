"""The skim: what a text's pieces weigh by themselves, before the network reads them in order.

A table with a weight for each piece of the vocabulary and attribute, fitted to what the network
makes of whole texts (``training/encoder/skim.py``). Looking it up costs a fiftieth of a reading.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, chain
from pathlib import Path

import numpy as np

from service.moderation.models.weights import ATTRIBUTES, Floats, ModelBroken


@dataclass(frozen=True, eq=False, slots=True)
class Skim:
    """Foretell the network's log-odds of a text.

    ``pieces`` are (vocabulary, ``ATTRIBUTES``), what each piece adds to the mean; ``linear``,
    (``ATTRIBUTES``, ``ATTRIBUTES``), is how much the linear model's log-odds say, and ``offset``
    what is said of every text.
    """

    pieces: Floats
    linear: Floats
    offset: Floats

    @classmethod
    def load(cls, path: Path) -> Skim:
        """Return the skim in an ``.npz`` file; raise ``ModelBroken`` when it cannot be used."""
        try:
            with np.load(path, allow_pickle=False) as file:
                found = cls(*(file[name].astype(np.float32) for name in cls.__slots__))
        except (OSError, ValueError, KeyError) as error:
            raise ModelBroken(f"{path.name} is no skim that can be read") from error
        found._check(path.name)
        return found

    def save(self, path: Path) -> None:
        """Write it, the pieces at half precision."""
        np.savez(
            path,
            pieces=self.pieces.astype(np.float16),
            linear=self.linear,
            offset=self.offset,
        )

    def log_odds(self, rows: Sequence[Sequence[int]], linear: Floats) -> Floats:
        """Return what to expect of the network before calibration, (rows, ``ATTRIBUTES``).

        ``rows`` are token ids, none empty; ``linear`` the linear model's log-odds of each
        row's text.
        """
        if not rows:
            return np.zeros((0, len(ATTRIBUTES)), np.float32)
        lengths = [len(row) for row in rows]
        starts = list(accumulate(lengths[:-1], initial=0))
        ids = np.fromiter(chain.from_iterable(rows), np.int64, sum(lengths))
        sums = np.add.reduceat(self.pieces.take(ids, axis=0), starts, axis=0)
        means = sums / np.array(lengths, np.float32)[:, None]
        return np.asarray(means + linear @ self.linear + self.offset, np.float32)

    def _check(self, name: str) -> None:
        width = len(ATTRIBUTES)
        shapes = (self.pieces.shape[1:], self.linear.shape, self.offset.shape)
        if shapes != ((width,), (width, width), (width,)):
            raise ModelBroken(f"{name} has the wrong shape")

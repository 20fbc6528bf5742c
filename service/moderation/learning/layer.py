"""The site's layer: what was learned, in the form in which a worker asks it."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from service.moderation.learning.fit import fit
from service.moderation.learning.lesson import Lesson
from service.moderation.learning.teaching import CHARGES
from service.moderation.learning.traits import TRAITS, VERSION, Rows, Traits

_ALIKE = 0.5
"""Lessons that share this much of what tells a comment count as resembling it."""


class LayerUnreadable(ValueError):
    """Say that a stored layer is damaged or of another version; it is to be made again."""


@dataclass(frozen=True, slots=True, eq=False)
class SiteLayer:
    """Hold what one site has learned: m lessons, and weights made of them.

    ``tables`` is (charges, traits) in log-odds; ``guilt`` is (m, charges), each -1, 0 or 1;
    ``taught`` are the lessons' traits.
    """

    tables: NDArray[np.float16]
    guilt: NDArray[np.int8]
    taught: Traits

    @classmethod
    def learned(cls, lessons: Sequence[Lesson], ordinary: Traits, now_s: float) -> SiteLayer:
        """Return the layer that the lessons make; the same lessons make the same layer."""
        guilt = np.array([item.teaching.guilt for item in lessons], np.int8)
        return cls(
            fit(lessons, ordinary, now_s),
            guilt.reshape(len(lessons), len(CHARGES)),
            Traits.joined([item.traits for item in lessons]),
        )

    def log_odds(self, texts: Traits) -> NDArray[np.float64]:
        """Return how far each text is guilty of each charge, (texts, charges), below 0 innocent."""
        sums = [texts.sums(table[texts.rows].astype(np.float64)) for table in self.tables]
        return np.stack(sums, axis=1)

    def alike(self, rows: Rows, charge: int, guilt: int) -> int:
        """Return how many lessons of that ``guilt`` share most of what speaks for it."""
        amounts = np.zeros(TRAITS)
        amounts[rows] = np.maximum(guilt * self.tables[charge][rows], 0)
        shared = self.taught.sums(amounts[self.taught.rows])
        is_alike = shared >= _ALIKE * amounts.sum()
        return int(np.count_nonzero(is_alike & (self.guilt[:, charge] == guilt) & (shared > 0)))

    def packed(self) -> bytes:
        """Return the layer as it is stored: compressed arrays, nothing in them that could run."""
        file = io.BytesIO()
        np.savez_compressed(
            file,
            version=np.array([VERSION]),
            tables=self.tables,
            guilt=self.guilt,
            rows=self.taught.rows,
            starts=self.taught.starts.astype(np.uint32),
        )
        return file.getvalue()

    @classmethod
    def unpacked(cls, data: bytes) -> SiteLayer:
        """Return the layer that ``packed`` wrote.

        Raises ``LayerUnreadable``.
        """
        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as found:
                arrays = {name: found[name] for name in found.files}
            if arrays["version"].tolist() != [VERSION]:
                raise LayerUnreadable("of another version")
            taught = Traits(arrays["rows"], arrays["starts"].astype(np.int64))
            return cls(arrays["tables"], arrays["guilt"], taught)
        except (BadZipFile, KeyError, OSError, ValueError) as error:
            raise LayerUnreadable(str(error)) from error

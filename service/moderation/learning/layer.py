"""The site's layer: what was learned, in the form in which a worker asks it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.moderation.learning import arrays
from service.moderation.learning import meaning as meanings
from service.moderation.learning.fit import decayed, fit
from service.moderation.learning.lesson import Lesson
from service.moderation.learning.meaning import Meaning
from service.moderation.learning.ordinary import Ordinary
from service.moderation.learning.teaching import CHARGES
from service.moderation.learning.traits import TRAITS, Rows, Traits

_ALIKE = 0.5
"""Lessons that share this much of what tells a comment count as resembling it."""


class LayerUnreadable(ValueError):
    """Say that a stored layer is damaged or of another version; it is to be made again."""


@dataclass(frozen=True, slots=True, eq=False)
class SiteLayer:
    """Hold what one site has learned: m lessons, and weights made of them.

    ``tables`` is (charges, traits) in log-odds; ``guilt`` is (m, charges), each -1, 0 or 1;
    ``taught`` are the lessons' traits; ``meaning`` is None where no encoder took part.
    """

    tables: NDArray[np.float16]
    guilt: NDArray[np.int8]
    taught: Traits
    meaning: Meaning | None = None

    @classmethod
    def learned(cls, lessons: Sequence[Lesson], ordinary: Ordinary, now_s: float) -> SiteLayer:
        """Return the layer that the lessons make; the same lessons make the same layer."""
        guilt = np.array([item.teaching.guilt for item in lessons], np.int8)
        weights = [np.multiply(item.teaching.weights, decayed(item, now_s)) for item in lessons]
        return cls(
            fit(lessons, ordinary.traits, now_s),
            guilt.reshape(len(lessons), len(CHARGES)),
            Traits.joined([item.traits for item in lessons]),
            meanings.learned(
                lessons,
                np.array(weights).reshape(len(lessons), len(CHARGES)),
                meanings.unit(ordinary.embeddings.astype(np.float32)),
                ordinary.embedder,
            ),
        )

    def log_odds(self, texts: Traits) -> NDArray[np.float64]:
        """Return how far each text's words speak for each charge, (texts, charges).

        Below 0 they speak for innocence.
        """
        sums = [texts.sums(table[texts.rows].astype(np.float64)) for table in self.tables]
        return np.stack(sums, axis=1)

    def alike(self, rows: Rows, charge: int, guilt: int) -> NDArray[np.bool_]:
        """Say which lessons of that ``guilt`` share most of what speaks for it."""
        amounts = np.zeros(TRAITS)
        amounts[rows] = np.maximum(guilt * self.tables[charge][rows].astype(np.float64), 0)
        shared = self.taught.sums(amounts[self.taught.rows])
        is_alike = (shared >= _ALIKE * amounts.sum()) & (shared > 0)
        return np.asarray(is_alike & (self.guilt[:, charge] == guilt))

    def packed(self) -> bytes:
        """Return the layer as it is stored."""
        return arrays.packed(
            {
                "tables": self.tables,
                "guilt": self.guilt,
                "rows": self.taught.rows,
                "starts": self.taught.starts.astype(np.uint32),
                **_meaning_arrays(self.meaning),
            }
        )

    @classmethod
    def unpacked(cls, data: bytes) -> SiteLayer:
        """Return the layer that ``packed`` wrote.

        Raises ``LayerUnreadable``.
        """
        try:
            found = arrays.unpacked(data)
            taught = Traits(found["rows"], found["starts"].astype(np.int64))
            return cls(found["tables"], found["guilt"], taught, _meaning_from(found))
        except (arrays.ArraysUnreadable, KeyError) as error:
            raise LayerUnreadable(str(error)) from error


def _meaning_arrays(meaning: Meaning | None) -> dict[str, Any]:
    if meaning is None:
        return {}
    return {
        "embedder": np.array([meaning.embedder]),
        "centre": meaning.centre,
        "directions": meaning.directions,
        "offsets": meaning.offsets,
        "places": meaning.places,
    }


def _meaning_from(found: dict[str, Any]) -> Meaning | None:
    if "embedder" not in found:
        return None
    names = ("centre", "directions", "offsets", "places")
    return Meaning(str(found["embedder"][0]), *(found[name] for name in names))

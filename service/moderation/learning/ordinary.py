"""What is ordinary on a site: comments it published without ado, as hashes and embeddings."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from service.moderation.learning import arrays
from service.moderation.learning.frequencies import rarest
from service.moderation.learning.lesson import MOST_TRAITS, squeezed
from service.moderation.learning.traits import Traits

_NO_EMBEDDINGS: NDArray[np.int8] = np.zeros((0, 0), np.int8)


@dataclass(frozen=True, slots=True, eq=False)
class Ordinary:
    """Hold n comments: their ids, their traits, and their embeddings, (n, width) or empty."""

    ids: tuple[str, ...] = ()
    traits: Traits = field(default_factory=lambda: Traits.joined([]))
    embeddings: NDArray[np.int8] = field(default_factory=lambda: _NO_EMBEDDINGS)
    embedder: str = ""

    @classmethod
    def of(
        cls, ids: Sequence[str], traits: Traits, vectors: NDArray[np.float32] | None, embedder: str
    ) -> Ordinary:
        """Return the comments with only as much of each as is kept."""
        rows = [rarest(traits.of(index), MOST_TRAITS) for index in range(len(ids))]
        if vectors is None or not embedder:
            return cls(tuple(ids), Traits.joined(rows))
        squeezed_rows = np.array([squeezed(vector) for vector in vectors], np.int8)
        return cls(tuple(ids), Traits.joined(rows), squeezed_rows, embedder)

    @classmethod
    def mixed(cls, parts: Sequence[Ordinary], most: int) -> Ordinary:
        """Return at most ``most`` comments of several sites, as many of each.

        Embeddings by several encoders cannot be held against each other: then there are none.
        """
        each = most // max(len(parts), 1)
        taken = [part.at(range(min(len(part.ids), each))) for part in parts]
        taken = [part for part in taken if part.ids]
        embedders = {part.embedder for part in taken}
        mixed = cls(
            tuple(name for part in taken for name in part.ids),
            Traits.joined([part.traits.of(n) for part in taken for n in range(len(part.ids))]),
        )
        if len(embedders) != 1 or embedders == {""}:
            return mixed
        vectors = np.concatenate([part.embeddings for part in taken])
        return cls(mixed.ids, mixed.traits, vectors, embedders.pop())

    def at(self, kept: Sequence[int]) -> Ordinary:
        """Return the comments at the indices ``kept``."""
        return Ordinary(
            tuple(self.ids[index] for index in kept),
            Traits.joined([self.traits.of(index) for index in kept]),
            self.embeddings[np.array(kept, np.intp)] if len(self.embeddings) else self.embeddings,
            self.embedder,
        )

    def without(self, ids: Container[str]) -> Ordinary:
        """Return what is left without some comments: those somebody has decided on since."""
        kept = [index for index, name in enumerate(self.ids) if name not in ids]
        return self if len(kept) == len(self.ids) else self.at(kept)

    def packed(self) -> bytes:
        """Return the comments as they are stored."""
        return arrays.packed(
            {
                "ids": np.array(self.ids, np.str_),
                "rows": self.traits.rows,
                "starts": self.traits.starts,
                "embeddings": self.embeddings,
                "embedder": np.array([self.embedder]),
            }
        )

    @classmethod
    def unpacked(cls, data: bytes) -> Ordinary:
        """Return what ``packed`` wrote; nothing at all where it cannot be read."""
        try:
            found = arrays.unpacked(data)
            rows = Traits(found["rows"], found["starts"])
            ids, (embedder,) = found["ids"].tolist(), found["embedder"].tolist()
            return cls(tuple(ids), rows, found["embeddings"], embedder)
        except (arrays.ArraysUnreadable, KeyError):
            return cls()

"""The site's layers: what moderators' decisions say about a comment like this one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from service.moderation.batch import Batch
from service.moderation.cascade import Cascade, cascade_of
from service.moderation.encoder_options import EncoderOptions
from service.moderation.learning.embedder import CascadeEmbedder
from service.moderation.learning.fit import MARGIN
from service.moderation.learning.layer import SiteLayer
from service.moderation.learning.meaning import Floats, Meaning
from service.moderation.learning.teaching import CHARGES
from service.moderation.learning.traits import Rows, traits, word_traits
from service.moderation.models.weights import ATTRIBUTES
from service.moderation.signal import TONE, Attribute, Evidence, Signal, Span
from service.moderation.text import Text

# What a lesson teaches for sure lies at MARGIN: there the score, weighed, just holds.
_HALFWAY = MARGIN - 0.7
_WORTH_REPORTING = 0.2
# The layer alone moves a comment by one step: from published to held, from refused or held
# to the next milder, never from one end to the other.
_WEIGHT = 0.84
_WEIGHT_FOR = -0.4
_MOST_SPANS = 3
_SPAN_SHARE = 0.2
# The encoder has read what it was in doubt about; beyond that it reads for the layer what
# the layer's words, or the linear model's spam score, half suspect: about a comment in ten.
_HALF_SUSPECTED = 1.0
_HALF_SPAM = 0.05
_SPAM = ATTRIBUTES.index(Attribute.SPAM)

_EVIDENCE = {
    (Attribute.SPAM, 1): "spam",
    (Attribute.TOXICITY, 1): "refused",
    (Attribute.SPAM, -1): "approved",
    (Attribute.TOXICITY, -1): "approved",
}

Odds = NDArray[np.float64]


class SiteLayerCheck:
    """Report what the site has learned; silent where it has learned nothing yet.

    What all sites together have learned is heard beside it, the louder of the two on
    each side, for the site's own lessons are among the others'.
    """

    name = "site.layer"

    def __init__(self, cascade: Cascade | None = None) -> None:
        self._cascade = cascade

    @classmethod
    def over(cls, options: EncoderOptions) -> SiteLayerCheck:
        """Return the check that shares its encoder with the others of ``options``."""
        return cls(cascade_of(options))

    def review(self, batch: Batch) -> Sequence[Sequence[Signal]]:
        """Return the signals of each case, in order."""
        heard = [
            _Layer(name, layer, self._meaning(layer))
            for name, layer in (("site", batch.learned), ("shared", batch.shared))
            if layer is not None
        ]
        if not heard or not len(batch):
            return [()] * len(batch)
        found = traits(batch.texts, batch.cases)
        odds = np.stack([item.layer.log_odds(found) for item in heard])
        vectors = self._vectors(batch, heard, odds.max(axis=0))
        if vectors is not None:
            odds = odds + np.stack([item.meant(vectors) for item in heard])
        total = np.maximum(odds.max(axis=0), 0) + np.minimum(odds.min(axis=0), 0)
        loudest = np.where(total > 0, odds.argmax(axis=0), odds.argmin(axis=0))
        is_worth_it = np.abs(total) >= _HALFWAY + math.log(
            _WORTH_REPORTING / (1 - _WORTH_REPORTING)
        )
        return [
            tuple(
                signal
                for charge in np.flatnonzero(is_worth_it[index]).tolist()
                for signal in self._signals(
                    _Seen(
                        heard[loudest[index, charge]],
                        batch.texts[index],
                        found.of(index),
                        _row(vectors, index),
                    ),
                    charge,
                    float(total[index, charge]),
                )
            )
            for index in range(len(batch))
        ]

    def _meaning(self, layer: SiteLayer) -> Meaning | None:
        """Return what the layer knows of meaning, if it learned that from the encoder here."""
        if self._cascade is None or layer.meaning is None:
            return None
        is_of_here = CascadeEmbedder(self._cascade).name == layer.meaning.embedder
        return layer.meaning if is_of_here else None

    def _vectors(self, batch: Batch, layers: Sequence[_Layer], odds: Odds) -> Floats | None:
        """Return embeddings, (batch, width), zeros where there is none; None if none is wanted."""
        widths = [len(item.meaning.centre) for item in layers if item.meaning is not None]
        if self._cascade is None or not widths:
            return None
        judged = batch.once(self._cascade.judge)
        vectors = np.zeros((len(batch), widths[0]), np.float32)
        if judged.embeddings is not None:
            vectors[judged.is_read] = judged.embeddings
        is_suspect = (odds.max(axis=1) >= _HALF_SUSPECTED) | (judged.scores[:, _SPAM] >= _HALF_SPAM)
        rows = np.flatnonzero(is_suspect & ~vectors.any(axis=1))
        more = CascadeEmbedder(self._cascade).embed(
            [batch.cases[row].comment.content for row in rows.tolist()]
        )
        if more is not None:
            vectors[rows] = more
        return vectors

    def _signals(self, seen: _Seen, charge: int, odds: float) -> list[Signal]:
        guilt = 1 if odds > 0 else -1
        alike = seen.alike(charge, guilt)
        if not alike:
            return []
        attribute = CHARGES[charge]
        spans = seen.telling(charge) if guilt > 0 else ()
        code = f"{seen.heard.name}.{_EVIDENCE[attribute, guilt]}"
        evidence = Evidence(code, {"count": alike}, spans)
        weight = _WEIGHT if guilt > 0 else _WEIGHT_FOR
        score = 1 / (1 + math.exp(_HALFWAY - abs(odds)))
        named = [attribute] if guilt > 0 or attribute not in TONE else sorted(TONE)
        return [Signal(self.name, name, score, weight, (evidence,)) for name in named]


@dataclass(frozen=True, slots=True, eq=False)
class _Layer:
    """Hold a layer, whose it is, and what it knows of meaning that can be used here."""

    name: str
    layer: SiteLayer
    meaning: Meaning | None

    def meant(self, vectors: Floats) -> Odds:
        """Return what it knows of the meanings of texts, (texts, charges)."""
        if self.meaning is None:
            return np.zeros((len(vectors), len(CHARGES)))
        return self.meaning.log_odds(vectors)


class _Seen:
    """Hold one comment as a layer sees it."""

    def __init__(self, heard: _Layer, text: Text, rows: Rows, vector: Floats | None) -> None:
        self.heard, self._text, self._rows, self._vector = heard, text, rows, vector

    def alike(self, charge: int, guilt: int) -> int:
        """Return how many lessons of that ``guilt`` resemble the comment, in words or meaning."""
        layer, meaning = self.heard.layer, self.heard.meaning
        found = layer.alike(self._rows, charge, guilt)
        if guilt > 0 and meaning is not None and self._vector is not None:
            is_guilty = layer.guilt[:, charge] == guilt
            found = found | (meaning.alike(self._vector) & is_guilty)
        return int(np.count_nonzero(found))

    def telling(self, charge: int) -> tuple[Span, ...]:
        """Return where the words stand that tell most, in reading order."""
        words = word_traits(self._text)
        table = self.heard.layer.tables[charge]
        amounts = np.array([table[rows].sum(dtype=np.float64) for _, _, rows in words])
        if not len(amounts) or amounts.max() <= 0:
            return ()
        chosen = np.argsort(-amounts, kind="stable")[:_MOST_SPANS]
        weighty = [i for i in sorted(chosen.tolist()) if amounts[i] > _SPAN_SHARE * amounts.max()]
        offsets = self._text.revealed_offsets()
        return tuple(offsets.span(words[i][0], words[i][1]) for i in weighty)


def _row(vectors: Floats | None, index: int) -> Floats | None:
    return None if vectors is None else vectors[index]

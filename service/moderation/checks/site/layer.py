"""The site's own layer: what its moderators' decisions say about a comment like this one."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from service.moderation.batch import Batch
from service.moderation.cascade import Cascade, cascade_of
from service.moderation.encoder_options import EncoderOptions
from service.moderation.learning.embedder import CascadeEmbedder
from service.moderation.learning.fit import MARGIN
from service.moderation.learning.layer import SiteLayer
from service.moderation.learning.meaning import Floats
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
    (Attribute.SPAM, 1): "site.spam",
    (Attribute.TOXICITY, 1): "site.refused",
    (Attribute.SPAM, -1): "site.approved",
    (Attribute.TOXICITY, -1): "site.approved",
}

Odds = NDArray[np.float64]


class SiteLayerCheck:
    """Report what the site has learned; silent where it has learned nothing yet."""

    name = "site.layer"

    def __init__(self, cascade: Cascade | None = None) -> None:
        self._cascade = cascade

    @classmethod
    def over(cls, options: EncoderOptions) -> SiteLayerCheck:
        """Return the check that shares its encoder with the others of ``options``."""
        return cls(cascade_of(options))

    def review(self, batch: Batch) -> Sequence[Sequence[Signal]]:
        """Return the signals of each case, in order."""
        layer = batch.learned
        if layer is None or not len(batch):
            return [()] * len(batch)
        found = traits(batch.texts, batch.cases)
        odds = layer.log_odds(found)
        vectors = self._vectors(batch, layer, odds)
        if vectors is not None and layer.meaning is not None:
            odds = odds + layer.meaning.log_odds(vectors)
        heard = np.abs(odds) >= _HALFWAY + math.log(_WORTH_REPORTING / (1 - _WORTH_REPORTING))
        return [
            tuple(
                signal
                for charge in np.flatnonzero(heard[index]).tolist()
                for signal in self._signals(
                    _Seen(layer, batch.texts[index], found.of(index), _row(vectors, index)),
                    charge,
                    float(odds[index, charge]),
                )
            )
            for index in range(len(batch))
        ]

    def _vectors(self, batch: Batch, layer: SiteLayer, odds: Odds) -> Floats | None:
        """Return embeddings, (batch, width), zeros where there is none; None without encoder."""
        cascade, meaning = self._cascade, layer.meaning
        if cascade is None or meaning is None:
            return None
        embedder = CascadeEmbedder(cascade)
        if embedder.name != meaning.embedder:
            return None
        judged = batch.once(cascade.judge)
        vectors = np.zeros((len(batch), len(meaning.centre)), np.float32)
        if judged.embeddings is not None:
            vectors[judged.is_read] = judged.embeddings
        is_suspect = (odds.max(axis=1) >= _HALF_SUSPECTED) | (judged.scores[:, _SPAM] >= _HALF_SPAM)
        rows = np.flatnonzero(is_suspect & ~vectors.any(axis=1))
        more = embedder.embed([batch.cases[row].comment.content for row in rows.tolist()])
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
        evidence = Evidence(_EVIDENCE[attribute, guilt], {"count": alike}, spans)
        weight = _WEIGHT if guilt > 0 else _WEIGHT_FOR
        score = 1 / (1 + math.exp(_HALFWAY - abs(odds)))
        named = [attribute] if guilt > 0 or attribute not in TONE else sorted(TONE)
        return [Signal(self.name, name, score, weight, (evidence,)) for name in named]


class _Seen:
    """Hold one comment as the layer sees it."""

    def __init__(self, layer: SiteLayer, text: Text, rows: Rows, vector: Floats | None) -> None:
        self._layer, self._text, self._rows, self._vector = layer, text, rows, vector

    def alike(self, charge: int, guilt: int) -> int:
        """Return how many lessons of that ``guilt`` resemble the comment, in words or meaning."""
        found = self._layer.alike(self._rows, charge, guilt)
        meaning = self._layer.meaning
        if guilt > 0 and meaning is not None and self._vector is not None:
            is_guilty = self._layer.guilt[:, charge] == guilt
            found = found | (meaning.alike(self._vector) & is_guilty)
        return int(np.count_nonzero(found))

    def telling(self, charge: int) -> tuple[Span, ...]:
        """Return where the words stand that tell most, in reading order."""
        words = word_traits(self._text)
        table = self._layer.tables[charge]
        amounts = np.array([table[rows].sum(dtype=np.float64) for _, _, rows in words])
        if not len(amounts) or amounts.max() <= 0:
            return ()
        chosen = np.argsort(-amounts, kind="stable")[:_MOST_SPANS]
        weighty = [i for i in sorted(chosen.tolist()) if amounts[i] > _SPAN_SHARE * amounts.max()]
        offsets = self._text.revealed_offsets()
        return tuple(offsets.span(words[i][0], words[i][1]) for i in weighty)


def _row(vectors: Floats | None, index: int) -> Floats | None:
    return None if vectors is None else vectors[index]

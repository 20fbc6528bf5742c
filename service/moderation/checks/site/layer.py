"""The site's own layer: what its moderators' decisions say about a comment like this one."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from service.moderation.batch import Batch
from service.moderation.learning.fit import MARGIN
from service.moderation.learning.layer import SiteLayer
from service.moderation.learning.teaching import CHARGES
from service.moderation.learning.traits import Rows, Traits, traits, word_traits
from service.moderation.signal import TONE, Attribute, Evidence, Signal, Span
from service.moderation.text import Text

# What a lesson teaches for sure lies at MARGIN; there the score is 0.82.
_HALFWAY = MARGIN - 1.5
_WORTH_REPORTING = 0.2
# The layer alone moves a comment by one step: from published to held, from refused or held
# to the next milder, never from one end to the other.
_WEIGHT = 0.8
_WEIGHT_FOR = -0.4
_MOST_SPANS = 3
_SPAN_SHARE = 0.2

_EVIDENCE = {
    (Attribute.SPAM, 1): "site.spam",
    (Attribute.TOXICITY, 1): "site.refused",
    (Attribute.SPAM, -1): "site.approved",
    (Attribute.TOXICITY, -1): "site.approved",
}


class SiteLayerCheck:
    """Report what the site has learned; silent where it has learned nothing yet."""

    name = "site.layer"

    def review(self, batch: Batch) -> Sequence[Sequence[Signal]]:
        """Return the signals of each case, in order."""
        layer = batch.learned
        if layer is None:
            return [()] * len(batch)
        found = traits(batch.texts, batch.cases)
        scores = layer.log_odds(found)
        heard = np.abs(scores) >= _HALFWAY + math.log(_WORTH_REPORTING / (1 - _WORTH_REPORTING))
        return [
            tuple(
                signal
                for charge in np.flatnonzero(heard[index]).tolist()
                for signal in self._signals(
                    layer, found, batch.texts[index], index, charge, float(scores[index, charge])
                )
            )
            for index in range(len(batch))
        ]

    def _signals(
        self, layer: SiteLayer, found: Traits, text: Text, index: int, charge: int, odds: float
    ) -> list[Signal]:
        guilt = 1 if odds > 0 else -1
        alike = layer.alike(found.of(index), charge, guilt)
        if not alike:
            return []
        attribute = CHARGES[charge]
        spans = _telling(layer, text, charge) if guilt > 0 else ()
        evidence = Evidence(_EVIDENCE[attribute, guilt], {"count": alike}, spans)
        weight = _WEIGHT if guilt > 0 else _WEIGHT_FOR
        score = 1 / (1 + math.exp(_HALFWAY - abs(odds)))
        named = [attribute] if guilt > 0 or attribute not in TONE else sorted(TONE)
        return [Signal(self.name, name, score, weight, (evidence,)) for name in named]


def _telling(layer: SiteLayer, text: Text, charge: int) -> tuple[Span, ...]:
    """Return where the words stand that tell most, in reading order."""
    words = word_traits(text)
    amounts = np.array([_amount(layer, rows, charge) for _, _, rows in words])
    if not len(amounts):
        return ()
    chosen = np.argsort(-amounts, kind="stable")[:_MOST_SPANS]
    weighty = [i for i in sorted(chosen.tolist()) if amounts[i] > _SPAN_SHARE * amounts.max()]
    offsets = text.revealed_offsets()
    return tuple(offsets.span(words[i][0], words[i][1]) for i in weighty if amounts[i] > 0)


def _amount(layer: SiteLayer, rows: Rows, charge: int) -> float:
    return float(layer.tables[charge][rows].sum(dtype=np.float64))

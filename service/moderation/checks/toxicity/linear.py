"""Tone by the linear model: how probable it finds each kind of toxicity."""

from __future__ import annotations

from collections.abc import Sequence

from service.moderation.batch import Batch
from service.moderation.models.linear import LinearModel, shipped_model
from service.moderation.models.weights import ATTRIBUTES
from service.moderation.signal import TONE, Evidence, Signal

_COLUMNS = tuple((column, name) for column, name in enumerate(ATTRIBUTES) if name in TONE)
# Below this a probability says no more than that nothing was found.
_WORTH_REPORTING = 0.1
# In a language it has not learned, "con" is a French insult to it: it may only hint.
_WEIGHT_ABROAD = 0.5


class LinearToxicity:
    """Report each attribute of tone that the model finds at all likely.

    Raises ``ModelBroken`` when made without a model and the shipped one cannot be read.
    """

    name = "toxicity.linear"

    def __init__(self, model: LinearModel | None = None) -> None:
        self._model = model or shipped_model()

    def review(self, batch: Batch) -> Sequence[Sequence[Signal]]:
        """Return the signals of each case, in order."""
        scores = batch.once(self._model.batch_scores).tolist()
        rows = zip(scores, batch.langs, batch.languages, strict=True)
        return [
            self._signals(row, lang) if language.is_served else () for row, lang, language in rows
        ]

    def _signals(self, scores: Sequence[float], lang: str) -> Sequence[Signal]:
        weight = 1.0 if self._model.has_learned(lang) else _WEIGHT_ABROAD
        return [
            Signal(self.name, attribute, scores[column], weight, (_evidence(scores[column]),))
            for column, attribute in _COLUMNS
            if scores[column] >= _WORTH_REPORTING
        ]


def _evidence(score: float) -> Evidence:
    return Evidence("toxicity.model", {"percent": round(score * 100)})

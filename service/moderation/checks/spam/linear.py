"""Spam by the linear model: how probable the words alone make it."""

from __future__ import annotations

from collections.abc import Sequence

from service.moderation.batch import Batch
from service.moderation.models.linear import LinearModel, shipped_model
from service.moderation.models.weights import ATTRIBUTES
from service.moderation.signal import Attribute, Evidence, Signal

_COLUMN = ATTRIBUTES.index(Attribute.SPAM)
# Labelled comment spam is scarce and partly written by hand: words alone may hold a
# comment, never refuse it (MODEL_CARD.md, known weaknesses).
_WEIGHT = 0.57
_WORTH_REPORTING = 0.2


class LinearSpam:
    """Report spam that the model finds at all likely from the words of a comment.

    Raises ``ModelBroken`` when made without a model and the shipped one cannot be read.
    """

    name = "spam.linear"

    def __init__(self, model: LinearModel | None = None) -> None:
        self._model = model or shipped_model()

    def review(self, batch: Batch) -> Sequence[Sequence[Signal]]:
        """Return the signals of each case, in order."""
        scores = batch.once(self._model.batch_scores)[:, _COLUMN]
        return [self._signals(score) for score in scores.tolist()]

    def _signals(self, score: float) -> Sequence[Signal]:
        if score < _WORTH_REPORTING:
            return ()
        evidence = Evidence("spam.model", {"percent": round(score * 100)})
        return (Signal(self.name, Attribute.SPAM, score, _WEIGHT, (evidence,)),)

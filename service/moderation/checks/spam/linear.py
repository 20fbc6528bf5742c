"""Spam by the linear model: how probable the words alone make it."""

from __future__ import annotations

from collections.abc import Sequence

from service.moderation.batch import Batch
from service.moderation.cascade import Cascade, cascade_of
from service.moderation.encoder_options import LINEAR_ALONE, EncoderOptions
from service.moderation.models.weights import ATTRIBUTES
from service.moderation.signal import Attribute, Evidence, Signal

_COLUMN = ATTRIBUTES.index(Attribute.SPAM)
# Labelled comment spam is scarce and partly written by hand: words alone may hold a
# comment, never refuse it (MODEL_CARD.md, known weaknesses).
_WEIGHT = 0.57
_WORTH_REPORTING = 0.2


class LinearSpam:
    """Report spam that the model finds at all likely from the words of a comment.

    Where the encoder has read the comment too, the score is that of both. Raises
    ``ModelBroken`` when made without a cascade and the shipped model
    cannot be read.
    """

    name = "spam.linear"

    def __init__(self, cascade: Cascade | None = None) -> None:
        self._cascade = cascade or cascade_of(LINEAR_ALONE)

    @classmethod
    def over(cls, options: EncoderOptions) -> LinearSpam:
        """Return the check that shares its work with the others of ``options``."""
        return cls(cascade_of(options))

    def review(self, batch: Batch) -> Sequence[Sequence[Signal]]:
        """Return the signals of each case, in order."""
        scores = batch.once(self._cascade.judge).scores[:, _COLUMN]
        return [self._signals(score) for score in scores.tolist()]

    def _signals(self, score: float) -> Sequence[Signal]:
        if score < _WORTH_REPORTING:
            return ()
        evidence = Evidence("spam.model", {"percent": round(score * 100)})
        return (Signal(self.name, Attribute.SPAM, score, _WEIGHT, (evidence,)),)

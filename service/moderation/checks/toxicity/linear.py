"""Tone by the linear model: how probable it finds each kind of toxicity."""

from __future__ import annotations

from collections.abc import Sequence

from service.moderation.batch import Batch
from service.moderation.cascade import Cascade, cascade_of
from service.moderation.encoder_options import LINEAR_ALONE, EncoderOptions
from service.moderation.models.weights import ATTRIBUTES
from service.moderation.signal import TONE, Evidence, Signal
from service.moderation.verdict import Stage

_COLUMNS = tuple((column, name) for column, name in enumerate(ATTRIBUTES) if name in TONE)
# Below this a probability says no more than that nothing was found.
WORTH_REPORTING = 0.1
# In a language it has not learned, "con" is a French insult to it: it may only hint.
_WEIGHT_ABROAD = 0.5


class LinearToxicity:
    """Report each attribute of tone that the model finds at all likely.

    Comments that the encoder has judged are left to ``toxicity.encoder``. Raises
    ``ModelBroken`` when made without a cascade and the shipped model cannot be read.
    """

    name = "toxicity.linear"

    def __init__(self, cascade: Cascade | None = None) -> None:
        self._cascade = cascade or cascade_of(LINEAR_ALONE)

    @classmethod
    def over(cls, options: EncoderOptions) -> LinearToxicity:
        """Return the check that shares its work with the others of ``options``."""
        return cls(cascade_of(options))

    def review(self, batch: Batch) -> Sequence[Sequence[Signal]]:
        """Return the signals of each case, in order."""
        judgement = batch.once(self._cascade.judge)
        learned = batch.once(self._cascade.has_learned)
        rows = zip(judgement.scores.tolist(), judgement.is_read, learned, strict=True)
        found = [
            () if is_read else tone_signals(self.name, row, 1.0 if is_known else _WEIGHT_ABROAD)
            for row, is_read, is_known in rows
        ]
        served = [language.is_served for language in batch.languages]
        return [
            signals if is_served else () for signals, is_served in zip(found, served, strict=True)
        ]

    def stages(self, batch: Batch) -> Sequence[tuple[str, ...]]:
        """Return the stage that spoke of each case: this one, of every case it can read."""
        return [(Stage.LINEAR,) if language.is_served else () for language in batch.languages]


def tone_signals(check: str, scores: Sequence[float], weight: float = 1.0) -> Sequence[Signal]:
    """Return a signal for each attribute of tone that ``scores``, one for each, make likely."""
    return [
        Signal(check, attribute, scores[column], weight, (_evidence(scores[column]),))
        for column, attribute in _COLUMNS
        if scores[column] >= WORTH_REPORTING
    ]


def _evidence(score: float) -> Evidence:
    return Evidence("toxicity.model", {"percent": round(score * 100)})

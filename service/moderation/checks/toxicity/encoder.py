"""Tone by the encoder: what a reader of meaning makes of comments that words leave in doubt."""

from __future__ import annotations

from collections.abc import Sequence

from service.moderation.batch import Batch
from service.moderation.cascade import Cascade, cascade_of
from service.moderation.checks.toxicity.linear import tone_signals
from service.moderation.encoder_options import EncoderOptions
from service.moderation.signal import Signal
from service.moderation.verdict import Stage


class EncoderToxicity:
    """Report each attribute of tone that both models together find at all likely.

    Only for the comments that the encoder has judged; of the others ``toxicity.linear``
    speaks, also of those that the encoder failed on.
    """

    name = "toxicity.encoder"

    def __init__(self, cascade: Cascade) -> None:
        self._cascade = cascade

    @classmethod
    def over(cls, options: EncoderOptions) -> EncoderToxicity:
        """Return the check that shares its work with the others of ``options``.

        Raises ``ModelBroken`` when the shipped linear model cannot be read.
        """
        return cls(cascade_of(options))

    def review(self, batch: Batch) -> Sequence[Sequence[Signal]]:
        """Return the signals of each case, in order."""
        judgement = batch.once(self._cascade.judge)
        rows = zip(judgement.scores.tolist(), judgement.is_read, strict=True)
        return [tone_signals(self.name, row) if is_read else () for row, is_read in rows]

    def stages(self, batch: Batch) -> Sequence[tuple[str, ...]]:
        """Return the stage that spoke of each case, or should have and could not."""
        judgement = batch.once(self._cascade.judge)
        return [
            (Stage.ENCODER,) if is_read else (Stage.ENCODER_FAILED,) if is_missed else ()
            for is_read, is_missed in zip(judgement.is_read, judgement.is_missed, strict=True)
        ]

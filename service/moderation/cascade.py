"""The cascade: the linear model judges every comment, the encoder those it leaves in doubt.

Of these it skims the mild cases first, which settles most.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from service.moderation.batch import Batch
from service.moderation.blend import blended
from service.moderation.doubt import Doubts, Flags, doubts, main_langs, readable
from service.moderation.encoder_options import LINEAR_ALONE, EncoderMode, EncoderOptions
from service.moderation.models.linear import LinearModel, shipped_model
from service.moderation.models.weights import ATTRIBUTES, Floats
from service.moderation.reader import Indices, Reader
from service.moderation.signal import TONE, Attribute
from service.moderation.text import Text

_TOXICITY = ATTRIBUTES.index(Attribute.TOXICITY)
_TONE = [column for column, attribute in enumerate(ATTRIBUTES) if attribute in TONE]


@dataclass(frozen=True, eq=False, slots=True)
class Judgement:
    """Hold what the stages make of n comments together.

    ``scores`` are calibrated, (n, ``ATTRIBUTES``). ``is_read`` says which comments the
    encoder judged, ``is_missed`` which it should have and could not; what it only skimmed
    is neither. ``embeddings`` are those of the comments read, in order, (read, width), or
    None.
    """

    scores: Floats
    is_read: Flags
    is_missed: Flags
    embeddings: Floats | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Cascade:
    """Judge batches by the linear model, and by the encoder where that is worth its time."""

    linear: LinearModel
    reader: Reader
    mode: EncoderMode = EncoderMode.UNCERTAIN

    @classmethod
    def alone(cls, linear: LinearModel) -> Cascade:
        """Return a cascade of the linear model and nothing else."""
        return cls(linear, Reader(LINEAR_ALONE.load), LINEAR_ALONE.mode)

    def judge(self, batch: Batch) -> Judgement:
        """Return the judgement of ``batch``; share it between checks by ``Batch.once``."""
        linear = batch.once(self.linear.batch_scores)
        found = self._wanted(batch, linear)
        scores, calm = self._skimmed(batch, linear, found.mild)
        wanted = (found.strong | found.mild) & ~calm
        if not wanted.any():
            return Judgement(scores, wanted, wanted)
        rows = np.flatnonzero(wanted)
        langs = _at(batch.once(main_langs), rows)
        kept, judged = self.reader.judge(_contents(batch, rows), langs, self.rank)
        is_read = np.zeros(len(batch), bool)
        about = self.reader.about()
        if judged is None or about is None:
            return Judgement(scores, is_read, wanted)
        read = rows[kept]
        is_read[read] = True
        scores = scores.copy()
        scores[read] = blended(
            about, linear[read], judged.scores, _at(langs, kept), batch.once(self.has_learned)[read]
        )
        return Judgement(scores, is_read, wanted & ~is_read, judged.embeddings)

    def has_learned(self, batch: Batch) -> Flags:
        """Say which comments are in a language the linear model has learned (``Batch.once``)."""
        return np.array([self.linear.has_learned(lang) for lang in batch.langs], bool)

    def warm_up(self) -> None:
        """Load what a fork may share: all but the network, which each process opens itself."""
        if self.mode is not EncoderMode.OFF:
            self.reader.about()

    def _wanted(self, batch: Batch, scores: Floats) -> Doubts:
        """Say which comments the encoder is to judge, and which of them it may skim first."""
        none = np.zeros(len(batch), bool)
        if self.mode is EncoderMode.OFF or not len(batch):
            return Doubts(none, none)
        about = self.reader.about()
        known = readable(batch, about)
        if self.mode is EncoderMode.ALWAYS:
            return Doubts(known, none)
        found, has_learned = doubts(batch, scores, about), batch.once(self.has_learned)
        return Doubts(known & (found.strong | ~has_learned), known & found.mild & has_learned)

    def _skimmed(self, batch: Batch, linear: Floats, mild: Flags) -> tuple[Floats, Flags]:
        """Return the scores once the ``mild`` doubts are skimmed, and which of them are settled."""
        calm = np.zeros(len(batch), bool)
        about = self.reader.about() if mild.any() else None
        if about is None or not about.calm:
            return linear, calm
        every = batch.once(main_langs)
        rows = np.array([row for row in np.flatnonzero(mild) if every[row] in about.calm], np.intp)
        langs, before = _at(every, rows), linear[rows]
        texts = _contents(batch, rows)
        expected = self.reader.ask(lambda encoder: encoder.skim(texts, langs, before, self.rank))
        if expected is None:
            return linear, calm
        both = blended(about, before, expected, langs, np.ones(len(rows), bool))
        is_calm = both[:, _TONE].max(axis=1) < [about.calm[lang] for lang in langs]
        scores = linear.copy()
        scores[rows[is_calm]] = both[is_calm]
        calm[rows[is_calm]] = True
        return scores, calm

    def rank(self, pieces: Sequence[str]) -> Floats:
        """Return how much each piece of a long text deserves to be read, by the linear model."""
        scores = self.linear.log_odds([Text.of(piece) for piece in pieces])
        return np.asarray(scores[:, _TOXICITY], np.float32)


@lru_cache(maxsize=4)
def cascade_of(options: EncoderOptions) -> Cascade:
    """Return the cascade of the shipped linear model and the encoder that ``options`` name.

    One for all who ask alike: its checks share their work by it. The encoder is loaded
    when it is first needed. Raises ``ModelBroken`` when the linear model cannot be read.
    """
    return Cascade(shipped_model(), Reader(options.load), options.mode)


def _contents(batch: Batch, rows: Indices) -> list[str]:
    return [batch.cases[row].comment.content for row in rows]


def _at(values: Sequence[str], rows: Indices) -> list[str]:
    return [values[row] for row in rows]

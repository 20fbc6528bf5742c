"""Refused insults: "he is not an idiot" is no insult, though every model of words finds one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from service.moderation.batch import Batch
from service.moderation.cascade import Cascade, cascade_of
from service.moderation.checks.toxicity.cues import refusing_cues
from service.moderation.checks.toxicity.lexicon import shipped_words
from service.moderation.comment import Case
from service.moderation.encoder_options import LINEAR_ALONE, EncoderOptions
from service.moderation.models.weights import ATTRIBUTES
from service.moderation.signal import REFUSALS, SPARED, Attribute, Evidence, Signal
from service.moderation.text import Stretch, Text

# Below this no policy that ships refuses, and above it the words left over speak for themselves.
_HALF = 0.5
_COLUMNS = [column for column, name in enumerate(ATTRIBUTES) if name in SPARED]
# Of "you" alone the linear model makes an insult, of nothing at all a worse one.
_LEAST_WORDS = 4
# As far as a refusal reaches: up to three words of its clause.
_REACH = re.compile(r"(?:[ '\"«“*_-]*\w+){0,3}")


class RefusedInsults:
    """Say of which comments the insults are all refused or told, none of them meant.

    An insult is refused where it stands among the three words after a cue ("is not", « ne
    sont pas », "they called me"), in the same clause. The signal has no weight and moves no
    score; the policy holds such a comment for a person instead of refusing it for
    ``SPARED``. Without cues and what they refuse the comment must be harmless: no rude
    word in it and, from four words on, below one half to the linear model. So a second
    insult that nobody denies is refused as ever, and so is all that is not in ``SPARED``:
    a threat, an attack on a group. Raises ``ModelBroken`` when made without a cascade and
    the shipped model cannot be read.
    """

    name = REFUSALS

    def __init__(self, cascade: Cascade | None = None) -> None:
        self._cascade = cascade or cascade_of(LINEAR_ALONE)

    @classmethod
    def over(cls, options: EncoderOptions) -> RefusedInsults:
        """Return the check that shares its work with the others of ``options``."""
        return cls(cascade_of(options))

    def review(self, batch: Batch) -> Sequence[Sequence[Signal]]:
        """Return the signals of each case, in order."""
        scores = batch.once(self._cascade.judge).scores
        suspects = np.flatnonzero((scores[:, _COLUMNS] >= _HALF).any(axis=1)).tolist()
        refused = {row: cut for row in suspects if (cut := _refused(batch.texts[row]))}
        found: list[Sequence[Signal]] = [()] * len(batch)
        for row in self._harmless_without(batch, refused):
            found[row] = (_signal(batch.texts[row], refused[row]),)
        return found

    def _harmless_without(self, batch: Batch, refused: dict[int, list[Stretch]]) -> Iterator[int]:
        """Yield the rows in which nothing is left to refuse without the ``refused`` stretches."""
        if not refused:
            return
        rests = Batch(
            [_without(batch.cases[row], batch.texts[row], cut) for row, cut in refused.items()]
        )
        # Rude words first: they are mostly there, and cost less to find than a score.
        every = zip(refused, rests.texts, rests.langs, strict=True)
        rude = shipped_words()
        clean = [(row, text, lang) for row, text, lang in every if not rude.are_in(text, lang)]
        texts, langs = [text for _, text, _ in clean], [lang for _, _, lang in clean]
        scores = self._cascade.linear.scores(texts, langs)[:, _COLUMNS].max(axis=1)
        for (row, text, _), score in zip(clean, scores, strict=True):
            if score < _HALF or len(text.plain.split()) < _LEAST_WORDS:
                yield row


def _refused(text: Text) -> list[Stretch]:
    """Return the stretches of ``text.plain`` that a cue and what it refuses take up, in order."""
    found: list[Stretch] = []
    for start, end in sorted(refusing_cues().found_in(text)):
        reached = _REACH.match(text.plain, end)
        end = reached.end() if reached else end
        if found and start < found[-1][1]:
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((start, end))
    return found


def _without(case: Case, text: Text, cut: Sequence[Stretch]) -> Case:
    starts = [0, *(end for _, end in cut)]
    ends = [*(start for start, _ in cut), len(text.plain)]
    rest = " ".join(text.plain[start:end] for start, end in zip(starts, ends, strict=True))
    return replace(case, comment=replace(case.comment, content=rest))


def _signal(text: Text, refused: Sequence[Stretch]) -> Signal:
    spans = tuple(text.plain_offsets().span(start, end) for start, end in refused)
    return Signal(REFUSALS, Attribute.INSULT, 0.0, 0.0, (Evidence("toxicity.refused", {}, spans),))

"""Calm comments: a word that is rude elsewhere mostly has another sense in them, or another form.

« Ma chatte a eu trois chatons », « Le mot « glaçon » figure dans le dictionnaire ».
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from service.moderation.batch import Batch
from service.moderation.cascade import Cascade, cascade_of
from service.moderation.checks.toxicity.lexicon import BRIEF_LANGS, Hit, shipped_words
from service.moderation.checks.toxicity.linear import WORTH_REPORTING
from service.moderation.encoder_options import LINEAR_ALONE, EncoderOptions
from service.moderation.models.weights import ATTRIBUTES, Floats
from service.moderation.signal import Attribute, Evidence, Signal

# Of labelled rows (both held-out folds, French and English) with a listed word, in plain
# spelling, of which the models together make less than this, profanity and toxicity alike,
# 2 of 18 are profane.
_CALM = 0.2
# Of those without one, of less toxicity than this, of which they make profanity of 0.05 or more,
# 1 of 15 is.
_CALMEST = 0.03
_SIGNAL = Signal("toxicity.calm", Attribute.PROFANITY, 1.0, -0.85, (Evidence("toxicity.calm"),))

_TOXICITY, _PROFANITY = map(ATTRIBUTES.index, (Attribute.TOXICITY, Attribute.PROFANITY))


class CalmTone:
    """Take profanity back where the encoder reads no rude tone around what may be a rude word.

    Either a listed word as it is usually written, never a disguised one, which the encoder
    may not know; or no listed word at all, and a tone as calm as can be. Raises
    ``ModelBroken`` when made without a cascade and the shipped model cannot be read.
    """

    name = "toxicity.calm"

    def __init__(self, cascade: Cascade | None = None) -> None:
        self._cascade = cascade or cascade_of(LINEAR_ALONE)
        self._words = shipped_words()

    @classmethod
    def over(cls, options: EncoderOptions) -> CalmTone:
        """Return the check that shares its work with the others of ``options``."""
        return cls(cascade_of(options))

    def review(self, batch: Batch) -> Sequence[Sequence[Signal]]:
        """Return the signals of each case, in order."""
        judgement = batch.once(self._cascade.judge)
        scores = judgement.scores
        found: list[Sequence[Signal]] = [()] * len(batch)
        for row in np.flatnonzero(judgement.is_read & (scores[:, _TOXICITY] < _CALM)).tolist():
            if self._is_another(batch, row, scores[row]):
                found[row] = (_SIGNAL,)
        return found

    def _is_another(self, batch: Batch, row: int, scores: Floats) -> bool:
        """Tell whether the rude words of a calm comment, or what looks like one, are not."""
        as_written, revealed = map(_profane, batch.once(self._words.batch_hits)[row])
        if not (as_written or revealed):
            is_found = scores[_PROFANITY] >= WORTH_REPORTING
            return bool(is_found and scores[_TOXICITY] < _CALMEST)
        if scores[_PROFANITY] >= _CALM or _is_brief((*as_written, *revealed)):
            return False
        lang = batch.langs[row][:2].lower()
        plain = _profane(self._words.hits(batch.texts[row].plain, lang))
        return len(plain) >= max(len(as_written), len(revealed))


def _is_brief(hits: Sequence[Hit]) -> bool:
    """Tell whether a word is of a language whose words the models hardly know: calm says little."""
    return any(hit.entry.lang in BRIEF_LANGS for hit in hits)


def _profane(hits: Sequence[Hit]) -> Sequence[Hit]:
    return [hit for hit in hits if Attribute.PROFANITY in hit.entry.strengths]

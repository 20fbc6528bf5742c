"""Shouting: a comment in capitals."""

from __future__ import annotations

import re
from collections.abc import Sequence

from service.moderation.batch import Batch
from service.moderation.shapes import words_of
from service.moderation.signal import Attribute, Evidence, Signal

_WEIGHT = 0.25
_MIN_CAPITALS = 20
_MIN_WORDS = 5
# Sentences full of acronyms ("La SNCF et la RATP...") stay below one half.
_CALM_SHARE = 0.6
_CAPITALS = re.compile(r"[A-ZÀ-ÖØ-ÞŒŸΑ-ΩА-Я]{3}")


class Shouting:
    """Weigh the share of words written in capitals; stuck keys are forgiven by the weight."""

    name = "spam.shouting"

    def review(self, batch: Batch) -> Sequence[Sequence[Signal]]:
        """Return the signals of each case, in order."""
        return [self._look(case.comment.content) for case in batch.cases]

    def _look(self, content: str) -> Sequence[Signal]:
        if _CAPITALS.search(content) is None:
            return ()
        share = _capital_share(words_of(content))
        if share < _CALM_SHARE:
            return ()
        evidence = Evidence("shouting", {"percent": round(share * 100)})
        return (Signal(self.name, Attribute.SPAM, share, _WEIGHT, (evidence,)),)


def _capital_share(words: Sequence[str]) -> float:
    """Return the share of letters that stand in words of capitals, 0 for few words.

    Words of one letter do not count.
    """
    loud = [len(word) for word in words if word.isupper() and len(word) > 1]
    if len(loud) < _MIN_WORDS or sum(loud) < _MIN_CAPITALS:
        return 0.0
    sizes = list(map(len, words))
    return sum(loud) / (sum(sizes) - sizes.count(1))

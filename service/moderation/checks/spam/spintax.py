"""Spintax: a template sent before anybody filled it in, as in ``{Hi|Hello}, {great|nice} post``."""

from __future__ import annotations

import re
from collections.abc import Sequence

from service.moderation.batch import Batch
from service.moderation.signal import Attribute, Evidence, Signal, Span

# One choice may be somebody's code; a second one of words is a template.
_SCORES = (0.0, 0.4, 0.75)
# A choice of words: no quotes, colons, digits or equals signs, which code is full of.
_CHOICE = re.compile(r"\{[^{}|:;=\"<>\d\n]{1,60}(?:\|[^{}|:;=\"<>\d\n]{0,60}){1,20}\}")


class Spintax:
    """Find choices left open in braces."""

    name = "spam.spintax"

    def review(self, batch: Batch) -> Sequence[Sequence[Signal]]:
        """Return the signals of each case, in order."""
        return [self._look(case.comment.content) for case in batch.cases]

    def _look(self, content: str) -> Sequence[Signal]:
        if "{" not in content or "|" not in content:
            return ()
        spans = tuple(Span(*match.span()) for match in _CHOICE.finditer(content))
        if not spans:
            return ()
        score = _SCORES[min(len(spans), len(_SCORES) - 1)]
        evidence = Evidence("spintax", {"count": len(spans)}, spans[:20])
        return (Signal(self.name, Attribute.SPAM, score, evidence=(evidence,)),)

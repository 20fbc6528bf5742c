"""What `--explain` adds: the words that moved each score, marked in the text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from service.moderation.comment import Case
from service.moderation.models.linear import Contribution, shipped_model
from service.moderation.signal import Attribute
from service.moderation.text import Text
from service.moderation.verdict import Verdict

# Below this a score says no more than that nothing was found.
_WORTH_EXPLAINING = 0.1
_MOST_WORDS = 12
_MARK = "**"


def highlights(case: Case, verdict: Verdict) -> dict[str, Any]:
    """Return ``explanation`` and ``highlighted`` for a comment.

    ``explanation`` lists, for each attribute that scores at all, the words that moved its
    score most and by how much (log-odds of the fast model, before calibration; below 0
    where a word speaks against it). ``highlighted`` is the text with the words that speak
    for the verdict between double asterisks.
    """
    content = case.comment.content
    text = Text.of(content)
    found = {
        attribute: _weightiest(shipped_model().explain(text, attribute))
        for attribute in Attribute
        if verdict.scores.get(attribute, 0.0) >= _WORTH_EXPLAINING
    }
    main = verdict.attribute or max(found, key=lambda name: verdict.scores[name], default=None)
    spoken_for = [each for each in found.get(main, ()) if each.amount > 0] if main else []
    return {
        "explanation": [
            {
                "attribute": attribute.value,
                "start": each.span.start,
                "end": each.span.end,
                "words": content[each.span.start : each.span.end],
                "amount": round(float(each.amount), 3),
            }
            for attribute, words in found.items()
            for each in words
        ],
        "highlighted": _marked(content, spoken_for),
    }


def _weightiest(words: Iterable[Contribution]) -> Sequence[Contribution]:
    """Return the words that count most, in reading order."""
    kept = sorted(words, key=lambda each: -abs(each.amount))[:_MOST_WORDS]
    return sorted(kept, key=lambda each: (each.span.start, each.span.end))


def _marked(content: str, words: Iterable[Contribution]) -> str:
    pieces, at = [], 0
    for each in words:
        if each.span.start >= at:
            pieces += [content[at : each.span.start], _MARK]
            pieces += [content[each.span.start : each.span.end], _MARK]
            at = each.span.end
    return "".join([*pieces, content[at:]])

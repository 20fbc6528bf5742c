"""What `--explain` adds: the words that moved each score, and the text with them marked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from service.moderation.cascade import Cascade
from service.moderation.comment import Case
from service.moderation.explain import Influence, explanations
from service.moderation.signal import Attribute
from service.moderation.verdict import Stage, Verdict

_MOST_WORDS = 12
_MARK = "**"
# Of what the weightiest word adds, the share from which a word is marked too.
_WORTH_MARKING = 0.25


def highlights(cascade: Cascade, case: Case, verdict: Verdict) -> dict[str, Any]:
    """Return ``explanation`` and ``highlighted`` for a comment.

    ``explanation`` lists, for each attribute that scores and each model that judged, the
    words that moved the score most, in reading order (``service.moderation.explain``).
    ``highlighted`` is the text with the words that speak most for the verdict's
    attribute, or else for the highest, between double asterisks.
    """
    content = case.comment.content
    told = explanations(cascade, case)
    kept = {attribute: _weightiest(found) for attribute, found in told.items()}
    return {
        "explanation": [
            {
                "attribute": attribute.value,
                "stage": each.stage.value,
                "start": each.span.start,
                "end": each.span.end,
                "words": content[each.span.start : each.span.end],
                "amount": round(float(each.amount), 3),
            }
            for attribute, found in kept.items()
            for each in found
        ],
        "highlighted": _marked(content, _spoken_for(kept, verdict)),
    }


def _weightiest(found: Sequence[Influence]) -> list[Influence]:
    """Return what counts most in each model's eyes, in reading order."""
    kept: list[Influence] = []
    for stage in Stage:
        own = [each for each in found if each.stage is stage]
        most = sorted(own, key=lambda each: -abs(each.amount))[:_MOST_WORDS]
        kept += sorted(most, key=lambda each: (each.span.start, each.span.end))
    return kept


def _spoken_for(kept: Mapping[Attribute, Sequence[Influence]], verdict: Verdict) -> list[Influence]:
    """Return the words to mark: as the encoder sees them, if it judged the comment."""
    highest = max(kept, key=lambda name: verdict.scores.get(name, 0.0), default=None)
    main = verdict.attribute if verdict.attribute in kept else highest
    found = kept[main] if main else ()
    judges = {each.stage for each in found}
    eyes = Stage.ENCODER if Stage.ENCODER in judges else Stage.LINEAR
    seen = [each for each in found if each.stage is eyes and each.amount > 0]
    least = _WORTH_MARKING * max((each.amount for each in seen), default=0.0)
    return [each for each in seen if each.amount >= least]


def _marked(content: str, words: Iterable[Influence]) -> str:
    pieces, at = [], 0
    for each in words:
        if each.span.start >= at:
            pieces += [content[at : each.span.start], _MARK]
            pieces += [content[each.span.start : each.span.end], _MARK]
            at = each.span.end
    return "".join([*pieces, content[at:]])

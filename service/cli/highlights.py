"""What `--explain` adds: the words that moved each score, and the text with them marked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from service.moderation.cascade import Cascade
from service.moderation.comment import Case
from service.moderation.explain import Influence, explanations
from service.moderation.signal import Attribute, Span
from service.moderation.verdict import Verdict
from service.moderation.weightiest import marks, weightiest
from service.schemas.explaining import influences

_MARK = "**"


def highlights(cascade: Cascade, case: Case, verdict: Verdict) -> dict[str, Any]:
    """Return ``explanation`` and ``highlighted`` for a comment.

    ``explanation`` lists, for each attribute that scores, the highest first, and each model
    that judged, the words that moved the score most, in reading order
    (``service.moderation.explain``). ``highlighted`` is the text with the words that speak
    most for the verdict's attribute, or else for the highest, between double asterisks.
    """
    content = case.comment.content
    told = explanations(cascade, case)
    kept = {attribute: weightiest(found) for attribute, found in told.items()}
    return {
        "explanation": influences(content, kept),
        "highlighted": _marked(content, _spoken_for(told, verdict)),
    }


def _spoken_for(told: Mapping[Attribute, Sequence[Influence]], verdict: Verdict) -> list[Span]:
    highest = max(told, key=lambda name: verdict.scores.get(name, 0.0), default=None)
    main = verdict.attribute if verdict.attribute in told else highest
    return marks(told[main], main, verdict.signals) if main else []


def _marked(content: str, words: Iterable[Span]) -> str:
    pieces, at = [], 0
    for span in words:
        pieces += [content[at : span.start], _MARK, content[span.start : span.end], _MARK]
        at = span.end
    return "".join([*pieces, content[at:]])

"""What `--explain` adds: the words that moved each score, and the text with them marked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from service.moderation.cascade import Cascade
from service.moderation.comment import Case
from service.moderation.explain import Influence, explanations
from service.moderation.signal import Attribute, Span
from service.moderation.verdict import Stage, Verdict

_MOST_WORDS = 12
_MARK = "**"
# Of what the weightiest word adds, the share from which a word is marked too. Beside several
# insults leaving one out changes little, so that all words look alike to the encoder: the
# share is the mean of both models'.
_WORTH_MARKING = 0.5


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


def _spoken_for(kept: Mapping[Attribute, Sequence[Influence]], verdict: Verdict) -> list[Span]:
    """Return where the words to mark stand: as the encoder parts them, if it judged."""
    highest = max(kept, key=lambda name: verdict.scores.get(name, 0.0), default=None)
    main = verdict.attribute if verdict.attribute in kept else highest
    found = kept[main] if main else ()
    eyes = [_shares(found, stage) for stage in (Stage.ENCODER, Stage.LINEAR)]
    seen = [shares for shares in eyes if shares]
    return [
        span
        for span in next(iter(seen), ())
        if sum(_share_at(span, shares) for shares in seen) >= _WORTH_MARKING * len(seen)
    ]


def _shares(found: Sequence[Influence], stage: Stage) -> Mapping[Span, float]:
    """Return what each word adds in the eyes of ``stage``, the most being 1."""
    raising = {each.span: each.amount for each in found if each.stage is stage and each.amount > 0}
    most = max(raising.values(), default=1.0)
    return {span: amount / most for span, amount in raising.items()}


def _share_at(span: Span, shares: Mapping[Span, float]) -> float:
    """Return the largest share of a word that stands within, or about, ``span``."""
    touching = (
        share for at, share in shares.items() if at.start < span.end and span.start < at.end
    )
    return max(touching, default=0.0)


def _marked(content: str, words: Iterable[Span]) -> str:
    pieces, at = [], 0
    for span in words:
        if span.start >= at:
            pieces += [content[at : span.start], _MARK, content[span.start : span.end], _MARK]
            at = span.end
    return "".join([*pieces, content[at:]])

"""What is worth showing of an explanation: the weightiest words, and where to mark the text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from service.moderation.explain import Influence
from service.moderation.signal import CONTENT, Attribute, Signal, Span, evidence_spans
from service.moderation.verdict import Stage

MOST_WORDS = 12
"""So many words of each model, for each attribute."""
# Of what the weightiest word adds, the share from which a word is marked too: the mean of both
# models'. Beside several insults leaving one out changes little, so that all words look alike
# to the encoder; and where the linear model knows none of the words, all look alike to it. So
# a model's own weightiest word counts in full only from half of what the other's adds.
_WORTH_MARKING = 0.5
_IN_FULL = 0.5


def weightiest(found: Sequence[Influence]) -> list[Influence]:
    """Return what counts most in each model's eyes, in reading order."""
    kept: list[Influence] = []
    for stage in Stage:
        own = [each for each in found if each.stage is stage]
        most = sorted(own, key=lambda each: -abs(each.amount))[:MOST_WORDS]
        kept += sorted(most, key=lambda each: (each.span.start, each.span.end))
    return kept


def marks(
    found: Sequence[Influence], attribute: Attribute, signals: Iterable[Signal]
) -> list[Span]:
    """Return where the words stand that speak most for ``attribute``, apart and in order.

    Those are what the models find weightiest of ``found``, and what lists know: the encoder
    may find no word of several insults missing when it is left out.
    """
    listed = evidence_spans((each for each in signals if each.attribute is attribute), CONTENT)
    return _merged([*_weighty(found), *listed])


def _weighty(found: Sequence[Influence]) -> list[Span]:
    """Return the words with a large share in both models' eyes, or the largest in one's.

    The linear model's words are looked at first, which stand without punctuation; the
    encoder's where the linear model has none.
    """
    least = _IN_FULL * max((each.amount for each in found), default=0.0)
    eyes = [shares for stage in Stage if (shares := _shares(found, stage, least))]
    words = [each.span for each in found if each.stage is Stage.LINEAR]
    words += [
        each.span
        for each in found
        if each.stage is Stage.ENCODER and not any(_touch(each.span, word) for word in words)
    ]
    return [
        word
        for word in words
        if eyes and sum(_share_at(word, shares) for shares in eyes) >= _WORTH_MARKING * len(eyes)
    ]


def _shares(found: Sequence[Influence], stage: Stage, least: float) -> Mapping[Span, float]:
    """Return what each word adds in the eyes of ``stage``, as a share of the most or ``least``."""
    raising = {each.span: each.amount for each in found if each.stage is stage and each.amount > 0}
    most = max(least, *raising.values(), 0.0)
    return {span: amount / most for span, amount in raising.items()}


def _share_at(span: Span, shares: Mapping[Span, float]) -> float:
    """Return the largest share of a word that stands within, or about, ``span``."""
    return max((share for at, share in shares.items() if _touch(at, span)), default=0.0)


def _touch(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end


def _merged(spans: Iterable[Span]) -> list[Span]:
    """Return ``spans`` in order, those that overlap as one."""
    found: list[Span] = []
    for span in sorted(spans, key=lambda each: (each.start, each.end)):
        if found and span.start < found[-1].end:
            found[-1] = Span(found[-1].start, max(found[-1].end, span.end))
        else:
            found.append(span)
    return found

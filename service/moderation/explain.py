"""Explanations: which words moved which score, by how much, in whose eyes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from service.moderation.batch import Batch
from service.moderation.cascade import Cascade
from service.moderation.comment import Case
from service.moderation.doubt import main_langs
from service.moderation.models.condense import repeats
from service.moderation.models.encoder.explain import explain
from service.moderation.models.weights import ATTRIBUTES
from service.moderation.signal import Attribute, Span
from service.moderation.text import Offsets, Stretch, offsets_without, without
from service.moderation.verdict import Stage

WORTH_EXPLAINING = 0.1
"""The score from which an attribute is explained."""


@dataclass(frozen=True, slots=True)
class Influence:
    """Say how far the words at ``span`` of the content move a score, in log-odds of ``stage``.

    Above 0 they raise it, below they lower it. The linear model's amounts are before its
    calibration, the encoder's after.
    """

    span: Span
    amount: float
    stage: Stage


Found = Mapping[Attribute, list[Influence]]


def explanations(cascade: Cascade, case: Case) -> Found:
    """Return, for each attribute that ``case`` scores in, what moved it, in reading order.

    The attribute with the highest score comes first. Of each, first all of the linear
    model's, then, if the encoder judged the comment, all of the encoder's. An encoder
    that fails to explain leaves the linear model's. Takes as long as judging forty comments:
    for those who ask.
    """
    content = case.comment.content
    cut = repeats(content)
    comment = replace(case.comment, content=without(content, cut))
    batch = Batch([replace(case, comment=comment)])
    judgement = batch.once(cascade.judge)
    scores = zip(ATTRIBUTES, judgement.scores[0].tolist(), strict=True)
    found = {
        attribute: list(_by_words(cascade, batch, attribute))
        for attribute, score in sorted(scores, key=lambda pair: -pair[1])
        if score >= WORTH_EXPLAINING
    }
    if judgement.is_read[0] and found:
        for attribute, influence in _by_meaning(cascade, batch):
            if attribute in found:
                found[attribute].append(influence)
    return _placed(found, cut) if cut else found


def _placed(found: Found, cut: Sequence[Stretch]) -> Found:
    """Return ``found`` with the spans that the words have in the text before it was ``cut``."""
    whole = offsets_without(Offsets((0,), (0,), (0,)), cut)
    return {
        attribute: [
            replace(each, span=whole.span(each.span.start, each.span.end)) for each in influences
        ]
        for attribute, influences in found.items()
    }


def _by_words(cascade: Cascade, batch: Batch, attribute: Attribute) -> Iterator[Influence]:
    for item in cascade.linear.explain(batch.texts[0], attribute):
        yield Influence(item.span, item.amount, Stage.LINEAR)


def _by_meaning(cascade: Cascade, batch: Batch) -> Iterator[tuple[Attribute, Influence]]:
    content, lang = batch.cases[0].comment.content, main_langs(batch)[0]
    told = cascade.reader.ask(lambda encoder: explain(encoder, content, lang, cascade.rank))
    for span, amounts in told or ():
        for attribute, amount in zip(ATTRIBUTES, amounts.tolist(), strict=True):
            if not math.isnan(amount):
                yield attribute, Influence(span, amount, Stage.ENCODER)

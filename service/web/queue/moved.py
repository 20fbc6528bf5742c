"""Which words moved one comment's scores, as its page shows them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from babel.numbers import format_decimal

from service.api.explained import Explained
from service.api.language import language
from service.moderation.explain import Influence
from service.moderation.weightiest import marks
from service.schemas.messages import Message
from service.store.records import Record
from service.web.queue import words
from service.web.queue.marking import Piece, pieces

WORDS_SHOWN = 6
LEAST_AMOUNT = 0.05
"""What is less would be shown as 0."""
LONGEST_WORDS_CHARS = 80


@dataclass(frozen=True, slots=True)
class Weight:
    """Hold some words and how far they moved a score, as it is written."""

    words: tuple[Piece, ...]
    amount: str


@dataclass(frozen=True, slots=True)
class Moved:
    """Hold what moved one attribute's score: the text marked, and each model's weights."""

    name: Message
    content: tuple[Piece, ...]
    by_model: tuple[tuple[Message, tuple[Weight, ...]], ...]


def moved(record: Record, found: Explained) -> list[Moved]:
    """Return what moved each score of a comment, the highest score first."""
    signals = record.verdict.signals if record.verdict else ()
    return [
        Moved(
            words.ATTRIBUTE_NAMES[attribute],
            tuple(pieces(found.content, marks(influences, attribute, signals))),
            tuple(_by_model(found.content, influences)),
        )
        for attribute, influences in found.told.items()
    ]


def _by_model(
    content: str, found: Sequence[Influence]
) -> Iterator[tuple[Message, tuple[Weight, ...]]]:
    for stage, name in words.MODEL_NAMES.items():
        own = [each for each in found if each.stage is stage and abs(each.amount) >= LEAST_AMOUNT]
        most = sorted(own, key=lambda each: -abs(each.amount))[:WORDS_SHOWN]
        if most:
            yield name, tuple(_weight(content, each) for each in most)


def _weight(content: str, influence: Influence) -> Weight:
    text = content[influence.span.start : influence.span.end]
    if len(text) > LONGEST_WORDS_CHARS:
        text = text[:LONGEST_WORDS_CHARS].rstrip() + "…"
    amount = format_decimal(influence.amount, "+0.0;−0.0", locale=language())
    return Weight(tuple(pieces(text, ())), amount)

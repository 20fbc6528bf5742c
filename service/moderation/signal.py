"""A signal: one check's finding about one comment, with its evidence."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Attribute(StrEnum):
    """Name what a comment may be found to be."""

    SPAM = "spam"
    TOXICITY = "toxicity"
    SEVERE_TOXICITY = "severe_toxicity"
    INSULT = "insult"
    THREAT = "threat"
    IDENTITY_ATTACK = "identity_attack"
    PROFANITY = "profanity"
    SEXUALLY_EXPLICIT = "sexually_explicit"


TONE = frozenset(Attribute) - {Attribute.SPAM}
CONTENT = "content"
"""The field that most findings point at."""


@dataclass(frozen=True, slots=True)
class Span:
    """Point at ``text[start:end]`` of a field, in Unicode code points."""

    start: int
    end: int
    field: str = CONTENT


@dataclass(frozen=True, slots=True)
class Evidence:
    """Say what was seen: a stable code, its parameters, and where.

    The code names a sentence in ``service/schemas/wording.py``, which fills in the
    parameters in the reader's language.
    """

    code: str
    params: Mapping[str, str | int | float] = field(default_factory=dict)
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Signal:
    """Hold one finding.

    ``score`` is 0..1, how strongly the check believes ``attribute`` holds;
    ``weight`` is 0..1, how far a score of 1 from this check may move the total. A weight
    below 0, at least -1, is a belief that the attribute does not hold.
    """

    check: str
    attribute: Attribute
    score: float
    weight: float = 1.0
    evidence: tuple[Evidence, ...] = ()


# What no resemblance to good comments excuses: how a comment came, and how often.
ARRIVAL = frozenset(
    {
        "spam.campaign",
        "spam.disposable_email",
        "spam.duplicates",
        "spam.flood",
        "spam.form_time",
        "spam.honeypot",
    }
)
REFUSALS = "toxicity.refusals"
"""The check whose signal says that a comment's insults are all refused or told."""
SPARED = frozenset({Attribute.INSULT, Attribute.TOXICITY, Attribute.PROFANITY})
"""What such a comment is held for instead of refused."""
_OF_WORDS = ("spam.", "toxicity.")


def combine(signals: Iterable[Signal]) -> dict[Attribute, float]:
    """Return each attribute's total score, 0..1, by noisy-or.

    ``1 - prod(1 - weight * score)``: independent hints add up, none counts twice
    as much for being repeated, and no total leaves 0..1 (Pearl, Probabilistic
    Reasoning in Intelligent Systems, 1988, section 4.3.2). Signals of negative weight
    then take their share off what the checks of words believe; what ``ARRIVAL`` found,
    and what an operator's own rules or another family of checks say, stands.
    """
    doubts: dict[Attribute, float] = {}
    firm: dict[Attribute, float] = {}
    kept: dict[Attribute, float] = {}
    for signal in signals:
        if signal.weight < 0:
            share = 1.0 + signal.weight * signal.score
            kept[signal.attribute] = kept.get(signal.attribute, 1.0) * share
            continue
        into = doubts if _is_of_words(signal.check) else firm
        doubt = 1.0 - signal.weight * signal.score
        into[signal.attribute] = into.get(signal.attribute, 1.0) * doubt
    totals = {}
    for name in doubts | firm:
        believed = kept.get(name, 1.0) * (1.0 - doubts.get(name, 1.0))
        totals[name] = 1.0 - (1.0 - believed) * firm.get(name, 1.0)
    return totals


def spared(signals: Iterable[Signal]) -> Collection[Attribute]:
    """Return the attributes for which only a person may refuse, by what the checks found."""
    return SPARED if any(signal.check == REFUSALS for signal in signals) else ()


def evidence_spans(signals: Iterable[Signal], field: str) -> list[Span]:
    """Return where the findings that speak against a comment point at in one of its fields."""
    return [
        span
        for signal in signals
        if signal.weight > 0
        for item in signal.evidence
        for span in item.spans
        if span.field == field
    ]


def _is_of_words(check: str) -> bool:
    return check.startswith(_OF_WORDS) and check not in ARRIVAL

"""What a moderator's decision teaches: of which charge it speaks, which way, and how loudly."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from service.moderation.signal import TONE, Attribute, Signal, combine
from service.moderation.verdict import Status

CHARGES = (Attribute.SPAM, Attribute.TOXICITY)
"""What a site learns to tell apart; ``TOXICITY`` stands for tone as a whole."""

FAMILY = "site."
"""The first part of the names of the checks that speak for the layer itself."""

_LEAST_WEIGHT = 0.25
"""A decision the machine would have taken too teaches a quarter of one that it would not."""

_SPAM = re.compile(
    r"spam|\bpub(?:s|licit\w*)?\b|\badvert\w*|\bad\b|\bpromo\w*|\br[ée]clame\b", re.IGNORECASE
)
_NEITHER = re.compile(
    r"hors[- ]?sujet|off[- ]?topic|doublon|duplicate|spoiler|copyright|droits? d.auteur"
    r"|donn[ée]es? personnelles?|vie priv[ée]e|personal (?:data|information)|privacy",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Teaching:
    """Hold what a decision says about each of ``CHARGES``.

    ``guilt`` is 1 where the comment was refused for it, -1 where it was approved and 0
    where the decision says nothing. ``suspicion`` is the machine's own score, 0..1.
    """

    guilt: tuple[int, int]
    suspicion: tuple[float, float]

    @property
    def weights(self) -> tuple[float, float]:
        """Return how much each charge teaches, 0..1: most where the machine thought otherwise."""
        spam, tone = map(_weight, self.guilt, self.suspicion)
        return spam, tone


def teaching(target: Status, reason: str, signals: Iterable[Signal]) -> Teaching | None:
    """Return what moving a comment to ``target`` teaches, or None when it teaches nothing.

    ``signals`` are those of the comment's verdict; what the site's layer itself said is
    left out, so that it is not its own witness. The words of ``reason`` tell whether a
    rejected comment was refused for its tone, for advertising, or for neither.
    """
    guilt = _guilt(target, reason)
    if guilt is None:
        return None
    scores = combine(item for item in signals if not item.check.startswith(FAMILY))
    return Teaching(guilt, (scores.get(Attribute.SPAM, 0.0), _tone(scores)))


def _guilt(target: Status, reason: str) -> tuple[int, int] | None:
    if target is Status.APPROVED:
        return -1, -1
    if target is Status.SPAM or (target is Status.REJECTED and _SPAM.search(reason)):
        return 1, 0
    if target is Status.REJECTED and not _NEITHER.search(reason):
        return 0, 1
    return None


def _tone(scores: Mapping[Attribute, float]) -> float:
    return max((score for name, score in scores.items() if name in TONE), default=0.0)


def _weight(guilt: int, suspicion: float) -> float:
    if not guilt:
        return 0.0
    right = 1.0 if guilt > 0 else 0.0
    return max(_LEAST_WEIGHT, abs(right - suspicion))

"""What readers reported of a comment, and its author's appeal, as its hash keeps them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import orjson


class ReportReason(StrEnum):
    """Name what a reader may report a comment for."""

    SPAM = "spam"
    INSULT = "insult"
    HATE = "hate"
    THREAT = "threat"
    OFF_TOPIC = "off-topic"
    PRIVATE = "private"
    OTHER = "other"


class Judgement(StrEnum):
    """Name what a moderator made of a report, as transition.lua writes it."""

    OPEN = "-"
    AGREED = "y"
    DISAGREED = "n"


@dataclass(frozen=True, slots=True)
class Report:
    """Hold one report: who, by keyed hash, for what, how much it weighs, when (ms)."""

    reporter: str
    reason: ReportReason
    weight: float
    at_ms: int
    judgement: Judgement
    note: str = ""


@dataclass(frozen=True, slots=True)
class Reported:
    """Hold the reports kept of one comment; ``total`` counts also those that are not."""

    reports: tuple[Report, ...] = ()
    total: int = 0

    @property
    def open(self) -> tuple[Report, ...]:
        """Return the reports that no moderator has judged."""
        return tuple(each for each in self.reports if each.judgement is Judgement.OPEN)

    @property
    def open_weight(self) -> float:
        """Return what the open reports weigh together."""
        return round(sum(each.weight for each in self.open), 4)

    @property
    def open_reasons(self) -> Mapping[ReportReason, int]:
        """Return how many open reports there are for each reason, the most frequent first."""
        return dict(Counter(each.reason for each in self.open).most_common())


class AppealOutcome(StrEnum):
    """Name what became of an appeal."""

    OPEN = ""
    GRANTED = "granted"
    UPHELD = "upheld"


@dataclass(frozen=True, slots=True)
class Appeal:
    """Hold an author's appeal: when (ms), against whom, and what became of it.

    ``refused_by`` is the actor whose decision it is against, or ``machine``.
    """

    text: str
    at_ms: int
    refused_by: str
    outcome: AppealOutcome = AppealOutcome.OPEN
    decided_by: str = ""
    decided_at_ms: int = 0


NOT_REPORTED = Reported()
MACHINE = "machine"


@dataclass(frozen=True, slots=True)
class Voices:
    """Hold what readers and the author have to say about where a comment stands."""

    reported: Reported = NOT_REPORTED
    appeal: Appeal | None = field(default=None)


NO_VOICES = Voices()


def voices_from(fields: Mapping[bytes, bytes]) -> Voices:
    """Return the reports and the appeal in a stored hash."""
    raw_reports, raw_appeal = fields.get(b"reports"), fields.get(b"appeal")
    total = int(fields.get(b"reports_total", b"0"))
    if not total and raw_appeal is None:
        return NO_VOICES
    reports = tuple(_report_from(each) for each in (raw_reports or b"").decode().split())
    return Voices(Reported(reports, total), _appeal_from(raw_appeal))


def _report_from(stored: str) -> Report:
    reporter, reason, weight, at_ms, judgement = stored.split(":")
    return Report(reporter, ReportReason(reason), float(weight), int(at_ms), Judgement(judgement))


def _appeal_from(raw: bytes | None) -> Appeal | None:
    if raw is None:
        return None
    data = orjson.loads(raw)
    return Appeal(
        text=data["text"],
        at_ms=int(data["at"]),
        refused_by=data["by"],
        outcome=AppealOutcome(data["outcome"]),
        decided_by=data["decided_by"],
        decided_at_ms=int(data["decided_at"]),
    )

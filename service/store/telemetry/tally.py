"""A tally: what one worker measured since it was last written down."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from service.moderation.verdict import Stage, Verdict
from service.store.telemetry.buckets import bucket_of

STAGE_FAILURES = {
    Stage.ENCODER_FAILED: ("encoder", "failed"),
    Stage.REMOTE_SKIPPED: ("remote", "skipped"),
}
"""Stages that say that a model should have spoken and did not: of which check, and how."""


@dataclass(slots=True)
class Timing:
    """Hold how long one check took over one batch, and by which failures it ended, by kind."""

    calls: int = 0
    seconds: float = 0.0
    failures: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Reviewed:
    """Hold one batch that was reviewed and settled.

    ``latencies_ms`` are the times from acceptance to verdict; ``seconds`` is what the batch
    took, ``timings`` what each check took of that. ``standing`` names the checks that look at
    every batch.
    """

    verdicts: Sequence[Verdict]
    latencies_ms: Sequence[int]
    seconds: float
    timings: Mapping[str, Timing]
    standing: Iterable[str]
    at_ms: int


@dataclass(slots=True)
class Tally:
    """Add up batches. Names of fields are those in Redis (telemetry.py reads them)."""

    fields: Counter[str] = field(default_factory=Counter)
    checks: Counter[str] = field(default_factory=Counter)
    marks: dict[str, int] = field(default_factory=dict)
    batch_size: int = 0

    def __bool__(self) -> bool:
        return bool(self.fields)

    def add(self, batch: Reviewed) -> None:
        """Add one batch."""
        count = len(batch.verdicts)
        self.batch_size = count
        self._add_verdicts(batch.verdicts)
        self._add_latencies(batch.latencies_ms)
        self.fields.update(batches=1, reviewed=count, busy_us=round(batch.seconds * 1e6))
        for name in batch.standing:
            self.marks[f"{name}|standing"] = batch.at_ms
        for name, timing in batch.timings.items():
            self._add_check(name, timing, count, batch.at_ms)
        self._add_unscreened(batch)
        self.marks["reviewed"] = batch.at_ms

    def _add_verdicts(self, verdicts: Sequence[Verdict]) -> None:
        for status, times in Counter(verdict.status for verdict in verdicts).items():
            self.fields[f"v|{status}"] += times
        for verdict in verdicts:
            if verdict.signals:
                for name in {signal.check for signal in verdict.signals}:
                    self.checks[f"{name}|signals"] += 1

    def _add_latencies(self, latencies_ms: Sequence[int]) -> None:
        for bucket, times in Counter(map(bucket_of, latencies_ms)).items():
            self.fields[f"l|{bucket}"] += times
        self.fields["latency_ms"] += sum(latencies_ms)

    def _add_check(self, name: str, timing: Timing, count: int, at_ms: int) -> None:
        micros = round(timing.seconds * 1e6)
        self.checks[f"{name}|calls"] += timing.calls
        self.checks[f"{name}|comments"] += count
        self.checks[f"{name}|us"] += micros
        self.checks[f"{name}|b|{bucket_of(micros / count)}"] += count
        self.marks[f"{name}|seen"] = at_ms
        for kind, times in timing.failures.items():
            self._fail(name, kind, times, at_ms)

    def _add_unscreened(self, batch: Reviewed) -> None:
        """Count what checks could not judge, whether or not they said why."""
        missed: Counter[str] = Counter()
        for verdict in batch.verdicts:
            if verdict.unscreened:
                self.fields["unscreened"] += 1
                missed.update(verdict.unscreened)
            for stage in STAGE_FAILURES.keys() & verdict.stages:
                self._fail(*STAGE_FAILURES[stage], 1, batch.at_ms)
        for name, times in missed.items():
            self.checks[f"{name}|unscreened"] += times
            self.marks[f"{name}|failed"] = batch.at_ms
            if name not in batch.timings or not batch.timings[name].failures:
                self._fail(name, "no answer", times, batch.at_ms)

    def _fail(self, name: str, kind: str, times: int, at_ms: int) -> None:
        self.checks[f"{name}|f|{kind}"] += times
        self.fields["failures"] += times
        self.marks[f"{name}|failed"] = at_ms

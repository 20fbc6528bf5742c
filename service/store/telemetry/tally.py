"""A tally: what one worker measured since it was last written down."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from service.moderation.verdict import Stage, Verdict
from service.store.telemetry.buckets import bucket_of

STAGE_FAILURES = {
    Stage.ENCODER_FAILED: ("toxicity.encoder", "failed"),
    Stage.REMOTE_SKIPPED: ("remote", "skipped"),
}
"""Stages that say that a model should have spoken and did not: of which check, and how."""

NO_ANSWER = "no answer"
"""The kind of failure of a check that left a comment unscreened and did not say why."""


@dataclass(slots=True)
class Timing:
    """Hold how long one check took over one batch, and by which failures it ended, by kind."""

    calls: int = 0
    seconds: float = 0.0
    failures: dict[str, int] = field(default_factory=dict)


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
    standing: Sequence[str]
    at_ms: int


@dataclass(slots=True)
class CheckTally:
    """Add up what one check did, and when it last ran and failed (ms; 0: it did not)."""

    calls: int = 0
    comments: int = 0
    signals: int = 0
    unscreened: int = 0
    micros: int = 0
    buckets: dict[int, int] = field(default_factory=dict)
    failures: Counter[str] = field(default_factory=Counter)
    seen_ms: int = 0
    failed_ms: int = 0

    def fail(self, kind: str, times: int, at_ms: int) -> None:
        """Count failures of one kind."""
        self.failures[kind] += times
        self.failed_ms = at_ms

    def fields(self) -> dict[str, int]:
        """Return the counts by the names they have in Redis (checks.py reads them)."""
        counts = {
            "calls": self.calls,
            "comments": self.comments,
            "signals": self.signals,
            "unscreened": self.unscreened,
            "us": self.micros,
            **{f"b|{bucket}": count for bucket, count in self.buckets.items()},
            **{f"f|{kind}": count for kind, count in self.failures.items()},
        }
        return {name: count for name, count in counts.items() if count}

    def marks(self) -> dict[str, int]:
        """Return the moments by the names they have in Redis."""
        moments = {"seen": self.seen_ms, "failed": self.failed_ms}
        return {name: at_ms for name, at_ms in moments.items() if at_ms}


@dataclass(slots=True)
class Tally:
    """Add up batches. It is done for every batch, so names are made when all is written."""

    fields: Counter[str] = field(default_factory=Counter)
    checks: dict[str, CheckTally] = field(default_factory=dict)
    latencies: Counter[int] = field(default_factory=Counter)
    verdicts: Counter[str] = field(default_factory=Counter)
    standing: Sequence[str] = ()
    batch_size: int = 0
    at_ms: int = 0

    def __bool__(self) -> bool:
        return self.batch_size > 0

    def add(self, batch: Reviewed) -> None:
        """Add one batch."""
        count = len(batch.verdicts)
        if not count:
            return
        self.batch_size, self.at_ms, self.standing = count, batch.at_ms, batch.standing
        fields = self.fields
        fields["batches"] += 1
        fields["reviewed"] += count
        fields["busy_us"] += round(batch.seconds * 1e6)
        fields["latency_ms"] += sum(batch.latencies_ms)
        self.latencies.update(map(bucket_of, batch.latencies_ms))
        for name, timing in batch.timings.items():
            self._add_check(name, timing, count)
        for verdict in batch.verdicts:
            self._add_verdict(verdict, batch.timings)

    def counts(self) -> dict[str, int]:
        """Return what was counted of all together, by the names it has in Redis."""
        return {
            **self.fields,
            **{f"l|{bucket}": times for bucket, times in self.latencies.items()},
            **{f"v|{status}": times for status, times in self.verdicts.items()},
        }

    def check_counts(self) -> dict[str, int]:
        """Return what was counted of each check."""
        return {
            f"{name}|{what}": count
            for name, check in self.checks.items()
            for what, count in check.fields().items()
        }

    def marks(self) -> dict[str, int]:
        """Return when the last batch was, and when each check ran and failed (ms)."""
        return {
            "reviewed": self.at_ms,
            **{f"{name}|standing": self.at_ms for name in self.standing},
            **{
                f"{name}|{what}": at_ms
                for name, check in self.checks.items()
                for what, at_ms in check.marks().items()
            },
        }

    def _check(self, name: str) -> CheckTally:
        found = self.checks.get(name)
        if found is None:
            found = self.checks[name] = CheckTally()
        return found

    def _add_check(self, name: str, timing: Timing, count: int) -> None:
        check, micros = self._check(name), round(timing.seconds * 1e6)
        check.calls += timing.calls
        check.comments += count
        check.micros += micros
        bucket = bucket_of(micros / count)
        check.buckets[bucket] = check.buckets.get(bucket, 0) + count
        check.seen_ms = self.at_ms
        for kind, times in timing.failures.items():
            self._fail(name, kind, times)

    def _add_verdict(self, verdict: Verdict, timings: Mapping[str, Timing]) -> None:
        """Count what checks found and could not judge, whether or not they said why."""
        self.verdicts[verdict.status] += 1
        for name in {signal.check for signal in verdict.signals}:
            self._check(name).signals += 1
        for stage in verdict.stages:
            if stage in STAGE_FAILURES:
                self._fail(*STAGE_FAILURES[Stage(stage)], 1)
        if not verdict.unscreened:
            return
        self.fields["unscreened"] += 1
        for name in verdict.unscreened:
            check = self._check(name)
            check.unscreened += 1
            check.failed_ms = self.at_ms
            if name not in timings or not timings[name].failures:
                self._fail(name, NO_ANSWER, 1)

    def _fail(self, name: str, kind: str, times: int) -> None:
        self._check(name).fail(kind, times, self.at_ms)
        self.fields["failures"] += times

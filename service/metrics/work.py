"""The workers in numbers: who lives, what they did, and how long each check took."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from math import inf

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)

from service.store.telemetry.views import (
    CheckTotals,
    CheckView,
    RqQueueView,
    Totals,
    WorkerState,
    WorkerView,
)

LEAST_BOUND_S, MOST_BOUND_S = 0.002, 600.0
MOST_KINDS = 20
"""Kinds of failure of one check with a label of their own; the rest are added up."""
OTHER = "other"


def worker_families(workers: Sequence[WorkerView], now_ms: int) -> Iterator[Metric]:
    """Yield the workers by state, and what the living take."""
    family = GaugeMetricFamily("ecluse_workers", "Workers by state.", labels=["state"])
    counts = Counter(worker.state for worker in workers)
    for state in WorkerState:
        family.add_metric([state], counts[state])
    yield family
    alive = [worker for worker in workers if worker.is_alive]
    yield GaugeMetricFamily(
        "ecluse_workers_memory_bytes",
        "Memory of the workers alive, together.",
        sum(worker.memory_bytes for worker in alive),
    )
    yield GaugeMetricFamily(
        "ecluse_workers_silent_seconds",
        "How long ago the most silent worker alive showed itself.",
        max((now_ms - worker.last_heartbeat_ms for worker in alive), default=0) / 1000,
    )


def queue_families(queues: Sequence[RqQueueView], *, is_suspended: bool) -> Iterator[Metric]:
    """Yield RQ's queues."""
    jobs = GaugeMetricFamily("ecluse_rq_jobs", "Tasks of RQ by state.", labels=["queue", "state"])
    oldest = GaugeMetricFamily(
        "ecluse_rq_oldest_seconds", "How long the oldest task has waited.", labels=["queue"]
    )
    for queue in queues:
        for state in ("depth", "started", "failed"):
            label = "waiting" if state == "depth" else state
            jobs.add_metric([queue.name, label], getattr(queue, state))
        oldest.add_metric([queue.name], queue.oldest_s or 0.0)
    yield jobs
    yield oldest
    yield GaugeMetricFamily(
        "ecluse_workers_suspended", "1 while workers are told to begin nothing.", is_suspended
    )


def work_families(totals: Totals) -> Iterator[Metric]:
    """Yield what the workers did since the store was made."""
    yield CounterMetricFamily("ecluse_batches", "Batches reviewed.", totals.batches)
    yield CounterMetricFamily("ecluse_comments_reviewed", "Comments reviewed.", totals.reviewed)
    yield CounterMetricFamily(
        "ecluse_workers_busy_seconds", "Time spent on batches, by all workers.", totals.busy_s
    )
    yield CounterMetricFamily(
        "ecluse_comments_unscreened",
        "Comments that some check could not judge, when they were reviewed.",
        totals.unscreened,
    )
    verdicts = CounterMetricFamily("ecluse_verdicts", "Verdicts by status.", labels=["status"])
    for status, count in sorted(totals.verdicts.items()):
        verdicts.add_metric([status], count)
    yield verdicts
    yield _latency(totals)
    yield from _checks(totals.checks)


def check_families(checks: Sequence[CheckView]) -> Iterator[Metric]:
    """Yield which checks fail and which fell silent, as the operators' page tells it."""
    failing = GaugeMetricFamily(
        "ecluse_check_failing", "1 where a check failed within five minutes.", labels=["check"]
    )
    silent = GaugeMetricFamily(
        "ecluse_check_silent",
        "1 where a check no longer runs, or no longer finds what it used to find.",
        labels=["check"],
    )
    for check in checks:
        failing.add_metric([check.name], check.is_failing)
        silent.add_metric([check.name], check.is_silent)
    yield failing
    yield silent


def _latency(totals: Totals) -> Metric:
    """Return the time from acceptance to verdict, of four buckets that are kept the last."""
    kept = [
        (bound, count)
        for bound, count in totals.latency_buckets[4::4]
        if LEAST_BOUND_S <= bound <= MOST_BOUND_S
    ]
    everything = totals.latency_buckets[-1][1] if totals.latency_buckets else 0
    buckets = [(f"{bound:.6g}", float(count)) for bound, count in kept if bound != inf]
    return HistogramMetricFamily(
        "ecluse_verdict_latency_seconds",
        "Time from acceptance to verdict.",
        buckets=[*buckets, ("+Inf", float(everything))],
        sum_value=totals.latency_sum_s,
    )


def _checks(checks: Mapping[str, CheckTotals]) -> Iterator[Metric]:
    columns = {
        "comments": "Comments a check looked at.",
        "signals": "Comments it found something in.",
        "seconds": "Time it took.",
        "unscreened": "Comments it could not judge.",
    }
    for column, about in columns.items():
        family = CounterMetricFamily(f"ecluse_check_{column}", about, labels=["check"])
        for name, totals in checks.items():
            family.add_metric([name], getattr(totals, column))
        yield family
    # A count that appears with its first failure shows no increase: the sum is there before.
    failed = CounterMetricFamily("ecluse_check_failed", "Times a check failed.", labels=["check"])
    for name, totals in checks.items():
        failed.add_metric([name], sum(totals.failures.values()))
    yield failed
    failures = CounterMetricFamily(
        "ecluse_check_failures", "Times a check failed, by kind.", labels=["check", "kind"]
    )
    for name, totals in checks.items():
        for kind, count in _bounded(totals.failures).items():
            failures.add_metric([name, kind], count)
    yield failures


def _bounded(failures: Mapping[str, int]) -> Mapping[str, int]:
    named = dict(islice(sorted(failures.items()), MOST_KINDS))
    rest = sum(failures.values()) - sum(named.values())
    return {**named, OTHER: named.get(OTHER, 0) + rest} if rest else named

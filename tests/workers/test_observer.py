"""What workers measure, and how operators read it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from config.settings import Settings
from service.moderation.batch import Check
from service.store import suspension
from service.store.doorbell import Doorbell
from service.store.store import Store
from service.store.telemetry.recorder import Recorder
from service.store.telemetry.telemetry import Telemetry
from service.store.telemetry.views import (
    AdviceKind,
    AlertKind,
    Measure,
    Overview,
    Severity,
    Span,
)
from tests.store.shelf import bring, raw
from tests.workers.house import BAD, Misbehaving, fail, moderator_of, queue_of
from workers.moderate import Moderator
from workers.observer import Observer
from workers.watch import Watch

HOUR_MS = 3_600_000
FINE = Misbehaving(fail, name="test.fine")


@dataclass
class Bench:
    """A store, a worker that measures, and an operator who looks."""

    store: Store
    settings: Settings
    shift_ms: int = 0

    @property
    def queue(self) -> Redis:
        return queue_of(self.settings)

    @property
    def telemetry(self) -> Telemetry:
        return Telemetry(self.store, self.queue)

    @property
    def now_ms(self) -> int:
        """The server's time, by which entries get their ids, and how far the test moved it."""
        seconds, micros = raw(self.store).time()
        return int(seconds * 1000 + micros // 1000) + self.shift_ms

    def worker(self, *checks: Check, **options: Any) -> Moderator:
        watch = Watch()
        guard = watch.over(lambda _name: Untimed())
        made = moderator_of(self.store, self.settings, *checks, guard=guard, **options)
        recorder = Recorder(self.store.client, "w1")
        return replace(made, observer=Observer(watch, recorder), now=lambda: self.now_ms / 1000)

    def overview(self) -> Overview:
        return self.telemetry.overview(["demo"], self.now_ms)


class Untimed:
    def __enter__(self) -> None: ...

    def __exit__(self, *_error: object) -> None: ...


@pytest.fixture
def bench(store: Store, settings: Settings) -> Bench:
    return Bench(store, settings)


def kinds(overview: Overview) -> set[AlertKind]:
    return {alert.kind for alert in overview.alerts}


def test_what_a_worker_reviewed_is_counted_by_verdict_with_its_latency(bench: Bench) -> None:
    for number in range(3):
        bring(bench.store, f"c{number}")
    bench.shift_ms = HOUR_MS
    bench.worker(FINE).drain("demo")
    seen = bench.overview()
    assert seen.verdicts == {"approved": 3}
    assert seen.latency.count == 3
    assert seen.latency.p50_ms == pytest.approx(HOUR_MS, rel=0.1)
    assert seen.settled_rate > 0
    assert seen.unlooked.total == 0


def test_the_time_of_every_check_is_known_per_comment(bench: Bench) -> None:
    for number in range(4):
        bring(bench.store, f"c{number}")
    bench.worker(FINE, batch_size=2).drain("demo")
    (check,) = bench.telemetry.checks(bench.now_ms)
    assert (check.name, check.calls, check.comments) == ("test.fine", 2, 4)
    assert check.mean_ms >= 0
    assert not check.is_failing
    assert not check.is_silent


def test_a_check_that_fails_raises_an_alarm_at_once_and_the_alarm_ends(bench: Bench) -> None:
    bring(bench.store, "c1", content=BAD)
    bring(bench.store, "c2")
    bench.worker(Misbehaving(fail)).drain("demo")
    seen = bench.overview()
    (alert,) = [each for each in seen.alerts if each.kind is AlertKind.CHECK_FAILING]
    assert (alert.subject, alert.severity) == ("test.misbehaving", Severity.CRITICAL)
    (check,) = bench.telemetry.checks(bench.now_ms)
    assert (check.failures, check.unscreened) == ({"RuntimeError": 2}, 1)
    assert (seen.unlooked.unscreened, seen.unlooked.held_unseen) == (1, 0)
    bench.shift_ms = 301_000
    assert AlertKind.CHECK_FAILING not in kinds(bench.overview())


def test_a_check_that_did_not_load_raises_an_alarm(bench: Bench) -> None:
    bring(bench.store, "c1")
    bench.worker(FINE, faulty=("test.absent",)).drain("demo")
    failing = [c for c in bench.telemetry.checks(bench.now_ms) if c.is_failing]
    assert [(c.name, c.failures) for c in failing] == [("test.absent", {"no answer": 1})]


def test_a_check_that_no_longer_runs_has_fallen_silent(bench: Bench) -> None:
    other = Misbehaving(fail, name="test.other")
    bring(bench.store, "c1")
    bench.worker(FINE, other).drain("demo")
    bench.shift_ms = 61_000
    bring(bench.store, "c2")
    bench.worker(FINE).drain("demo")
    silent = [c.name for c in bench.telemetry.checks(bench.now_ms) if c.is_silent]
    assert silent == ["test.other"]
    assert AlertKind.CHECK_SILENT in kinds(bench.overview())


def test_many_batches_are_written_at_once_and_a_server_that_is_away_stops_nothing(
    bench: Bench,
) -> None:
    for number in range(5):
        bring(bench.store, f"c{number}")
    worker = bench.worker(FINE, batch_size=1)
    assert worker.observer is not None
    away = Redis(unix_socket_path="/nowhere", retry=Retry(NoBackoff(), 0))
    worker.observer.recorder = Recorder(away, "w1")
    assert worker.drain("demo") == 5
    assert bench.telemetry.totals().reviewed == 0
    worker.observer.recorder._client = bench.store.client
    before = raw(bench.store).info("commandstats")["cmdstat_evalsha"]["calls"]
    worker.observer.end_task()
    assert raw(bench.store).info("commandstats")["cmdstat_evalsha"]["calls"] <= before + 1
    totals = bench.telemetry.totals()
    assert (totals.reviewed, totals.batches) == (5, 5)
    assert totals.latency_buckets[-1] == (float("inf"), 5)


def test_charts_have_every_measure_over_every_span(bench: Bench) -> None:
    bring(bench.store, "c1")
    bench.worker(FINE).drain("demo")
    bench.overview()
    for span, points in ((Span.HOUR, 360), (Span.DAY, 288), (Span.MONTH, 360)):
        charts = {series.measure: series for series in bench.telemetry.charts(span, bench.now_ms)}
        assert set(charts) == set(Measure)
        approved = charts[Measure.APPROVED].values
        assert len(approved) == points
        assert sum(value or 0 for value in approved) > 0
        assert approved[0] is None
        assert charts[Measure.INBOX].values[-1] == 0


def test_slots_are_forgotten_when_no_chart_shows_them(bench: Bench) -> None:
    bring(bench.store, "c1")
    bench.worker(FINE).drain("demo")
    bench.overview()
    names = raw(bench.store).keys("ecluse:{[*]}:ops:*")
    lasting = {name.decode() for name in names if raw(bench.store).ttl(name) == -1}
    assert lasting == {f"ecluse:{{*}}:ops:{name}" for name in ("totals", "checks", "sampled")}


def test_without_workers_the_advice_is_to_start_some(bench: Bench) -> None:
    bring(bench.store, "c1")
    seen = bench.overview()
    assert seen.advice.kind is AdviceKind.START
    assert AlertKind.NO_WORKER in kinds(seen)
    assert seen.unlooked.inbox == 1


def test_a_comment_that_waits_too_long_raises_an_alarm(bench: Bench) -> None:
    bring(bench.store, "c1")
    assert AlertKind.INBOX_OLD not in kinds(bench.overview())
    bench.shift_ms = 31_000
    seen = bench.overview()
    (alert,) = [each for each in seen.alerts if each.kind is AlertKind.INBOX_OLD]
    assert alert.subject == "demo"
    assert alert.value >= 31
    assert seen.unlooked.oldest_s == pytest.approx(alert.value)


def test_what_was_accepted_is_counted_from_look_to_look(bench: Bench) -> None:
    bench.overview()
    bench.shift_ms = 10_000
    for number in range(6):
        bring(bench.store, f"c{number}")
    assert bench.overview().accepted_rate == pytest.approx(6 / 65, rel=0.1)


def test_suspended_workers_end_a_drain_and_nobody_is_rung_for(bench: Bench) -> None:
    for number in range(3):
        bring(bench.store, f"c{number}")
    worker = bench.worker(FINE, batch_size=1)
    worker = replace(worker, is_suspended=lambda: suspension.is_suspended(bench.queue))
    bench.telemetry.suspend("account:op", bench.now_ms)
    assert worker.drain("demo") == 0
    assert Doorbell(bench.queue).ring("demo")
    assert depth(bench.queue) == 0
    seen = bench.overview()
    assert (seen.is_suspended, seen.suspended_by) == (True, "account:op")
    assert AlertKind.SUSPENDED in kinds(seen)
    assert seen.advice.kind is AdviceKind.RESUME
    bench.telemetry.resume("account:op")
    assert depth(bench.queue) == 1
    assert not bench.overview().is_suspended
    told = [entry.kind for entry in bench.store.general_audit.newest()]
    assert told == ["workers-resumed", "workers-suspended"]


def test_a_drain_that_is_under_way_ends_when_workers_are_suspended(bench: Bench) -> None:
    bring(bench.store, "c1", content=BAD)
    bring(bench.store, "c2")
    suspend = Misbehaving(lambda: bench.telemetry.suspend("cli", bench.now_ms))
    worker = bench.worker(suspend, batch_size=1)
    worker = replace(worker, is_suspended=lambda: suspension.is_suspended(bench.queue))
    assert worker.drain("demo") == 1
    assert bench.store.inbox.is_waiting("demo")


def test_rqs_own_suspension_is_seen_too(bench: Bench) -> None:
    bench.queue.set("rq:suspended", 1)
    seen = bench.overview()
    assert (seen.is_suspended, seen.suspended_by, seen.suspended_since_ms) == (True, "", None)


def depth(queue: Any) -> int:
    return int(queue.llen("rq:queue:moderate"))

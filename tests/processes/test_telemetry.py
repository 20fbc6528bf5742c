"""What operators see of real workers: at work, suspended, hanging, killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer

from config.settings import Settings
from service.live_workers import Absence, absence
from service.store.doorbell import MODERATE_QUEUE, Doorbell
from service.store.store import Store
from service.store.telemetry.roll import ALIVE_MS
from service.store.telemetry.telemetry import Limits, Telemetry
from service.store.telemetry.views import (
    AdviceKind,
    Alert,
    AlertKind,
    Severity,
    WorkerState,
    WorkerView,
)
from service.store.telemetry.workers import SILENT_AFTER_MS
from tests.conftest import stop
from tests.processes.service_up import eventually
from tests.store.shelf import bring
from workers.attendance import EVERY_S, PATIENCE_S
from workers.runner import LOOK_EVERY_S


@pytest.fixture
def telemetry(store: Store, settings: Settings) -> Iterator[Telemetry]:
    """Two real workers, alive and idle, and the operator's view of them."""
    named = {
        "REDIS_URL": settings.redis_url, "QUEUE_URL": settings.queue_url,
        "DATA_DIR": str(settings.data_dir),
    }  # fmt: skip
    environment = {**os.environ, **{f"ECLUSE_{name}": value for name, value in named.items()}}
    runner = subprocess.Popen([sys.executable, "-m", "workers.runner", "2"], env=environment)
    made = Telemetry(store, Redis.from_url(settings.queue_url))
    eventually(lambda: [w.state for w in looked(made)] == [WorkerState.IDLE] * 2)
    yield made
    stop(runner)


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def looked(telemetry: Telemetry) -> tuple[WorkerView, ...]:
    return telemetry.workers(now_ms())


def test_workers_are_seen_at_work_suspended_and_killed(
    telemetry: Telemetry, store: Store, settings: Settings
) -> None:
    bell = Doorbell(Redis.from_url(settings.queue_url))
    for number in range(20):
        bring(store, f"c{number}")
    bell.ring("demo")
    eventually(lambda: sum(worker.settled for worker in looked(telemetry)) == 20)
    (busiest, *_) = sorted(looked(telemetry), key=lambda worker: -worker.settled)
    assert busiest.memory_bytes > 10_000_000
    assert busiest.rate > 0
    eventually(lambda: sum(worker.succeeded for worker in looked(telemetry)) >= 1)
    assert telemetry.overview(["demo"], now_ms()).latency.count == 20

    queue = Queue(MODERATE_QUEUE, connection=queue_of(settings), serializer=JSONSerializer)
    queue.enqueue("time.sleep", 2)
    eventually(lambda: in_hand(telemetry) == [(WorkerState.BUSY, "time.sleep")])
    eventually(lambda: in_hand(telemetry) == [])

    telemetry.suspend("account:op", now_ms())
    eventually(lambda: {w.state for w in looked(telemetry)} == {WorkerState.SUSPENDED})
    bring(store, "later")
    telemetry.resume("account:op")
    eventually(lambda: store.comments.status("demo", "later") == "approved")

    os.kill(busiest.pid, signal.SIGKILL)
    eventually(lambda: gone(telemetry) == [(busiest.pid, -signal.SIGKILL)])
    eventually(lambda: sum(worker.is_alive for worker in looked(telemetry)) == 2)


def test_a_worker_that_hangs_is_not_taken_for_a_healthy_one(
    telemetry: Telemetry, store: Store, settings: Settings
) -> None:
    (first, second) = looked(telemetry)
    impatient = Telemetry(store, queue_of(settings), Limits(inbox_age_s=2))
    assert absent(store, settings) is None
    os.kill(first.pid, signal.SIGSTOP)
    try:
        eventually(lambda: states(telemetry) == {first.pid: "silent", second.pid: "idle"})
        (alert,) = of_kind(impatient, AlertKind.WORKER_SILENT)
        assert (alert.severity, alert.value) == (Severity.WARNING, 1)
        assert absent(store, settings) is None  # the other is there
        (shown,) = [worker for worker in looked(telemetry) if worker.pid == first.pid]
        assert now_ms() - shown.last_heartbeat_ms > SILENT_AFTER_MS
        os.kill(second.pid, signal.SIGSTOP)
        bring(store, "c1")
        Doorbell(queue_of(settings)).ring("demo")
        eventually(lambda: set(states(telemetry).values()) == {"silent"})
        (alert,) = of_kind(impatient, AlertKind.WORKER_SILENT)
        assert (alert.severity, alert.value) == (Severity.CRITICAL, 2)
        assert not of_kind(impatient, AlertKind.NO_WORKER)
        assert absent(store, settings) is Absence.SILENT  # RQ still calls both alive
        assert impatient.overview(["demo"], now_ms()).advice.kind is AdviceKind.STUCK
    finally:
        for worker in (first, second):
            os.kill(worker.pid, signal.SIGCONT)
    eventually(lambda: states(telemetry) == {first.pid: "idle", second.pid: "idle"})
    eventually(lambda: store.comments.status("demo", "c1") == "approved")
    assert not of_kind(impatient, AlertKind.WORKER_SILENT)
    assert absent(store, settings) is None


def test_a_killed_worker_and_a_killed_machine_are_seen_within_five_seconds() -> None:
    assert LOOK_EVERY_S + PATIENCE_S < 5  # the runner sees its worker die, and tells
    assert ALIVE_MS / 1000 < 5  # nobody is left to tell
    assert EVERY_S + PATIENCE_S < ALIVE_MS / 1000


def states(telemetry: Telemetry) -> dict[int, str]:
    return {worker.pid: worker.state for worker in looked(telemetry)}


def in_hand(telemetry: Telemetry) -> list[tuple[WorkerState, str]]:
    return [(worker.state, worker.task) for worker in looked(telemetry) if worker.task]


def absent(store: Store, settings: Settings) -> Absence | None:
    return absence(store.client, queue_of(settings), time.time())


def of_kind(telemetry: Telemetry, kind: AlertKind) -> list[Alert]:
    alerts = telemetry.overview(["demo"], now_ms()).alerts
    return [alert for alert in alerts if alert.kind is kind]


def queue_of(settings: Settings) -> Redis:
    return Redis.from_url(settings.queue_url)


def gone(telemetry: Telemetry) -> list[tuple[int, int | None]]:
    return [(w.pid, w.exit_code) for w in looked(telemetry) if w.state is WorkerState.GONE]

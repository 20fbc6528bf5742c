"""What operators see of real workers: at work, suspended, killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from redis import Redis

from config.settings import Settings
from service.store.doorbell import Doorbell
from service.store.store import Store
from service.store.telemetry.roll import ALIVE_MS
from service.store.telemetry.telemetry import Telemetry
from service.store.telemetry.views import WorkerState, WorkerView
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

    telemetry.suspend("account:op", now_ms())
    eventually(lambda: {w.state for w in looked(telemetry)} == {WorkerState.SUSPENDED})
    bring(store, "later")
    telemetry.resume("account:op")
    eventually(lambda: store.comments.status("demo", "later") == "approved")

    os.kill(busiest.pid, signal.SIGKILL)
    eventually(lambda: gone(telemetry) == [(busiest.pid, -signal.SIGKILL)])
    eventually(lambda: sum(worker.is_alive for worker in looked(telemetry)) == 2)


def test_a_killed_worker_and_a_killed_machine_are_seen_within_five_seconds() -> None:
    assert LOOK_EVERY_S + PATIENCE_S < 5  # the runner sees its worker die, and tells
    assert ALIVE_MS / 1000 < 5  # nobody is left to tell
    assert EVERY_S + PATIENCE_S < ALIVE_MS / 1000


def gone(telemetry: Telemetry) -> list[tuple[int, int | None]]:
    return [(w.pid, w.exit_code) for w in looked(telemetry) if w.state is WorkerState.GONE]

"""Real RQ workers, of both kinds, answering the doorbell."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from config.settings import Settings, WorkerKind
from service.moderation.verdict import Status
from service.store.doorbell import Doorbell
from service.store.store import Store
from tests.conftest import stop
from tests.store.shelf import bring
from tests.workers.house import queue_of

PATIENCE_S = 60.0


@pytest.fixture(params=list(WorkerKind))
def runner(request: pytest.FixtureRequest, settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    named = {
        "REDIS_URL": settings.redis_url, "QUEUE_URL": settings.queue_url,
        "DATA_DIR": str(settings.data_dir), "WORKER_KIND": str(request.param.value),
    }  # fmt: skip
    environment = {**os.environ, **{f"ECLUSE_{name}": value for name, value in named.items()}}
    process = subprocess.Popen([sys.executable, "-m", "workers.runner", "1"], env=environment)
    yield process
    if process.poll() is None:
        stop(process)


def test_a_worker_answers_every_bell(
    store: Store, settings: Settings, runner: subprocess.Popen[bytes]
) -> None:
    bell = Doorbell(queue_of(settings))
    for number in range(3):
        if bring(store, f"c{number}").must_ring:
            assert bell.ring("demo")
        until = time.monotonic() + PATIENCE_S
        while store.comments.status("demo", f"c{number}") == Status.RECEIVED:
            assert runner.poll() is None
            assert time.monotonic() < until
            time.sleep(0.02)
    counts = store.decisions.counts("demo")
    assert counts["accepted"] == counts["settled"] == 3
    assert not store.inbox.is_waiting("demo")
    runner.terminate()
    assert runner.wait(PATIENCE_S) == 0
    assert queue_of(settings).keys("rq:failed:*") == []

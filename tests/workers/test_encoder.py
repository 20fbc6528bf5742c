"""The encoder in real RQ workers of both kinds: one that forks for each task, one that does not."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from config.settings import Settings, WorkerKind
from service.moderation.verdict import Stage, Status, Verdict
from service.store.doorbell import Doorbell
from service.store.store import Store
from tests.conftest import stop
from tests.encoders import write_own
from tests.store.shelf import bring
from tests.workers.house import queue_of

PATIENCE_S = 60.0
LABELS = {"toxic": "toxicity"}
ROWS = {"lavoir": [9.0]}

Start = Callable[[Path], "subprocess.Popen[bytes]"]


@pytest.fixture(params=list(WorkerKind))
def start(request: pytest.FixtureRequest, settings: Settings) -> Iterator[Start]:
    started: list[subprocess.Popen[bytes]] = []

    def run(model: Path) -> subprocess.Popen[bytes]:
        named = {
            "REDIS_URL": settings.redis_url, "QUEUE_URL": settings.queue_url,
            "DATA_DIR": str(settings.data_dir), "WORKER_KIND": str(request.param.value),
            "ENCODER": "always", "ENCODER_MODEL": str(model),
        }  # fmt: skip
        environment = {**os.environ, **{f"ECLUSE_{name}": value for name, value in named.items()}}
        command = [sys.executable, "-m", "workers.runner", "1"]
        started.append(subprocess.Popen(command, env=environment))
        return started[-1]

    yield run
    for process in started:
        stop(process)


def verdict_of(
    store: Store, settings: Settings, worker: subprocess.Popen[bytes], comment_id: str, content: str
) -> Verdict:
    """Bring a comment, ring, and wait until the worker has settled it."""
    if bring(store, comment_id, content=content).must_ring:
        assert Doorbell(queue_of(settings)).ring("demo")
    until = time.monotonic() + PATIENCE_S
    while store.comments.status("demo", comment_id) == Status.RECEIVED:
        assert worker.poll() is None
        assert time.monotonic() < until
        time.sleep(0.02)
    verdict = store.comments.get("demo", comment_id).verdict
    assert verdict is not None
    return verdict


def test_task_after_task_is_read_by_the_encoder(
    store: Store, settings: Settings, start: Start, tmp_path: Path
) -> None:
    worker = start(write_own(tmp_path / "own", LABELS, ROWS))
    contents = ["La photo du lavoir est belle.", "La photo du village est belle.", "Le lavoir."]
    verdicts = [
        verdict_of(store, settings, worker, f"c{number}", content)
        for number, content in enumerate(contents)
    ]
    assert [verdict.stages for verdict in verdicts] == [(Stage.LINEAR, Stage.ENCODER)] * 3
    assert [verdict.status for verdict in verdicts] == [
        Status.REJECTED, Status.APPROVED, Status.REJECTED,
    ]  # fmt: skip


def test_with_a_damaged_encoder_everything_is_settled_by_the_linear_model(
    store: Store, settings: Settings, start: Start, tmp_path: Path
) -> None:
    model = write_own(tmp_path / "own", LABELS, ROWS)
    model.write_bytes(model.read_bytes()[:100])
    worker = start(model)
    for number in range(3):
        content = "La photo du lavoir est belle."
        verdict = verdict_of(store, settings, worker, f"c{number}", content)
        assert verdict.stages == (Stage.LINEAR, Stage.ENCODER_FAILED)
        assert (verdict.status, verdict.unscreened) == (Status.APPROVED, ())

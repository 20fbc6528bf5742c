"""When a worker that somebody vouches for counts as silent, by how it shows itself."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from redis import Redis

from config.settings import Settings
from service.live_workers import Absence, absence
from service.store import keys
from service.store.server.connection import connect
from service.store.store import Store
from service.store.telemetry.roll import Present, Roll
from service.store.telemetry.views import WorkerState
from service.store.telemetry.workers import look_at_workers

NOW_MS = 1_800_000_000_000
NOW_S = NOW_MS / 1000
HOUR_MS = 3_600_000


def put_up(store: Store, queue: Any, of_rq_s: float | None, sign_s: float | None) -> None:
    """Have a worker that showed itself so long ago: to RQ, and by its thread."""
    client: Any = store.client
    Roll(store.client).call([Present("w", "here", 7, NOW_MS - HOUR_MS, 0)], [], NOW_MS)
    if sign_s is not None:
        client.hset(keys.ops_worker("w"), "sign", NOW_MS - round(sign_s * 1000))
    if of_rq_s is not None:
        seen = datetime.fromtimestamp(NOW_MS / 1000 - of_rq_s, UTC)
        fields = {"pid": 7, "hostname": "here", "state": "idle",
                  "last_heartbeat": f"{seen:%Y-%m-%dT%H:%M:%S.%fZ}"}  # fmt: skip
        queue.sadd("rq:workers", "rq:worker:w")
        queue.hset("rq:worker:w", mapping=fields)


@pytest.fixture
def queue(settings: Settings) -> Any:
    return Redis.from_url(settings.queue_url)


@pytest.mark.parametrize(
    ("of_rq_s", "sign_s", "state", "absent"),
    [
        (14, 1, WorkerState.IDLE, None),
        (300, 1, WorkerState.IDLE, None),  # within a long task it shows itself to RQ no more
        (14, 12, WorkerState.SILENT, Absence.SILENT),
        (None, 300, WorkerState.SILENT, Absence.NONE_ALIVE),  # RQ has forgotten it
        (40, None, WorkerState.IDLE, None),  # it forks
        (50, None, WorkerState.SILENT, Absence.SILENT),
        (None, None, WorkerState.STARTING, Absence.NONE_ALIVE),
        (0, None, WorkerState.IDLE, None),  # just started
    ],
)
def test_a_worker_is_silent_when_it_should_have_shown_itself(
    store: Store,
    queue: Any,
    of_rq_s: float | None,
    sign_s: float | None,
    state: WorkerState,
    absent: Absence | None,
) -> None:
    put_up(store, queue, of_rq_s, sign_s)
    (view,) = look_at_workers(store.client, queue, NOW_MS)
    assert view.state is state
    assert absence(store.client, queue, NOW_S) is absent


def test_a_worker_that_nobody_vouches_for_any_more_is_not_there(store: Store, queue: Any) -> None:
    put_up(store, queue, of_rq_s=1, sign_s=1)
    client: Any = store.client
    client.delete(keys.ops_alive("w"))  # its runner is frozen with it
    assert absence(store.client, queue, NOW_S) is Absence.NONE_ALIVE


def test_a_worker_that_stands_on_no_roll_is_there_by_the_word_of_rq(
    store: Store, queue: Any
) -> None:
    put_up(store, queue, of_rq_s=50, sign_s=None)
    assert absence(store.client, queue, NOW_S) is Absence.SILENT
    queue.hset("rq:worker:w", "pid", 8)
    assert absence(store.client, queue, NOW_S) is None


def test_where_the_roll_cannot_be_read_the_word_of_rq_counts(store: Store, queue: Any) -> None:
    put_up(store, queue, of_rq_s=14, sign_s=12)
    assert absence(connect("redis://127.0.0.1:1", retries=0), queue, NOW_S) is None

"""When a worker that somebody vouches for counts as silent, by how it shows itself."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from redis import Redis

from config.settings import Settings
from service.store import keys
from service.store.store import Store
from service.store.telemetry.roll import Present, Roll
from service.store.telemetry.views import WorkerState
from service.store.telemetry.workers import look_at_workers

NOW_MS = 1_800_000_000_000
HOUR_MS = 3_600_000


def state_of(
    store: Store, settings: Settings, *, of_rq_s: float | None, sign_s: float | None
) -> WorkerState:
    """Return the state of a worker that showed itself so long ago: to RQ, and by its thread."""
    queue: Any = Redis.from_url(settings.queue_url)
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
    (view,) = look_at_workers(store.client, queue, NOW_MS)
    return view.state


@pytest.mark.parametrize(
    ("of_rq_s", "sign_s", "state"),
    [
        (14, 1, WorkerState.IDLE),
        (300, 1, WorkerState.IDLE),  # within a long task it shows itself to RQ no more
        (14, 12, WorkerState.SILENT),
        (None, 300, WorkerState.SILENT),  # RQ has forgotten it
        (40, None, WorkerState.IDLE),  # it forks
        (50, None, WorkerState.SILENT),
        (None, None, WorkerState.STARTING),
    ],
)
def test_a_worker_is_silent_when_it_should_have_shown_itself(
    store: Store,
    settings: Settings,
    of_rq_s: float | None,
    sign_s: float | None,
    state: WorkerState,
) -> None:
    assert state_of(store, settings, of_rq_s=of_rq_s, sign_s=sign_s) is state

"""Which workers are alive, by the keys RQ keeps about them, and whether any shows itself."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from service.store.server.connection import Client
from service.store.telemetry.server import trouble_seen
from service.store.telemetry.views import WorkerState, WorkerView
from service.store.telemetry.workers import look_at_workers

WORKERS = "rq:workers"  # set of the keys of the workers' hashes; RQ's own
SILENCE_ALLOWED_S = 90.0
"""Idle workers show themselves every 15 s; one task lasts 20 s and a last batch."""
AT_WORK = frozenset({WorkerState.IDLE, WorkerState.BUSY, WorkerState.SUSPENDED})


class Absence(StrEnum):
    """Name why nothing is begun: no worker lives, or none of those that live shows itself."""

    NONE_ALIVE = "none-alive"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class LiveWorker:
    """Hold one worker: where it runs, and how long ago it showed itself, seconds."""

    name: str
    hostname: str
    pid: int
    silent_s: float


def live_workers(queue: Client, now: float) -> list[LiveWorker]:
    """Return the workers that showed themselves lately; ``now`` in seconds since the epoch."""
    names: Any = queue.smembers(WORKERS)
    pipe = queue.pipeline(transaction=False)
    for name in names:
        pipe.hgetall(name)
    known = [_worker(name, fields, now) for name, fields in zip(names, pipe.execute(), strict=True)]
    return [worker for worker in known if worker is not None and _is_alive(worker)]


def absence(store: Client, queue: Redis, now: float) -> Absence | None:
    """Return why no worker is there; None where one is. ``now`` in seconds since the epoch.

    A worker on the operators' roll is there as long as it counts as at work on it; one that only
    RQ knows, and every one while the roll cannot be read or written, by RQ's word.
    """
    views = _on_roll(store, queue, now)
    if any(view.state in AT_WORK for view in views):
        return None
    known = {(view.host, view.pid) for view in views}
    alive = live_workers(queue, now)
    if not alive:
        return Absence.NONE_ALIVE
    if any((worker.hostname, worker.pid) not in known for worker in alive) or trouble_seen(store):
        return None
    is_silent = any(view.state is WorkerState.SILENT for view in views)
    return Absence.SILENT if is_silent else Absence.NONE_ALIVE


def _on_roll(store: Client, queue: Redis, now: float) -> tuple[WorkerView, ...]:
    try:
        return look_at_workers(store, queue, round(now * 1000))
    except (RedisError, OSError):
        return ()


def _worker(name: bytes, fields: dict[bytes, bytes], now: float) -> LiveWorker | None:
    if b"pid" not in fields or b"death" in fields:
        return None
    seen = datetime.fromisoformat(fields[b"last_heartbeat"].decode())
    return LiveWorker(
        name.decode(), fields[b"hostname"].decode(), int(fields[b"pid"]), now - seen.timestamp()
    )


def _is_alive(worker: LiveWorker) -> bool:
    if worker.silent_s > SILENCE_ALLOWED_S:
        return False
    return worker.hostname != socket.gethostname() or _exists(worker.pid)


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True

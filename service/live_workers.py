"""Which RQ workers are alive, read from the keys RQ keeps about them."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from service.store.server.connection import Client

WORKERS = "rq:workers"  # set of the keys of the workers' hashes; RQ's own
SILENCE_ALLOWED_S = 90.0
"""Idle workers show themselves every 15 s; one task lasts 20 s and a last batch."""


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

"""The roll: which workers live, told by the process that started them and sees them die."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from service.store import keys
from service.store.server.connection import Client
from service.store.telemetry.recorder import WORKER_KEPT_S

ALIVE_MS = 4_000
"""A worker that nobody has vouched for during so long is gone; its runner does each second."""
MOST_NAMES = 1_000


@dataclass(frozen=True, slots=True)
class Present:
    """Hold one living worker process: since when (ms), and what memory it takes."""

    name: str
    host: str
    pid: int
    started_ms: int
    memory_bytes: int


@dataclass(frozen=True, slots=True)
class Left:
    """Hold one worker process that ended, and its exit code."""

    name: str
    exit_code: int | None


class Roll:
    """Write down which workers live and which ended."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def call(self, present: Sequence[Present], left: Sequence[Left], now_ms: int) -> None:
        """Vouch for the living, and strike off the dead; one pipeline."""
        pipe = self._client.pipeline(transaction=False)
        for each in present:
            fields: dict[Any, Any] = {
                "host": each.host, "pid": each.pid, "started": each.started_ms,
                "memory": each.memory_bytes, "beat": now_ms,
            }  # fmt: skip
            pipe.hset(keys.ops_worker(each.name), mapping=fields)
            pipe.hdel(keys.ops_worker(each.name), "exit")
            pipe.expire(keys.ops_worker(each.name), WORKER_KEPT_S)
            pipe.set(keys.ops_alive(each.name), "1", px=ALIVE_MS)
            pipe.zadd(keys.OPS_WORKERS, {each.name: now_ms})
        for gone in left:
            code = "" if gone.exit_code is None else gone.exit_code
            pipe.hset(keys.ops_worker(gone.name), "exit", code)
            pipe.delete(keys.ops_alive(gone.name))
        pipe.zremrangebyscore(keys.OPS_WORKERS, "-inf", now_ms - WORKER_KEPT_S * 1000)
        pipe.zremrangebyrank(keys.OPS_WORKERS, 0, -MOST_NAMES - 1)
        pipe.execute()

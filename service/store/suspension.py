"""Suspension: the workers are told to begin nothing, by RQ's own key, and by whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson
from redis import Redis
from rq.suspension import WORKERS_SUSPENDED


@dataclass(frozen=True, slots=True)
class Suspension:
    """Hold by whom the workers were suspended, and when (ms); empty where RQ's own command did."""

    by: str = ""
    since_ms: int | None = None


def suspension_of(queue: Redis) -> Suspension | None:
    """Return the suspension in force, or None."""
    found: Any = queue.get(WORKERS_SUSPENDED)
    if found is None:
        return None
    try:
        told = orjson.loads(found)
        return Suspension(str(told["by"]), int(told["since_ms"]))
    except (orjson.JSONDecodeError, TypeError, KeyError, ValueError):
        return Suspension()


def suspend(queue: Redis, by: str, now_ms: int) -> None:
    """Let no worker begin anything from now on."""
    queue.set(WORKERS_SUSPENDED, orjson.dumps({"by": by, "since_ms": now_ms}))


def resume(queue: Redis) -> bool:
    """Let the workers go on; say whether they were suspended."""
    return bool(queue.delete(WORKERS_SUSPENDED))


def is_suspended(queue: Redis) -> bool:
    """Say whether the workers are suspended."""
    return bool(queue.exists(WORKERS_SUSPENDED))

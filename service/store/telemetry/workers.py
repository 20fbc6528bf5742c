"""The workers as operators see them: the roll, RQ's own word, and what each measured."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from redis import Redis

from service.store import keys
from service.store.server.connection import Client
from service.store.suspension import is_suspended
from service.store.telemetry.recorder import RATE_OVER_S
from service.store.telemetry.views import WorkerState, WorkerView

RQ_WORKERS = "rq:workers"
STATES = {
    b"idle": WorkerState.IDLE,
    b"busy": WorkerState.BUSY,
    b"suspended": WorkerState.SUSPENDED,
}
STARTING, GONE = WorkerState.STARTING, WorkerState.GONE

Fields = Mapping[bytes, bytes]


@dataclass(frozen=True, slots=True)
class Told:
    """Hold what RQ tells of one worker, and the task in its hands."""

    fields: Fields
    task: str = ""


def living(client: Client) -> set[str]:
    """Return the names of the workers that somebody vouches for."""
    names = _names(client)
    if not names:
        return set()
    pipe = client.pipeline(transaction=False)
    for name in names:
        pipe.exists(keys.ops_alive(name))
    return {name for name, is_there in zip(names, pipe.execute(), strict=True) if is_there}


def look_at_workers(client: Client, queue: Redis, now_ms: int) -> tuple[WorkerView, ...]:
    """Return the workers by name, the living before those that are gone."""
    names = _names(client)
    if not names:
        return ()
    pipe = client.pipeline(transaction=False)
    for name in names:
        pipe.hgetall(keys.ops_worker(name))
        pipe.exists(keys.ops_alive(name))
    found = pipe.execute()
    told, is_held_up = _told(queue), is_suspended(queue)
    views = [
        _view(name, fields, _state(fields, told, is_held_up) if is_alive else GONE, told, now_ms)
        for name, fields, is_alive in zip(names, found[0::2], found[1::2], strict=True)
        if b"pid" in fields
    ]
    return tuple(sorted(views, key=lambda view: (not view.is_alive, view.name)))


def _names(client: Client) -> list[str]:
    found: Any = client.zrange(keys.OPS_WORKERS, 0, -1)
    return [name.decode() for name in found]


def _told(queue: Redis) -> dict[tuple[str, int], Told]:
    """Return what RQ tells of its workers, by host and process."""
    names: Any = queue.smembers(RQ_WORKERS)
    if not names:
        return {}
    pipe = queue.pipeline(transaction=False)
    for name in names:
        pipe.hgetall(name)
    known = [fields for fields in pipe.execute() if b"pid" in fields and b"death" not in fields]
    for fields in known:
        pipe.hget(b"rq:job:" + fields.get(b"current_job", b""), "description")
    tasks = pipe.execute()
    return {
        (fields[b"hostname"].decode(), int(fields[b"pid"])): Told(fields, _task(task))
        for fields, task in zip(known, tasks, strict=True)
    }


def _task(description: bytes | None) -> str:
    """Return a task's dotted name, without its arguments: one may be a person's name."""
    return (description or b"").decode("utf-8", "replace").partition("(")[0]


def _state(fields: Fields, told: Mapping[tuple[str, int], Told], is_held_up: bool) -> WorkerState:
    """Return what a living worker does; RQ notes that one is suspended when its task ends."""
    of_rq = told.get((fields[b"host"].decode(), int(fields[b"pid"])))
    state = STATES.get(of_rq.fields.get(b"state", b""), STARTING) if of_rq else STARTING
    return WorkerState.SUSPENDED if is_held_up and state is WorkerState.IDLE else state


def _view(
    name: str,
    fields: Fields,
    state: WorkerState,
    told: Mapping[tuple[str, int], Told],
    now_ms: int,
) -> WorkerView:
    host, pid, beat = fields[b"host"].decode(), int(fields[b"pid"]), int(fields[b"beat"])
    of_rq = told.get((host, pid), Told({}))
    code, is_alive = fields.get(b"exit", b""), state is not GONE
    return WorkerView(
        name=name,
        host=host,
        pid=pid,
        state=state,
        task=of_rq.task if is_alive else "",
        batch_size=int(fields.get(b"batch", 0)),
        rate=_rate(fields, now_ms) if is_alive else 0.0,
        settled=int(fields.get(b"settled", 0)),
        succeeded=int(of_rq.fields.get(b"successful_job_count", 0)),
        failed=int(of_rq.fields.get(b"failed_job_count", 0)),
        memory_bytes=int(fields[b"memory"]),
        uptime_s=max((now_ms if is_alive else beat) - int(fields[b"started"]), 0) / 1000,
        last_heartbeat_ms=beat,
        exit_code=int(code) if code else None,
    )


def _rate(fields: Fields, now_ms: int) -> float:
    if b"rate" not in fields:
        return 0.0
    silent_s = max(now_ms / 1000 - float(fields[b"rate_at"]), 0.0)
    return float(fields[b"rate"]) * math.exp(-silent_s / RATE_OVER_S)

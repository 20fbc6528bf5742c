"""The workers as operators see them: the roll, RQ's own word, and what each measured."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from redis import Redis
from rq.executions import WORKER_EXECUTIONS_KEY_TEMPLATE

from service.store import keys
from service.store.server.connection import Client
from service.store.suspension import is_suspended
from service.store.telemetry.recorder import RATE_OVER_S
from service.store.telemetry.server import trouble_seen
from service.store.telemetry.views import WorkerState, WorkerView

RQ_WORKERS = "rq:workers"
RQ_WORKER = "rq:worker:"
SILENT_AFTER_MS = 10_000
"""A worker that runs its tasks itself shows itself each second, whatever it does."""
SILENT_BY_RQ_MS = 45_000
"""One that forks shows itself only to RQ: every 15 s while idle, every 30 within a task."""
STATES = {
    b"idle": WorkerState.IDLE,
    b"busy": WorkerState.BUSY,
    b"suspended": WorkerState.SUSPENDED,
}
STARTING, SILENT, GONE = WorkerState.STARTING, WorkerState.SILENT, WorkerState.GONE

Fields = Mapping[bytes, bytes]


@dataclass(frozen=True, slots=True)
class Told:
    """Hold what RQ tells of one worker, and the task in its hands."""

    fields: Fields
    task: str = ""

    @property
    def seen_ms(self) -> int:
        """Return when the worker last showed itself to RQ; 0: not known."""
        seen = self.fields.get(b"last_heartbeat")
        return int(datetime.fromisoformat(seen.decode()).timestamp() * 1000) if seen else 0


UNTOLD = Told({})


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
    rows = [
        (name, fields, is_alive)
        for name, fields, is_alive in zip(names, found[0::2], found[1::2], strict=True)
        if b"pid" in fields
    ]
    told, is_held_up = _told(queue), is_suspended(queue)
    unheard = _unheard(client, [fields for _, fields, is_alive in rows if not is_alive])
    views = []
    for name, fields, is_alive in rows:
        of_rq = told.get((fields[b"host"].decode(), int(fields[b"pid"])), UNTOLD)
        absent = GONE if b"exit" in fields else unheard
        state = _state(fields, of_rq, is_held_up) if is_alive else absent
        views.append(_view(name, fields, state, of_rq, now_ms))
    return tuple(sorted(views, key=lambda view: (not view.is_alive, view.name)))


def _unheard(client: Client, absent: Sequence[Fields]) -> WorkerState:
    """Return the state of those nobody vouches for: where nobody can, they may well live."""
    is_open = any(b"exit" not in fields for fields in absent)
    return SILENT if is_open and trouble_seen(client) else GONE


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
        pipe.srandmember(_executions_of(name.decode()))
    found = pipe.execute()
    known = [
        (fields, execution)
        for fields, execution in zip(found[0::2], found[1::2], strict=True)
        if b"pid" in fields and b"death" not in fields
    ]
    for _, execution in known:
        pipe.hget(b"rq:job:" + (execution or b"").partition(b":")[0], "description")
    tasks = pipe.execute()
    return {
        (fields[b"hostname"].decode(), int(fields[b"pid"])): Told(fields, _task(task))
        for (fields, _), task in zip(known, tasks, strict=True)
    }


def _executions_of(worker: str) -> str:
    """Return RQ's key of what a worker has in hand: a task's id, a colon, and the try's."""
    return WORKER_EXECUTIONS_KEY_TEMPLATE.format(worker.removeprefix(RQ_WORKER))


def _task(description: bytes | None) -> str:
    """Return a task's dotted name, without its arguments: one may be a person's name."""
    return (description or b"").decode("utf-8", "replace").partition("(")[0]


def _state(fields: Fields, of_rq: Told, is_held_up: bool) -> WorkerState:
    """Return what a living worker does; RQ notes that one is suspended when its task ends."""
    state = STATES.get(of_rq.fields.get(b"state", b""), STARTING)
    limit_ms = SILENT_AFTER_MS if b"sign" in fields else SILENT_BY_RQ_MS
    has_begun = state is not STARTING or b"sign" in fields
    if has_begun and int(fields[b"beat"]) - _seen_ms(fields, of_rq) > limit_ms:
        return SILENT
    return WorkerState.SUSPENDED if is_held_up and state is WorkerState.IDLE else state


def _seen_ms(fields: Fields, of_rq: Told) -> int:
    """Return when a worker last showed itself, by the clock of the host that vouches for it."""
    return max(int(fields[b"started"]), int(fields.get(b"sign", 0)), of_rq.seen_ms)


def _view(
    name: str,
    fields: Fields,
    state: WorkerState,
    of_rq: Told,
    now_ms: int,
) -> WorkerView:
    host, pid, beat = fields[b"host"].decode(), int(fields[b"pid"]), int(fields[b"beat"])
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
        last_heartbeat_ms=_seen_ms(fields, of_rq),
        exit_code=int(code) if code else None,
    )


def _rate(fields: Fields, now_ms: int) -> float:
    if b"rate" not in fields:
        return 0.0
    silent_s = max(now_ms / 1000 - float(fields[b"rate_at"]), 0.0)
    return float(fields[b"rate"]) * math.exp(-silent_s / RATE_OVER_S)

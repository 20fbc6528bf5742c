"""Failed tasks of RQ: which, why, and what an operator does about them."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from redis import Redis
from rq.exceptions import DeserializationError, InvalidJobOperation, NoSuchJobError
from rq.job import Job
from rq.registry import FailedJobRegistry
from rq.results import Result
from rq.serializers import JSONSerializer

from service.store.doorbell import FAILURE_KEPT_S, MAINTENANCE_QUEUE, MODERATE_QUEUE
from service.store.paging import CursorInvalid
from service.store.server.trouble import bearing_refusals
from service.store.telemetry.views import FailedTask, FailedTasks, RqQueueView
from service.store.tracebacks import exception_of, masked_traceback

QUEUES = (MODERATE_QUEUE, MAINTENANCE_QUEUE)
MOST_AT_ONCE = 500
CURSOR_DIGITS = 12
Row = tuple[float, int, str]
"""When RQ forgets a task (s), the place of its queue, its id."""
SITE_TASKS = frozenset(
    {"workers.moderate.moderate", "workers.learn.learn", "workers.expire.expire_site"}
)
"""Tasks whose first argument is a site's name."""


def look_at_queues(queue: Redis, now_ms: int) -> tuple[RqQueueView, ...]:
    """Return RQ's queues."""
    pipe = queue.pipeline(transaction=False)
    for name in QUEUES:
        pipe.llen(f"rq:queue:{name}")
        pipe.zcard(f"rq:wip:{name}")
        pipe.zcard(f"rq:failed:{name}")
        pipe.lindex(f"rq:queue:{name}", 0)
    found = pipe.execute()
    rows = [found[at : at + 4] for at in range(0, len(found), 4)]
    return tuple(
        RqQueueView(name, depth, started, failed, _age_s(queue, oldest, now_ms))
        for name, (depth, started, failed, oldest) in zip(QUEUES, rows, strict=True)
    )


def _age_s(queue: Redis, job_id: bytes | None, now_ms: int) -> float | None:
    job = _job(queue, job_id.decode()) if job_id else None
    if job is None or job.enqueued_at is None:
        return None
    return max(now_ms / 1000 - job.enqueued_at.timestamp(), 0.0)


class Failures:
    """Read RQ's registries of failed tasks, and empty them."""

    def __init__(self, queue: Redis) -> None:
        self._queue = queue
        self._registries = [
            FailedJobRegistry(name, queue, serializer=JSONSerializer) for name in QUEUES
        ]

    def count(self, queue: str = "") -> int:
        """Return how many tasks failed and are kept, of one queue or of all."""
        return sum(self._registries[at].get_job_count(cleanup=False) for at in _places(queue))

    def find(self, cursor: str, limit: int, queue: str = "") -> FailedTasks:
        """Return a page of them, the newest first, of one queue or of all.

        ``cursor`` holds the time of the last one shown, and how many of each queue were shown
        of that time: what comes or goes before it shifts nothing. Raises ``CursorInvalid``.
        """
        start, skips = _parsed(cursor)
        rows = heapq.merge(
            *(self._rows(at, start, skips[at], limit) for at in _places(queue)), reverse=True
        )
        chosen = list(rows)[: limit + 1]
        shown = chosen[:limit]
        tasks = [self._task(place, job_id, at) for at, place, job_id in shown]
        further = _cursor_after(shown, start, skips) if len(chosen) > limit else ""
        return FailedTasks(tuple(task for task in tasks if task), further, self.count(queue))

    def retry(self, ids: Sequence[str]) -> list[str]:
        """Enqueue failed tasks again; return which."""
        return [
            job_id for job_id in ids if any(self._requeued(r, job_id) for r in self._registries)
        ]

    def discard(self, ids: Sequence[str]) -> list[str]:
        """Forget failed tasks; return which."""
        return [job_id for job_id in ids if any(self._removed(r, job_id) for r in self._registries)]

    def oldest(self, queue: str = "") -> list[str]:
        """Return the ids of the oldest 500, of one queue or of all."""
        rows: list[tuple[float, bytes]] = []
        for at in _places(queue):
            key = self._registries[at].key
            found: Any = self._queue.zrange(key, 0, MOST_AT_ONCE - 1, withscores=True)
            rows += [(score, member) for member, score in found]
        return [member.decode() for _, member in sorted(rows)[:MOST_AT_ONCE]]

    def _rows(self, place: int, start: str, skip: int, limit: int) -> list[Row]:
        registry = self._registries[place]
        with bearing_refusals():
            registry.cleanup()
        found: Any = self._queue.zrange(
            registry.key, start, "-inf", desc=True, byscore=True,
            offset=skip, num=limit + 1, withscores=True,
        )  # fmt: skip
        return [(score, place, member.decode()) for member, score in found]

    def _requeued(self, registry: FailedJobRegistry, job_id: str) -> bool:
        try:
            registry.requeue(job_id)
        except InvalidJobOperation:
            return False
        except NoSuchJobError:
            registry.remove(job_id)
            return False
        return True

    def _removed(self, registry: FailedJobRegistry, job_id: str) -> bool:
        if not registry.remove(job_id):
            return False
        with suppress(NoSuchJobError):
            Job.fetch(job_id, self._queue, JSONSerializer).delete()
        return True

    def _task(self, place: int, job_id: str, forgotten_at_s: float) -> FailedTask | None:
        job = _job(self._queue, job_id)
        if job is None:
            self._registries[place].remove(job_id)
            return None
        function, site = _function_of(job)
        results = [each for each in job.results() if each.type is Result.Type.FAILED]
        said = (results[0].exc_string if results else "") or ""
        at_s = job.ended_at.timestamp() if job.ended_at else forgotten_at_s - FAILURE_KEPT_S
        return FailedTask(
            id=job_id,
            queue=QUEUES[place],
            function=function,
            site=site,
            failed_at_ms=int(at_s * 1000),
            attempts=max(len(results), 1),
            error=exception_of(said),
            traceback=masked_traceback(said),
        )


def _function_of(job: Job) -> tuple[str, str]:
    """Return a task's dotted name and the site it is about; nothing of what is not ours."""
    try:
        name, arguments = job.func_name or "", job.args
    except DeserializationError:
        return "", ""
    return name, str(arguments[0]) if name in SITE_TASKS and arguments else ""


def _job(queue: Redis, job_id: str) -> Job | None:
    try:
        return Job.fetch(job_id, queue, JSONSerializer)
    except NoSuchJobError:
        return None


def _places(queue: str) -> list[int]:
    """Return the places of the queues that are meant: the one named, or all."""
    return [at for at, name in enumerate(QUEUES) if queue in ("", name)]


def _parsed(cursor: str) -> tuple[str, list[int]]:
    """Return from when on to look, and how many of each queue to pass over there."""
    if not cursor:
        return "+inf", [0] * len(QUEUES)
    parts = cursor.split("-")
    is_ours = all(p.isascii() and p.isdigit() and len(p) <= CURSOR_DIGITS for p in parts)
    if not is_ours or len(parts) != 1 + len(QUEUES):
        raise CursorInvalid(cursor)
    return parts[0], list(map(int, parts[1:]))


def _cursor_after(shown: Sequence[Row], start: str, skips: Sequence[int]) -> str:
    last = shown[-1][0]
    before = skips if start == f"{last:.0f}" else [0] * len(QUEUES)
    read = Counter(place for score, place, _ in shown if score == last)
    return "-".join(
        f"{each:.0f}" for each in (last, *(n + read[at] for at, n in enumerate(before)))
    )

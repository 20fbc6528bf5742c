"""Failed tasks of RQ: which, why, and what an operator does about them."""

from __future__ import annotations

import heapq
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
from service.store.masking import exception_of, masked_traceback
from service.store.paging import CursorInvalid
from service.store.telemetry.views import FailedTask, FailedTasks, RqQueueView

QUEUES = (MODERATE_QUEUE, MAINTENANCE_QUEUE)
MOST_AT_ONCE = 500
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

    def count(self) -> int:
        """Return how many tasks failed and are kept."""
        return sum(registry.get_job_count(cleanup=False) for registry in self._registries)

    def find(self, cursor: str, limit: int) -> FailedTasks:
        """Return a page of them, the newest first.

        ``cursor`` holds how many of each queue were shown. Raises ``CursorInvalid``.
        """
        shown = _places(cursor)
        rows = heapq.merge(
            *(self._rows(place, first, limit) for place, first in enumerate(shown)), reverse=True
        )
        chosen = list(rows)[: limit + 1]
        for _, place, _ in chosen[:limit]:
            shown[place] += 1
        tasks = [self._task(place, job_id, at) for at, place, job_id in chosen[:limit]]
        further = "-".join(map(str, shown)) if len(chosen) > limit else ""
        return FailedTasks(tuple(task for task in tasks if task), further, self.count())

    def retry(self, ids: Sequence[str]) -> list[str]:
        """Enqueue failed tasks again; return which."""
        return [
            job_id for job_id in ids if any(self._requeued(r, job_id) for r in self._registries)
        ]

    def discard(self, ids: Sequence[str]) -> list[str]:
        """Forget failed tasks; return which."""
        return [job_id for job_id in ids if any(self._removed(r, job_id) for r in self._registries)]

    def oldest(self) -> list[str]:
        """Return the ids of the oldest 500 of each queue."""
        return [
            job_id
            for registry in self._registries
            for job_id in registry.get_job_ids(0, MOST_AT_ONCE - 1)
        ]

    def _rows(self, place: int, first: int, limit: int) -> list[tuple[float, int, str]]:
        registry = self._registries[place]
        registry.cleanup()
        found: Any = self._queue.zrevrange(registry.key, first, first + limit, withscores=True)
        return [(score - FAILURE_KEPT_S, place, member.decode()) for member, score in found]

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

    def _task(self, place: int, job_id: str, at_s: float) -> FailedTask | None:
        job = _job(self._queue, job_id)
        if job is None:
            self._registries[place].remove(job_id)
            return None
        function, site = _function_of(job)
        results = [each for each in job.results() if each.type is Result.Type.FAILED]
        said = (results[0].exc_string if results else "") or ""
        return FailedTask(
            id=job_id,
            queue=QUEUES[place],
            function=function,
            site=site,
            failed_at_ms=int((job.ended_at.timestamp() if job.ended_at else at_s) * 1000),
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


def _places(cursor: str) -> list[int]:
    if not cursor:
        return [0] * len(QUEUES)
    parts = cursor.split("-")
    if len(parts) != len(QUEUES) or not all(p.isdigit() and len(p) < 9 for p in parts):
        raise CursorInvalid(cursor)
    return list(map(int, parts))

"""RQ's queues and workers, read from the keys RQ keeps about them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from prometheus_client.core import GaugeMetricFamily, Metric
from redis import Redis

from service.live_workers import SILENCE_ALLOWED_S, WORKERS
from service.store.doorbell import MAINTENANCE_QUEUE, MODERATE_QUEUE

QUEUES = (MODERATE_QUEUE, MAINTENANCE_QUEUE)
REGISTRIES = {
    "started": "wip",
    "failed": "failed",
    "deferred": "deferred",
    "scheduled": "scheduled",
}
STATES = ("idle", "busy", "suspended", "started")
MOST_WORKERS = 1_000
"""Workers looked at in one scrape."""


def task_families(queue: Redis, now_s: float) -> Iterator[Metric]:
    """Yield what RQ knows, in three round trips."""
    yield from _queues(queue, now_s)
    yield from _workers(queue, now_s)


def _queues(queue: Redis, now_s: float) -> Iterator[Metric]:
    jobs = GaugeMetricFamily(
        "ecluse_rq_jobs", "Tasks in RQ's queues and registries.", labels=["queue", "state"]
    )
    oldest = GaugeMetricFamily(
        "ecluse_rq_oldest_seconds", "How long the oldest waiting task has.", labels=["queue"]
    )
    pipe = queue.pipeline(transaction=False)
    for name in QUEUES:
        pipe.llen(f"rq:queue:{name}")
        for key in REGISTRIES.values():
            pipe.zcard(f"rq:{key}:{name}")
        pipe.lindex(f"rq:queue:{name}", 0)
    answers = iter(pipe.execute())
    first: dict[str, Any] = {}
    for name in QUEUES:
        for state in ("waiting", *REGISTRIES):
            jobs.add_metric([name, state], next(answers))
        first[name] = next(answers)
    for name, job in first.items():
        oldest.add_metric([name], _waited_s(queue, job, now_s))
    yield jobs
    yield oldest


def _workers(queue: Redis, now_s: float) -> Iterator[Metric]:
    members: Any = queue.smembers(WORKERS)
    pipe = queue.pipeline(transaction=False)
    for name in islice(members, MOST_WORKERS):
        pipe.hmget(name, "state", "last_heartbeat", "death")
    rows = [(state, _age_s(beat, now_s)) for state, beat, death in pipe.execute()
            if beat is not None and death is None]  # fmt: skip
    alive = [(state, age_s) for state, age_s in rows if age_s <= SILENCE_ALLOWED_S]
    counts = Counter((state or b"").decode() for state, _ in alive)
    workers = GaugeMetricFamily("ecluse_rq_workers", "Workers alive.", labels=["state"])
    for state in STATES:
        workers.add_metric([state], counts[state])
    yield workers
    yield GaugeMetricFamily(
        "ecluse_rq_workers_silent",
        "Workers that neither said goodbye nor showed themselves for 90 s.",
        len(rows) - len(alive),
    )
    yield GaugeMetricFamily(
        "ecluse_rq_worker_heartbeat_seconds",
        "How long ago the most silent worker alive showed itself.",
        max((age_s for _, age_s in alive), default=0.0),
    )
    suspended: Any = queue.exists("rq:suspended")
    yield GaugeMetricFamily("ecluse_rq_suspended", "1 while workers are told to rest.", suspended)


def _waited_s(queue: Redis, job: bytes | None, now_s: float) -> float:
    if job is None:
        return 0.0
    found: Any = queue.hget(f"rq:job:{job.decode()}", "enqueued_at")
    return _age_s(found, now_s) if found else 0.0


def _age_s(stamp: bytes, now_s: float) -> float:
    then = datetime.fromisoformat(stamp.decode())
    then = then if then.tzinfo else then.replace(tzinfo=UTC)
    return max(now_s - then.timestamp(), 0.0)

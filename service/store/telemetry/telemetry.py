"""Telemetry: what the workers measured, read for operators, and what operators do about it."""

from __future__ import annotations

from collections.abc import Sequence

from redis import Redis

from service.store.connection import Client
from service.store.telemetry.views import (
    BulkOutcome,
    CheckView,
    FailedTasks,
    InboxView,
    Measure,
    Overview,
    RqQueueView,
    Series,
    Span,
    Totals,
    WorkerView,
)


class Telemetry:
    """Read measurements, and act on workers and failed tasks.

    ``client`` is the store's, ``queue`` RQ's server, which may be another. ``now_ms`` is the
    time of the look. ``sites`` are those a caller may see; the measurements of workers, checks
    and latency are of the whole installation.
    """

    def __init__(self, client: Client, queue: Redis) -> None:
        self._client = client
        self._queue = queue

    def overview(self, sites: Sequence[str], now_ms: int) -> Overview:
        """Return everything at one glance."""
        raise NotImplementedError

    def workers(self, now_ms: int) -> tuple[WorkerView, ...]:
        """Return the workers by name, those gone within ten minutes included."""
        raise NotImplementedError

    def rq_queues(self, now_ms: int) -> tuple[RqQueueView, ...]:
        """Return the RQ queues."""
        raise NotImplementedError

    def inboxes(self, sites: Sequence[str], now_ms: int) -> tuple[InboxView, ...]:
        """Return each site's inbox."""
        raise NotImplementedError

    def checks(self, now_ms: int) -> tuple[CheckView, ...]:
        """Return the checks by name."""
        raise NotImplementedError

    def series(self, measure: Measure, span: Span, now_ms: int) -> Series:
        """Return one measure over a span."""
        raise NotImplementedError

    def charts(self, span: Span, now_ms: int) -> tuple[Series, ...]:
        """Return every measure over a span, by one look."""
        raise NotImplementedError

    def totals(self) -> Totals:
        """Return the counters since the store was made."""
        raise NotImplementedError

    def failed_tasks(self, cursor: str = "", limit: int = 50) -> FailedTasks:
        """Return a page of RQ's failed tasks, the newest first."""
        raise NotImplementedError

    def retry_tasks(self, ids: Sequence[str], actor: str) -> BulkOutcome:
        """Enqueue failed tasks again; those no longer failed are passed over."""
        raise NotImplementedError

    def discard_tasks(self, ids: Sequence[str], actor: str) -> BulkOutcome:
        """Forget failed tasks."""
        raise NotImplementedError

    def retry_every_task(self, actor: str) -> BulkOutcome:
        """Enqueue up to 500 failed tasks again."""
        raise NotImplementedError

    def discard_every_task(self, actor: str) -> BulkOutcome:
        """Forget up to 500 failed tasks."""
        raise NotImplementedError

    def is_suspended(self) -> bool:
        """Say whether the workers are told to begin nothing."""
        raise NotImplementedError

    def suspend(self, actor: str, now_ms: int) -> None:
        """Let the workers begin nothing more; inboxes fill."""
        raise NotImplementedError

    def resume(self, actor: str) -> None:
        """Let the workers go on, and wake them for what waits."""
        raise NotImplementedError

"""Telemetry: what the workers measured, read for operators, and what operators do about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redis import Redis

from config.settings import Settings
from service.store import keys, suspension
from service.store.doorbell import Doorbell
from service.store.server.connection import Client
from service.store.server.embedded import keeps_files_here
from service.store.server.trouble import bearing_refusals
from service.store.store import Store
from service.store.telemetry.advice import Load, advise
from service.store.telemetry.alerts import alerts_of
from service.store.telemetry.buckets import LAST, bound_of
from service.store.telemetry.charts import (
    LATENCY,
    VERDICT,
    chart,
    latency,
    numbers,
    read_slots,
    starting_with,
    together,
)
from service.store.telemetry.checks import check_totals, look_at_checks
from service.store.telemetry.failures import Failures, look_at_queues
from service.store.telemetry.inboxes import look_at_inboxes, unlooked
from service.store.telemetry.sampling import Sampler
from service.store.telemetry.server import look_at_server
from service.store.telemetry.slots import GRIDS
from service.store.telemetry.views import (
    BulkOutcome,
    CheckView,
    FailedTasks,
    InboxView,
    Latency,
    Measure,
    Overview,
    RqQueueView,
    Seen,
    Series,
    Span,
    Totals,
    WebhooksView,
    WorkerState,
    WorkerView,
)
from service.store.telemetry.webhooks import look_at_webhooks
from service.store.telemetry.workers import look_at_workers

MINUTE = 7
"""Slots of ten seconds: the last minute, and what has passed of the current one."""
FIVE_MINUTES = 31


@dataclass(frozen=True, slots=True)
class Limits:
    """Hold from where on something is alarming, and where the server keeps its files, if here."""

    inbox_age_s: float = 30.0
    folder: Path | None = None


def limits_of(settings: Settings) -> Limits:
    """Return what the settings say of them."""
    folder = settings.data_dir if keeps_files_here(settings) else None
    return Limits(settings.inbox_age_alert_s, folder)


class Telemetry:
    """Read measurements, and act on workers and failed tasks.

    ``queue`` is RQ's server, which may be another than the store's. ``now_ms`` is the time of
    the look. ``sites`` are those a caller may see; the measurements of workers, checks and
    latency are of the whole installation.
    """

    def __init__(self, store: Store, queue: Redis, limits: Limits | None = None) -> None:
        self._store = store
        self._client: Client = store.client
        self._queue = queue
        self._limits = limits or Limits()
        self._failures = Failures(queue)
        self._sampler = Sampler(store.client, store.sites)

    def seen(self, sites: Sequence[str], now_ms: int) -> Seen:
        """Return what every overview is made of, each thing looked at once."""
        return Seen(
            workers=self.workers(now_ms),
            inboxes=self.inboxes(sites, now_ms),
            webhooks=self.webhooks(sites, now_ms),
            checks=self.checks(now_ms),
        )

    def overview(self, sites: Sequence[str], now_ms: int, seen: Seen | None = None) -> Overview:
        """Return everything at one glance, of what was ``seen`` just now or is looked at here."""
        with bearing_refusals():
            self._sampler.sample(now_ms)
        seen = seen or self.seen(sites, now_ms)
        inboxes, workers = seen.inboxes, seen.workers
        server = look_at_server(self._client, self._limits.folder)
        _, slots = read_slots(self._client, GRIDS[Span.HOUR], now_ms, FIVE_MINUTES)
        load = Load(slots[-MINUTE:], slots)
        held_up = suspension.suspension_of(self._queue)
        failed, alive = self._failures.count(), sum(worker.is_alive for worker in workers)
        silent = sum(worker.state is WorkerState.SILENT for worker in workers)
        late_s = self._limits.inbox_age_s
        waiting, minute, recent = unlooked(inboxes), together(load.minute), together(slots)
        return Overview(
            at_ms=now_ms,
            accepted_rate=minute["accepted"] / load.seconds,
            settled_rate=minute["reviewed"] / load.seconds,
            verdicts=starting_with(recent, VERDICT),
            latency=_latency(recent),
            unlooked=waiting,
            alerts=alerts_of(
                inboxes,
                seen.checks,
                server,
                seen.webhooks,
                workers_alive=alive,
                workers_silent=silent,
                failed_tasks=failed,
                is_suspended=held_up is not None,
                inbox_age_limit_s=late_s,
                unknown_keys=self._store.door_counts.unknown_lately(now_ms),
            ),
            advice=advise(
                load,
                waiting.inbox,
                alive,
                is_suspended=held_up is not None,
                is_refused=bool(server.trouble),
                is_late=any((inbox.oldest_s or 0) > late_s for inbox in inboxes),
            ),
            is_suspended=held_up is not None,
            suspended_by=held_up.by if held_up else "",
            suspended_since_ms=held_up.since_ms if held_up else None,
            workers_alive=alive,
            workers_busy=sum(worker.state is WorkerState.BUSY for worker in workers),
            dead_letters=sum(inbox.dead_letters for inbox in inboxes),
            failed_tasks=failed,
            server=server,
        )

    def workers(self, now_ms: int) -> tuple[WorkerView, ...]:
        """Return the workers by name, those gone within ten minutes last."""
        return look_at_workers(self._client, self._queue, now_ms)

    def rq_queues(self, now_ms: int) -> tuple[RqQueueView, ...]:
        """Return the RQ queues."""
        return look_at_queues(self._queue, now_ms)

    def inboxes(self, sites: Sequence[str], now_ms: int) -> tuple[InboxView, ...]:
        """Return each site's inbox."""
        return look_at_inboxes(self._client, sites, now_ms)

    def webhooks(self, sites: Sequence[str], now_ms: int) -> tuple[WebhooksView, ...]:
        """Return the webhooks of each site that has any."""
        return look_at_webhooks(self._client, sites, now_ms)

    def checks(self, now_ms: int) -> tuple[CheckView, ...]:
        """Return the checks by name."""
        return look_at_checks(self._client, now_ms)

    def series(self, measure: Measure, span: Span, now_ms: int) -> Series:
        """Return one measure over a span."""
        return chart(self._client, [measure], span, now_ms)[0]

    def charts(self, span: Span, now_ms: int) -> tuple[Series, ...]:
        """Return every measure over a span, by one look."""
        return tuple(chart(self._client, list(Measure), span, now_ms))

    def totals(self) -> Totals:
        """Return the counters since the store was made."""
        pipe = self._client.pipeline(transaction=False)
        pipe.hgetall(keys.OPS_TOTALS)
        pipe.hgetall(keys.OPS_CHECKS)
        found: list[Any] = pipe.execute()
        fields = numbers(found[0])
        return Totals(
            batches=fields.get("batches", 0),
            reviewed=fields.get("reviewed", 0),
            busy_s=fields.get("busy_us", 0) / 1e6,
            verdicts=starting_with(fields, VERDICT),
            unscreened=fields.get("unscreened", 0),
            latency_buckets=_cumulative(starting_with(fields, LATENCY)),
            latency_sum_s=fields.get("latency_ms", 0) / 1000,
            checks=check_totals(found[1]),
        )

    def failed_tasks(self, cursor: str = "", limit: int = 50, queue: str = "") -> FailedTasks:
        """Return a page of RQ's failed tasks, the newest first, of one queue or of all.

        Raises ``CursorInvalid``.
        """
        return self._failures.find(cursor, limit, queue)

    def retry_tasks(self, ids: Sequence[str], actor: str) -> BulkOutcome:
        """Enqueue failed tasks again; those no longer failed are passed over."""
        return self._told("tasks-retried", actor, self._failures.retry(ids))

    def discard_tasks(self, ids: Sequence[str], actor: str) -> BulkOutcome:
        """Forget failed tasks."""
        return self._told("tasks-discarded", actor, self._failures.discard(ids))

    def retry_every_task(self, actor: str, queue: str = "") -> BulkOutcome:
        """Enqueue the oldest 500 failed tasks again; ``left`` counts the rest that match."""
        done = self.retry_tasks(self._failures.oldest(queue), actor).done
        return BulkOutcome(done, self._failures.count(queue))

    def discard_every_task(self, actor: str, queue: str = "") -> BulkOutcome:
        """Forget the oldest 500 failed tasks; ``left`` counts the rest that match."""
        done = self.discard_tasks(self._failures.oldest(queue), actor).done
        return BulkOutcome(done, self._failures.count(queue))

    def is_suspended(self) -> bool:
        """Say whether the workers are told to begin nothing."""
        return suspension.is_suspended(self._queue)

    def suspend(self, actor: str, now_ms: int) -> None:
        """Let the workers begin nothing more; inboxes fill."""
        suspension.suspend(self._queue, actor, now_ms)
        self._store.general_audit.add("workers-suspended", actor)

    def resume(self, actor: str) -> None:
        """Let the workers go on, and wake them for what waits."""
        if not suspension.resume(self._queue):
            return
        self._store.general_audit.add("workers-resumed", actor)
        doorbell = Doorbell(self._queue)
        for site in self._store.sites.names():
            if self._store.inbox.is_waiting(site):
                self._store.inbox.clear_bell(site)
                if self._store.inbox.set_bell(site):
                    doorbell.ring(site)

    def _told(self, kind: str, actor: str, done: Sequence[str]) -> BulkOutcome:
        if done:
            self._store.general_audit.add(kind, actor, count=len(done))
        return BulkOutcome(tuple(done), self._failures.count())


def _latency(fields: dict[str, int]) -> Latency:
    p50, p95, p99 = (latency(fields, share) for share in (0.5, 0.95, 0.99))
    return Latency(p50, p95, p99, sum(starting_with(fields, LATENCY).values()))


def _cumulative(counts: dict[str, int]) -> tuple[tuple[float, int], ...]:
    """Return buckets of milliseconds as cumulative counts under bounds in seconds."""
    rows, seen = [], 0
    for bucket in range(LAST):
        seen += counts.get(str(bucket), 0)
        rows.append((bound_of(bucket) / 1000, seen))
    return (*rows, (float("inf"), seen + counts.get(str(LAST), 0)))

"""Alerts: what an operator must know at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from service.store.doors.door_keys import Door
from service.store.telemetry.views import (
    Alert,
    AlertKind,
    CheckView,
    InboxView,
    ServerView,
    Severity,
    WebhooksView,
)

NEARLY_FULL = 0.9
MOST_OF_A_KIND = 10
WEBHOOKS_LATE_S = 300.0
"""From when on webhooks are behind that answer: workers deliver within seconds."""
STORE = "store"


def alerts_of(
    inboxes: Sequence[InboxView],
    checks: Sequence[CheckView],
    server: ServerView,
    webhooks: Sequence[WebhooksView] = (),
    *,
    workers_alive: int,
    workers_silent: int = 0,
    failed_tasks: int,
    is_suspended: bool,
    inbox_age_limit_s: float,
    unknown_keys: Mapping[Door, int],
) -> tuple[Alert, ...]:
    """Return the alerts, the worst first."""
    found = [
        *_about_server(server),
        *_about_workers(workers_alive, workers_silent, is_suspended, bool(server.trouble)),
        *_about_checks(checks),
        *_about_doors(unknown_keys),
        *_about_inboxes(inboxes, inbox_age_limit_s),
        *_about_webhooks(webhooks),
    ]
    if failed_tasks:
        found.append(Alert(AlertKind.FAILED_TASKS, Severity.WARNING, value=failed_tasks))
    return tuple(sorted(found, key=lambda alert: alert.severity is not Severity.CRITICAL))


def _about_workers(
    alive: int, silent: int, is_suspended: bool, is_refused: bool
) -> Iterator[Alert]:
    if is_suspended:
        yield Alert(AlertKind.SUSPENDED, Severity.CRITICAL)
    if is_refused:  # nobody can vouch for them on a server that takes no writes
        return
    if not alive:
        yield Alert(AlertKind.NO_WORKER, Severity.CRITICAL)
    if silent:
        severity = Severity.CRITICAL if silent == alive else Severity.WARNING
        yield Alert(AlertKind.WORKER_SILENT, severity, value=silent)


def _about_server(server: ServerView) -> Iterator[Alert]:
    if server.trouble:
        yield Alert(AlertKind.REFUSED, Severity.CRITICAL, server.trouble)
    elif not server.is_written:
        yield Alert(AlertKind.NOT_WRITTEN, Severity.CRITICAL, STORE)
    shares = ((AlertKind.MEMORY, server.memory_share), (AlertKind.DISK, server.disk_share))
    for kind, share in shares:
        if share is not None and share > NEARLY_FULL:
            yield Alert(kind, Severity.CRITICAL, STORE, share, NEARLY_FULL)


def _about_checks(checks: Sequence[CheckView]) -> Iterator[Alert]:
    for check in checks:
        if check.is_failing:
            severity = Severity.CRITICAL if check.unscreened else Severity.WARNING
            failures = sum(check.failures.values())
            yield Alert(AlertKind.CHECK_FAILING, severity, check.name, failures)
        elif check.is_silent:
            yield Alert(AlertKind.CHECK_SILENT, Severity.CRITICAL, check.name)


def _about_doors(unknown_keys: Mapping[Door, int]) -> Iterator[Alert]:
    for door, calls in unknown_keys.items():
        yield Alert(AlertKind.UNKNOWN_KEYS, Severity.CRITICAL, door, calls)


def _about_inboxes(inboxes: Sequence[InboxView], limit_s: float) -> Iterator[Alert]:
    late = [each for each in inboxes if each.oldest_s is not None and each.oldest_s > limit_s]
    late.sort(key=lambda each: -(each.oldest_s or 0.0))
    for inbox in late[:MOST_OF_A_KIND]:
        age_s = inbox.oldest_s or 0.0
        yield Alert(AlertKind.INBOX_OLD, Severity.CRITICAL, inbox.site, age_s, limit_s)
    dead = sorted((each for each in inboxes if each.dead_letters), key=lambda e: -e.dead_letters)
    for inbox in dead[:MOST_OF_A_KIND]:
        yield Alert(AlertKind.DEAD_LETTERS, Severity.WARNING, inbox.site, inbox.dead_letters)


def _about_webhooks(webhooks: Sequence[WebhooksView]) -> Iterator[Alert]:
    failing = sorted((each for each in webhooks if each.failing), key=lambda each: -each.failing)
    for each in failing[:MOST_OF_A_KIND]:
        yield Alert(AlertKind.WEBHOOKS_FAILING, Severity.WARNING, each.site, each.failing)
    late = [
        (each.oldest_s, each.site)
        for each in webhooks
        if not each.failing and each.oldest_s is not None and each.oldest_s > WEBHOOKS_LATE_S
    ]
    for age_s, site in sorted(late, reverse=True)[:MOST_OF_A_KIND]:
        yield Alert(AlertKind.WEBHOOKS_LATE, Severity.WARNING, site, age_s, WEBHOOKS_LATE_S)

"""`ecluse top`: the workers, the inboxes and what is wrong, in a terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import Any

import click

from service.cli.measuring import telemetry_of
from service.cli.opening import open_here
from service.cli.output import as_json, print_json, table
from service.schemas.ops import (
    CheckSchema,
    InboxSchema,
    OverviewSchema,
    WebhooksOfSiteSchema,
    WorkerSchema,
)
from service.schemas.ops_words import advice_said, alert_said
from service.store.store import Store
from service.store.telemetry.telemetry import Telemetry
from service.store.telemetry.views import (
    CheckView,
    InboxView,
    Latency,
    Overview,
    Unlooked,
    WebhooksView,
    WorkerView,
)

CLEAR = "\x1b[H\x1b[2J"
MOST_ROWS = 12


@click.command()
@click.option("--once", is_flag=True, help="Print once and end, as when the output is no terminal.")
@click.option("--every", "every_s", type=click.FloatRange(0.2, 60), default=1.0, show_default=True,
              help="Seconds between two looks.")  # fmt: skip
@as_json
def top(once: bool, every_s: float, is_json: bool) -> None:
    """Watch the workers, the inboxes and what is wrong, until Ctrl-C.

    Exit code 0 whatever is seen.
    """
    store = open_here()
    telemetry = telemetry_of(store)
    if is_json:
        print_json(_as_values(telemetry, store))
    elif once or not sys.stdout.isatty():
        click.echo(_screen(telemetry, store))
    else:
        _watch(telemetry, store, every_s)


def _watch(telemetry: Telemetry, store: Store, every_s: float) -> None:
    try:
        while True:
            screen = _screen(telemetry, store)
            click.echo(f"{CLEAR}{screen}\n\nCtrl-C ends.")
            time.sleep(every_s)
    except KeyboardInterrupt:
        return


def _as_values(telemetry: Telemetry, store: Store) -> dict[str, Any]:
    now, sites = _now_ms(), store.sites.names()
    seen = telemetry.seen(sites, now)
    overview = telemetry.overview(sites, now, seen)
    shown: dict[str, Any] = OverviewSchema().dump(overview)
    for alert, row in zip(overview.alerts, shown["alerts"], strict=True):
        row["message"] = alert_said(alert)
    shown["advice"]["message"] = advice_said(overview.advice)
    return {
        "overview": shown,
        "workers": WorkerSchema(many=True).dump(seen.workers),
        "inboxes": InboxSchema(many=True).dump(seen.inboxes),
        "webhooks": WebhooksOfSiteSchema(many=True).dump(seen.webhooks),
        "checks": CheckSchema(many=True).dump(seen.checks),
    }


def _screen(telemetry: Telemetry, store: Store) -> str:
    now, sites = _now_ms(), store.sites.names()
    seen = telemetry.seen(sites, now)
    parts = (
        _summary(telemetry.overview(sites, now, seen)),
        _workers(seen.workers),
        _inboxes(seen.inboxes),
        _webhooks(seen.webhooks),
        _checks(seen.checks),
    )
    return "\n\n".join("\n".join(part) for part in parts if part)


def _summary(seen: Overview) -> list[str]:
    mix = ", ".join(f"{status} {count}" for status, count in sorted(seen.verdicts.items()))
    return [
        *(f"!! {alert_said(alert)}" for alert in seen.alerts),
        f"accepted {seen.accepted_rate:.1f}/s, settled {seen.settled_rate:.1f}/s",
        f"in five minutes: {mix or 'nothing'}",
        f"acceptance to verdict: {_latency(seen.latency)}",
        f"waiting for a check or a moderator: {_unlooked(seen.unlooked)}",
        f"of all held, taken up by no moderator yet: {seen.unlooked.held_untouched}",
        advice_said(seen.advice),
    ]


def _latency(latency: Latency) -> str:
    named = (("p50", latency.p50_ms), ("p95", latency.p95_ms), ("p99", latency.p99_ms))
    told = [f"{name} {value:.0f} ms" for name, value in named if value is not None]
    return ", ".join(told) or "nothing measured"


def _unlooked(waiting: Unlooked) -> str:
    age = "" if waiting.oldest_s is None else f"; the oldest is {duration(waiting.oldest_s)} old"
    return (
        f"{waiting.total} comments (inbox {waiting.inbox}, unscreened {waiting.unscreened}, "
        f"held {waiting.held_unseen}{age})"
    )


def _workers(workers: Sequence[WorkerView]) -> list[str]:
    rows = [
        (w.name, w.state, w.task.rpartition(".")[2], w.batch_size, f"{w.rate:.1f}", w.settled,
         w.succeeded, w.failed, f"{w.memory_bytes / 2**20:.0f}", duration(w.uptime_s))
        for w in workers[:MOST_ROWS]
    ]  # fmt: skip
    columns = ("WORKER", "STATE", "TASK", "BATCH", "PER S", "SETTLED", "DONE", "FAILED", "MB", "UP")
    return list(table(columns, rows)) if rows else []


def _inboxes(inboxes: Sequence[InboxView]) -> list[str]:
    fullest = sorted(inboxes, key=lambda inbox: (-inbox.depth, inbox.site))
    rows = [
        (i.site, i.depth, "" if i.oldest_s is None else duration(i.oldest_s), i.held, i.unscreened,
         i.dead_letters)
        for i in fullest[:MOST_ROWS]
    ]  # fmt: skip
    columns = ("SITE", "INBOX", "OLDEST", "HELD", "UNSCREENED", "DEAD")
    return list(table(columns, rows)) if rows else []


def _webhooks(webhooks: Sequence[WebhooksView]) -> list[str]:
    furthest = sorted(webhooks, key=lambda each: (-(each.oldest_s or 0), -each.dead, each.site))
    rows = [
        (w.site, w.on, w.failing, w.outbox, w.waiting, w.due, w.dead,
         "" if w.oldest_s is None else duration(w.oldest_s))
        for w in furthest[:MOST_ROWS]
    ]  # fmt: skip
    columns = ("WEBHOOKS OF", "ON", "FAILING", "OUTBOX", "WAITING", "DUE", "DEAD", "BEHIND")
    return list(table(columns, rows)) if rows else []


def _checks(checks: Sequence[CheckView]) -> list[str]:
    slowest = sorted(checks, key=lambda check: -check.mean_ms)
    rows = [
        (c.name, f"{c.mean_ms:.3f}", f"{c.p95_ms:.3f}", sum(c.failures.values()), _health(c))
        for c in slowest[:MOST_ROWS]
    ]
    columns = ("SLOWEST CHECKS", "MEAN MS", "P95 MS", "FAILURES", "")
    return list(table(columns, rows)) if rows else []


def _health(check: CheckView) -> str:
    if check.is_failing:
        return "failing"
    return "silent" if check.is_silent else ""


def duration(seconds: float) -> str:
    """Return a duration in its largest whole unit: seconds, minutes, hours or days."""
    for unit, length in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"


def _now_ms() -> int:
    return time.time_ns() // 1_000_000

"""The webhooks as operators see them: what waits for them on each site, and how they do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from service.store.keys import SiteKeys
from service.store.server.connection import Client
from service.store.telemetry.views import WebhooksView
from service.store.webhooks.deliveries import COUNTERS, RESTS_AFTER
from service.store.webhooks.webhooks import OffBecause, Webhook, webhooks_in

STATE = ("failures", "failing_since")
WIDTH = 5


@dataclass(frozen=True, slots=True)
class Doing:
    """Hold how one webhook does; ``since_ms`` is since when it is behind, None where it is not."""

    webhook: Webhook
    waiting: int
    due: int
    dead: int
    is_failing: bool
    since_ms: float | None


def look_at_webhooks(client: Client, sites: Sequence[str], now_ms: int) -> tuple[WebhooksView, ...]:
    """Return the webhooks of the sites that have any, in the order asked, by two pipelines."""
    pipe = client.pipeline(transaction=False)
    for name in sites:
        pipe.hgetall(SiteKeys(name).webhooks)
    found: Mapping[str, list[Webhook]] = {
        name: webhooks_in(raw) for name, raw in zip(sites, pipe.execute(), strict=True) if raw
    }
    for name, webhooks in found.items():
        _ask(pipe, SiteKeys(name), webhooks, now_ms)
    answers = iter(pipe.execute()) if found else iter(())
    return tuple(_view(name, webhooks, answers, now_ms) for name, webhooks in found.items())


def _ask(pipe: Any, site: SiteKeys, webhooks: Sequence[Webhook], now_ms: int) -> None:
    pipe.xlen(site.outbox)
    pipe.xrange(site.outbox, count=1)
    pipe.hmget(site.counters, list(COUNTERS.values()))
    for each in webhooks:
        due = site.deliveries_due(each.id)
        pipe.zcard(due)
        pipe.zcount(due, "-inf", now_ms)
        pipe.zrange(due, 0, 0, withscores=True)
        pipe.zcard(site.deliveries_dead(each.id))
        pipe.hmget(site.webhook_state(each.id), STATE)


def _view(
    site: str, webhooks: Sequence[Webhook], answers: Iterator[Any], now_ms: int
) -> WebhooksView:
    outbox, first, counters = (next(answers) for _ in range(3))
    doing = [_doing(each, [next(answers) for _ in range(WIDTH)], now_ms) for each in webhooks]
    on = [each for each in doing if each.webhook.off is None]
    began = [each.since_ms for each in on if each.since_ms is not None]
    began += [float(entry_id.split(b"-")[0]) for entry_id, _ in first]
    counts = (int(value or 0) for value in counters)
    return WebhooksView(
        site=site,
        on=len(on),
        failing=sum(each.is_failing for each in doing),
        outbox=outbox,
        waiting=sum(each.waiting for each in on),
        due=sum(each.due for each in on),
        dead=sum(each.dead for each in doing),
        oldest_s=max(now_ms - min(began), 0) / 1000 if began else None,
        results=dict(zip(COUNTERS, counts, strict=True)),
    )


def _doing(webhook: Webhook, row: Sequence[Any], now_ms: int) -> Doing:
    """Return how a webhook does; one that somebody turned off neither fails nor is behind."""
    waiting, due, first, dead, (failures, failing_since) = row
    is_failing = int(failures or 0) >= RESTS_AFTER
    if webhook.off is not None:
        is_failing = webhook.off is not OffBecause.ASKED
    began = [score for _, score in first if score <= now_ms]
    if waiting and failing_since:
        began.append(float(failing_since))
    return Doing(webhook, waiting, due, dead, is_failing, min(began, default=None))

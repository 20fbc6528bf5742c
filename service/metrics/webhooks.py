"""The webhooks in numbers, by site: what waits for them, and what came of telling them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from prometheus_client.core import CounterMetricFamily, Metric

from service.metrics.figures import Figure, by_label, figure_families, oldest
from service.store.telemetry.views import WebhooksView

FIGURES: tuple[Figure[WebhooksView], ...] = (
    Figure("webhooks", "Webhooks that are on.", lambda site: site.on),
    Figure("webhooks_failing", "Webhooks that fail, or were turned off for it.",
           lambda site: site.failing),
    Figure("webhook_outbox_events", "Events no webhook was given yet.", lambda site: site.outbox),
    Figure("webhook_waiting_events", "Events that wait for a webhook, those due later too.",
           lambda site: site.waiting),
    Figure("webhook_due_events", "Those of them that are due now.", lambda site: site.due),
    Figure("webhook_dead_events", "Events given up, which can be told again.",
           lambda site: site.dead),
    Figure("webhook_oldest_seconds", "For how long the webhooks have been behind.",
           lambda site: site.oldest_s, together=oldest),
)  # fmt: skip


def webhook_families(views: Sequence[WebhooksView]) -> Iterator[Metric]:
    """Yield the figures of the sites that have webhooks."""
    yield from figure_families(FIGURES, views)
    results = CounterMetricFamily(
        "ecluse_webhook_deliveries",
        "Attempts to tell webhooks of an event by outcome; missed: none was made.",
        labels=["site", "outcome"],
    )
    for label, group in by_label(views).items():
        # A count that appears with its first failure shows no increase: all are there before.
        for outcome in group[0].results:
            results.add_metric([label, outcome], sum(each.results[outcome] for each in group))
    yield results

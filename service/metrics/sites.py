"""The sites in numbers: what came in, what waits, and since when."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from prometheus_client.core import GaugeMetricFamily, Metric

from service.metrics.figures import Figure, figure_families, oldest
from service.store.telemetry.views import InboxView

READ = 500
"""Sites looked at in one scrape; the store answers for them in about 10 ms."""

FIGURES: tuple[Figure[InboxView], ...] = (
    Figure("comments_accepted", "Comments accepted.", lambda site: site.accepted, is_total=True),
    Figure("comments_replayed", "Comments sent again under the same idempotency key.",
           lambda site: site.replayed, is_total=True),
    Figure("comments_settled", "Comments that got a verdict.", lambda site: site.settled,
           is_total=True),
    Figure("inbox_comments", "Accepted comments no check has seen.", lambda site: site.depth),
    Figure("inbox_oldest_seconds", "How long the oldest of them has waited.",
           lambda site: site.oldest_s, together=oldest),
    Figure("held_comments", "Comments that wait for a moderator.", lambda site: site.held),
    Figure("held_oldest_seconds", "How long the oldest of them has waited.",
           lambda site: site.held_oldest_s, together=oldest),
    Figure("unscreened_comments", "Held comments that some check could not judge.",
           lambda site: site.unscreened),
    Figure("unscreened_oldest_seconds", "How long the oldest of them has stood.",
           lambda site: site.unscreened_oldest_s, together=oldest),
    Figure("dead_letters", "Comments no worker survived, which an operator owes.",
           lambda site: site.dead_letters),
)  # fmt: skip


def site_families(sites: int, views: Sequence[InboxView]) -> Iterator[Metric]:
    """Yield the figures of the sites looked at, of ``sites`` there are."""
    yield GaugeMetricFamily("ecluse_sites", "Sites.", sites)
    yield GaugeMetricFamily(
        "ecluse_sites_not_read", "Sites that no figure counts.", sites - len(views)
    )
    yield from figure_families(FIGURES, views)

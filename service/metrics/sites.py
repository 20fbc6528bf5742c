"""The sites in numbers: what came in, what waits, and since when."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from service.store.telemetry.views import InboxView

NAMED = 50
"""Sites with a label of their own, by name; the rest are added up."""
READ = 500
"""Sites looked at in one scrape; the store answers for them in about 10 ms."""
OTHER = "other"


@dataclass(frozen=True, slots=True)
class Figure:
    """Name one figure of a site, and how those of several sites become one."""

    name: str
    about: str
    read: Callable[[InboxView], float | None]
    is_total: bool = False
    together: Callable[[Sequence[float]], float] = sum


def _oldest(values: Sequence[float]) -> float:
    return max(values, default=0.0)


FIGURES = (
    Figure("comments_accepted", "Comments accepted.", lambda site: site.accepted, is_total=True),
    Figure("comments_replayed", "Comments sent again under the same idempotency key.",
           lambda site: site.replayed, is_total=True),
    Figure("comments_settled", "Comments that got a verdict.", lambda site: site.settled,
           is_total=True),
    Figure("inbox_comments", "Accepted comments no check has seen.", lambda site: site.depth),
    Figure("inbox_oldest_seconds", "How long the oldest of them has waited.",
           lambda site: site.oldest_s, together=_oldest),
    Figure("held_comments", "Comments that wait for a moderator.", lambda site: site.held),
    Figure("held_oldest_seconds", "How long the oldest of them has waited.",
           lambda site: site.held_oldest_s, together=_oldest),
    Figure("unscreened_comments", "Held comments that some check could not judge.",
           lambda site: site.unscreened),
    Figure("unscreened_oldest_seconds", "How long the oldest of them has stood.",
           lambda site: site.unscreened_oldest_s, together=_oldest),
    Figure("dead_letters", "Comments no worker survived, which an operator owes.",
           lambda site: site.dead_letters),
)  # fmt: skip


def site_families(sites: int, views: Sequence[InboxView]) -> Iterator[Metric]:
    """Yield the figures of the sites looked at, of ``sites`` there are."""
    yield GaugeMetricFamily("ecluse_sites", "Sites.", sites)
    yield GaugeMetricFamily(
        "ecluse_sites_not_read", "Sites that no figure counts.", sites - len(views)
    )
    labelled = _by_label(views)
    for figure in FIGURES:
        make = CounterMetricFamily if figure.is_total else GaugeMetricFamily
        family = make(f"ecluse_{figure.name}", figure.about, labels=["site"])
        for label, group in labelled.items():
            values = [value for each in group if (value := figure.read(each)) is not None]
            family.add_metric([label], figure.together(values))
        yield family


def _by_label(views: Sequence[InboxView]) -> Mapping[str, Sequence[InboxView]]:
    """Return the sites by label, those beyond the first ``NAMED`` under one.

    A site that is itself called `other` is counted there too, so that no label stands twice.
    """
    labelled: dict[str, list[InboxView]] = {}
    for place, view in enumerate(views):
        labelled.setdefault(view.site if place < NAMED else OTHER, []).append(view)
    return labelled

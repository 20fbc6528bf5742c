"""The sites in numbers: what came in, what stands where, what waits, and since when."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from service.store.connection import Client
from service.store.keys import SITES, STATUS_ORDER, SiteKeys

NAMED = 50
"""Sites with a label of their own, by name; the rest are added up."""
READ = 500
"""Sites looked at in one scrape; the store answers for them in about 10 ms."""
OTHER = "other"
TOTALS = {
    "accepted": "Comments accepted.",
    "replayed": "Comments sent again under the same idempotency key.",
    "settled": "Comments that got a verdict.",
    "unscreened": "Comments that some check could not judge, when they were settled.",
}


@dataclass(slots=True)
class Figures:
    """Hold one site's figures, or those of several added up; times in ms since the epoch."""

    counters: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    inbox: int = 0
    inbox_oldest_ms: int | None = None
    unscreened: int = 0
    unscreened_oldest_ms: int | None = None
    dead: int = 0

    def add(self, more: Figures) -> None:
        """Add another site's."""
        for name, count in more.counters.items():
            self.counters[name] += count
        self.inbox += more.inbox
        self.unscreened += more.unscreened
        self.dead += more.dead
        self.inbox_oldest_ms = _older(self.inbox_oldest_ms, more.inbox_oldest_ms)
        self.unscreened_oldest_ms = _older(self.unscreened_oldest_ms, more.unscreened_oldest_ms)


def site_families(client: Client, now_ms: int) -> Iterator[Metric]:
    """Yield what there is to say of the sites, in two round trips."""
    members: Any = client.smembers(SITES)
    names = sorted(name.decode() for name in members)
    figures = _by_label(names[:READ], _figures(client, names[:READ]))
    yield GaugeMetricFamily("ecluse_sites", "Sites.", len(names))
    yield GaugeMetricFamily(
        "ecluse_sites_not_read", "Sites that no figure counts.", max(len(names) - READ, 0)
    )
    for counter, about in TOTALS.items():
        family = CounterMetricFamily(f"ecluse_comments_{counter}", about, labels=["site"])
        for site, found in figures.items():
            family.add_metric([site], found.counters.get(counter, 0))
        yield family
    yield _standing(figures)
    yield from _waiting(figures, now_ms)


def _standing(figures: Mapping[str, Figures]) -> Metric:
    family = GaugeMetricFamily(
        "ecluse_comments", "Comments in each status.", labels=["site", "status"]
    )
    for site, found in figures.items():
        for status in STATUS_ORDER:
            family.add_metric([site, status], found.counters.get(f"status.{status}", 0))
    return family


def _waiting(figures: Mapping[str, Figures], now_ms: int) -> Iterator[Metric]:
    columns = {
        "ecluse_inbox_comments": "Accepted comments no check has seen.",
        "ecluse_inbox_oldest_seconds": "How long the oldest of them has waited.",
        "ecluse_unscreened_comments": "Held comments that some check could not judge.",
        "ecluse_unscreened_oldest_seconds": "How long the oldest of them has stood.",
        "ecluse_dead_letters": "Comments no worker survived, which an operator owes.",
    }
    families = {
        name: GaugeMetricFamily(name, about, labels=["site"]) for name, about in columns.items()
    }
    for site, found in figures.items():
        row = (
            found.inbox,
            _age_s(found.inbox_oldest_ms, now_ms),
            found.unscreened,
            _age_s(found.unscreened_oldest_ms, now_ms),
            found.dead,
        )
        for family, value in zip(families.values(), row, strict=True):
            family.add_metric([site], value)
    yield from families.values()


def _figures(client: Client, names: Sequence[str]) -> list[Figures]:
    pipe = client.pipeline(transaction=False)
    for name in names:
        keys = SiteKeys(name)
        pipe.hgetall(keys.counters)
        pipe.xlen(keys.inbox)
        pipe.xrange(keys.inbox, count=1)
        pipe.zcard(keys.unscreened)
        pipe.zrange(keys.unscreened, 0, 0, withscores=True)
        pipe.zcard(keys.dead)
    answers = pipe.execute() if names else []
    return [_read(*answers[start : start + 6]) for start in range(0, len(answers), 6)]


def _read(
    counters: Any, inbox: Any, first: Any, unscreened: Any, oldest: Any, dead: Any
) -> Figures:
    return Figures(
        counters={name.decode(): int(value) for name, value in counters.items()},
        inbox=int(inbox),
        inbox_oldest_ms=int(first[0][0].split(b"-")[0]) if first else None,
        unscreened=int(unscreened),
        unscreened_oldest_ms=int(oldest[0][1]) if oldest else None,
        dead=int(dead),
    )


def _by_label(names: Sequence[str], figures: Sequence[Figures]) -> dict[str, Figures]:
    """Return the figures by site, those beyond the first ``NAMED`` as one.

    A site that is itself called `other` is counted there too, so that no label stands twice.
    """
    labelled: dict[str, Figures] = {}
    for place, (name, found) in enumerate(zip(names, figures, strict=True)):
        labelled.setdefault(name if place < NAMED else OTHER, Figures()).add(found)
    return labelled


def _older(one: int | None, other: int | None) -> int | None:
    return min((each for each in (one, other) if each is not None), default=None)


def _age_s(since_ms: int | None, now_ms: int) -> float:
    return 0.0 if since_ms is None else max(now_ms - since_ms, 0) / 1000

"""Figures by site, with a bound on the sites that have a label of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

NAMED = 50
"""Sites with a label of their own, by name; the rest are added up."""
OTHER = "other"


class OfSite(Protocol):
    """What is told of one site."""

    @property
    def site(self) -> str:
        """Return the site's name."""
        ...


View = TypeVar("View", bound=OfSite)


@dataclass(frozen=True, slots=True)
class Figure(Generic[View]):
    """Name one figure of a site, and how those of several sites become one."""

    name: str
    about: str
    read: Callable[[View], float | None]
    is_total: bool = False
    together: Callable[[Sequence[float]], float] = sum

    def of(self, group: Sequence[View]) -> float:
        """Return the figure of several sites together."""
        return self.together([value for each in group if (value := self.read(each)) is not None])


def oldest(values: Sequence[float]) -> float:
    """Return the greatest age; 0 where nothing waits."""
    return max(values, default=0.0)


def figure_families(figures: Sequence[Figure[View]], views: Sequence[View]) -> Iterator[Metric]:
    """Yield a family for each figure."""
    labelled = by_label(views)
    for figure in figures:
        make = CounterMetricFamily if figure.is_total else GaugeMetricFamily
        family = make(f"ecluse_{figure.name}", figure.about, labels=["site"])
        for label, group in labelled.items():
            family.add_metric([label], figure.of(group))
        yield family


def by_label(views: Sequence[View]) -> Mapping[str, Sequence[View]]:
    """Return the sites by label, those beyond the first ``NAMED`` under one.

    A site that is itself called `other` is counted there too, so that no label stands twice.
    """
    labelled: dict[str, list[View]] = {}
    for place, view in enumerate(views):
        labelled.setdefault(view.site if place < NAMED else OTHER, []).append(view)
    return labelled

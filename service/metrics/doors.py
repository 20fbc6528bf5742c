"""The doors in others' shapes in numbers: the calls whose keys nobody knew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from prometheus_client.core import CounterMetricFamily, Metric

from service.store.doors.door_counts import Unknown
from service.store.doors.door_keys import Door


def door_families(unknown: Mapping[Door, Unknown]) -> Iterator[Metric]:
    """Yield the calls with unknown keys, by door; doors to which none came are there too."""
    calls = CounterMetricFamily(
        "ecluse_door_unknown_keys",
        "Calls with a key nobody knows: most clients then publish unjudged.",
        labels=["door"],
    )
    for door, each in unknown.items():
        calls.add_metric([door], each.calls)
    yield calls

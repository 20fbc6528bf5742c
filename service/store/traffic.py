"""Requests answered by all web processes together: how many, and how long they took."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from service.store.keys import TRAFFIC
from service.store.server.connection import Client

TIME = "us"


class Served(NamedTuple):
    """Name one kind of request: its method, the class of its answer (``2xx``), its route."""

    method: str
    answer: str
    route: str


class Tally(NamedTuple):
    """Hold how many requests of one kind took how long.

    ``counts`` has one number for each bucket of time, not added up; ``us`` is the time of
    all, in microseconds.
    """

    counts: tuple[int, ...]
    us: int


class Traffic:
    """Keep the totals; every process adds its own to them."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def add(self, tallies: Mapping[Served, Tally]) -> None:
        """Add what one process counted, all of it or nothing."""
        pipe = self._client.pipeline(transaction=True)
        for served, tally in tallies.items():
            name = " ".join(served)
            for bucket, count in enumerate(tally.counts):
                if count:
                    pipe.hincrby(TRAFFIC, f"{bucket} {name}", count)
            pipe.hincrby(TRAFFIC, f"{TIME} {name}", tally.us)
        pipe.execute()

    def totals(self, buckets: int) -> dict[Served, Tally]:
        """Return what all processes counted together."""
        found: Any = self._client.hgetall(TRAFFIC)
        counts: dict[Served, list[int]] = {}
        times: dict[Served, int] = {}
        for field, value in found.items():
            first, *rest = field.decode().split(" ", 3)
            served = Served(*rest)
            counts.setdefault(served, [0] * buckets)
            if first == TIME:
                times[served] = int(value)
            elif int(first) < buckets:
                counts[served][int(first)] = int(value)
        return {served: Tally(tuple(row), times.get(served, 0)) for served, row in counts.items()}

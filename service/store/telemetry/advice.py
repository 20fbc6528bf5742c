"""Advice on the number of workers, from how the inbox grows and how fast one works."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from service.store.telemetry.charts import Slot, together
from service.store.telemetry.views import Advice, AdviceKind

FEWEST_REVIEWED = 20
"""Comments from which on it is known how fast a worker is."""
GROWING = 0.5
"""Comments a second by which an inbox must grow to be worth a worker."""
BUSY = 0.7
"""The share of their time that workers work from which on they could not take more."""


@dataclass(frozen=True, slots=True)
class Load:
    """Hold what the workers had to do: the last minute's slots, and those of five minutes."""

    minute: Sequence[Slot]
    five_minutes: Sequence[Slot]

    @property
    def seconds(self) -> float:
        """Return how long the last minute was."""
        return sum(slot.seconds for slot in self.minute)

    @property
    def growth(self) -> float:
        """Return by how many comments the inboxes grew, per second."""
        levels = [
            (index, slot.fields["inbox"])
            for index, slot in enumerate(self.minute)
            if "inbox" in slot.fields
        ]
        if len(levels) < 2:
            return 0.0
        (first, before), (last, after) = levels[0], levels[-1]
        return (after - before) / sum(slot.seconds for slot in self.minute[first:last])

    @property
    def capacity(self) -> float:
        """Return how many comments one worker settles in a second of work; 0: not known."""
        total = together(self.five_minutes)
        if total["reviewed"] < FEWEST_REVIEWED or not total["busy_us"]:
            return 0.0
        return total["reviewed"] / total["busy_us"] * 1e6

    def busy(self, workers: int) -> float:
        """Return the share of their time that ``workers`` worked."""
        if not workers:
            return 0.0
        return min(together(self.minute)["busy_us"] / 1e6 / self.seconds / workers, 1.0)


def advise(
    load: Load,
    inbox: int,
    workers: int,
    *,
    is_suspended: bool,
    is_refused: bool = False,
    is_late: bool = False,
) -> Advice:
    """Return what to do about the number of workers, of which ``workers`` live.

    ``is_refused``: the server takes no writes. ``is_late``: a comment has waited too long.
    """
    growth, capacity, busy = load.growth, load.capacity, load.busy(workers)

    def advice(kind: AdviceKind, count: int = 0, drain_s: float = 0.0) -> Advice:
        return Advice(kind, growth, capacity, busy, count, drain_s)

    if is_refused:
        return advice(AdviceKind.REFUSED)
    if is_suspended:
        return advice(AdviceKind.RESUME)
    if not workers:
        return advice(AdviceKind.START)
    if capacity and growth > GROWING and busy > BUSY:
        return advice(AdviceKind.ADD, math.ceil(growth / capacity))
    if capacity and growth < -GROWING and inbox:
        return advice(AdviceKind.CATCHING_UP, drain_s=inbox / -growth)
    if is_late:
        return advice(AdviceKind.STUCK)
    return advice(AdviceKind.ENOUGH if capacity else AdviceKind.UNKNOWN)

"""Slots: time cut into steps, for each span its own, so that a chart has some 300 points."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from service.store import keys
from service.store.telemetry.views import Span


@dataclass(frozen=True, slots=True)
class Grid:
    """Cut time into steps of ``step_s`` seconds, of which ``count`` are shown."""

    step_s: int
    count: int

    @property
    def kept_s(self) -> int:
        """Return how long a slot is kept after it began."""
        return self.step_s * (self.count + 2)

    def start_of(self, now_ms: int) -> int:
        """Return when the slot of ``now_ms`` began, seconds since the epoch."""
        now_s = now_ms // 1000
        return now_s - now_s % self.step_s

    def key(self, now_ms: int) -> str:
        """Return the key of the slot of ``now_ms``."""
        return keys.ops_slot(self.step_s, self.start_of(now_ms))

    def starts(self, now_ms: int, count: int | None = None) -> Iterator[int]:
        """Yield when each of the last ``count`` slots began, oldest first, today's last."""
        last = self.start_of(now_ms)
        wanted = self.count if count is None else count
        return (last - self.step_s * back for back in range(wanted - 1, -1, -1))


GRIDS = {Span.HOUR: Grid(10, 360), Span.DAY: Grid(300, 288), Span.MONTH: Grid(7200, 360)}
CHECKS_GRID = Grid(300, 13)
"""What each check did is kept for an hour, in steps of five minutes."""

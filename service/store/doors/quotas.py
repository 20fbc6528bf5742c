"""Quotas of doors that are asked often: counted on the server, spent in this process.

A store's round trip takes as long as half an analysis. So a process that is asked often takes
several turns at once, as many more as it used up the last ones quickly; one that is seldom
asked takes one, and wastes none.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Any

from service.store.keys import SiteKeys
from service.store.scripts import script
from service.store.server.connection import Client
from service.store.sites import Limit

LONGEST_S = 1.0
"""Turns not used for so long are lost."""
QUICK_S = 0.1
"""Turns used up within this time are followed by twice as many."""
MOST_AT_ONCE = 32
SMALLEST_SHARE = 100
"""A process takes at most this part of a limit at once, so that small limits are exact."""
MOST_KEPT = 1024


class QuotaExceeded(Exception):
    """Say that a limit is used up, and for how long (s)."""

    def __init__(self, limit: Limit, retry_after_s: float) -> None:
        super().__init__("quota exceeded")
        self.limit = limit
        self.retry_after_s = retry_after_s


@dataclass(slots=True)
class _Turns:
    """Hold what is left of the turns taken, how many they were, and when."""

    left: int
    size: int
    taken_at: float


class Quotas:
    """Let callers through as often as a limit allows; ``clock`` measures seconds."""

    def __init__(self, client: Client, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._clock = clock
        self._take = script("clock", "doors/quota")
        self._lock = Lock()
        self._turns: dict[tuple[str, str], _Turns] = {}

    def spend(self, site: str, dimension: str, limit: Limit, count: int = 1) -> None:
        """Use ``count`` turns of a site's limit.

        Raises ``QuotaExceeded``.
        """
        while count > 0:
            count -= self._spent(site, dimension, limit, count)

    def _spent(self, site: str, dimension: str, limit: Limit, count: int) -> int:
        key = (site, dimension)
        with self._lock:
            turns = self._turns.get(key)
            now = self._clock()
            if turns and turns.left and now - turns.taken_at < LONGEST_S:
                used = min(count, turns.left)
                turns.left -= used
                return used
            size = _next_size(turns, now, limit)
        wanted = max(size, min(count, MOST_AT_ONCE))
        arguments: list[Any] = [limit.burst, limit.window_s * 1000, wanted]
        granted, retry_ms = self._take(
            self._client, [SiteKeys(site).rate(dimension, "")], arguments
        )
        if not granted:
            raise QuotaExceeded(limit, retry_ms / 1000)
        used = min(count, granted)
        with self._lock:
            if len(self._turns) >= MOST_KEPT:
                self._turns.clear()
            self._turns[key] = _Turns(granted - used, size, now)
        return int(used)


def _next_size(turns: _Turns | None, now: float, limit: Limit) -> int:
    if turns is None or now - turns.taken_at > QUICK_S * turns.size:
        return 1
    return max(1, min(turns.size * 2, MOST_AT_ONCE, limit.burst // SMALLEST_SHARE))

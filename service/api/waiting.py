"""Holding an answer until a verdict is known, for a bounded number of callers."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from service.moderation.verdict import Status

FIRST_PAUSE_S = 0.01
LONGEST_PAUSE_S = 0.05


class Waiters:
    """Let at most ``places`` callers of this process wait at once; others go on at once.

    Each waiter looks at one hash field every 10 to 50 ms, so all of them together ask
    the server at most ``20 * places`` small questions a second.
    """

    def __init__(
        self,
        places: int,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._places = threading.BoundedSemaphore(places) if places else None
        self._sleep = sleep
        self._clock = clock

    def wait(self, status: Callable[[], str], limit_s: float) -> bool:
        """Return whether ``status`` told a verdict within ``limit_s`` seconds."""
        if self._places is None or limit_s <= 0 or not self._places.acquire(blocking=False):
            return False
        try:
            return self._poll(status, self._clock() + limit_s)
        finally:
            self._places.release()

    def _poll(self, status: Callable[[], str], until: float) -> bool:
        pause_s = FIRST_PAUSE_S
        while self._clock() + pause_s <= until:
            self._sleep(pause_s)
            if status() not in {Status.RECEIVED, ""}:
                return True
            pause_s = min(pause_s * 1.5, LONGEST_PAUSE_S)
        return False

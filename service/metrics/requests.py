"""Requests as one web process counts them: in memory, and once a second into the store."""

from __future__ import annotations

import atexit
import logging
import os
import threading
from bisect import bisect_left
from collections.abc import Callable, Mapping

from redis.exceptions import RedisError

from service.store.traffic import Served, Tally

BOUNDS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""Upper bounds of the buckets of time; one more takes what is slower."""
BUCKETS = len(BOUNDS_S) + 1
FLUSH_EVERY_S = 1.0
"""A flush takes 0.3 ms of processor for twenty kinds of requests, by a thread of its own."""
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER = "other"

logger = logging.getLogger(__name__)


class RequestCounts:
    """Count requests, and hand the counts to ``write`` now and then, never for each request.

    A process killed outright takes up to ``FLUSH_EVERY_S`` of counts along.
    """

    def __init__(self, write: Callable[[Mapping[Served, Tally]], None]) -> None:
        self._write = write
        self._rows: dict[tuple[str, str, int], list[int]] = {}
        self._lock = threading.Lock()

    def note(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answered request."""
        key = (method if method in METHODS else OTHER, route, status // 100)
        with self._lock:
            row = self._rows.get(key)
            if row is None:
                row = self._rows[key] = [0] * (BUCKETS + 1)
            row[bisect_left(BOUNDS_S, seconds)] += 1
            row[BUCKETS] += int(seconds * 1_000_000)

    def flush(self) -> None:
        """Hand over what was counted; keep it where the store does not answer."""
        with self._lock:
            rows, self._rows = self._rows, {}
        if not rows:
            return
        try:
            self._write(_tallies(rows))
        except (RedisError, OSError) as error:
            logger.warning("requests not counted yet", extra={"error_type": type(error).__name__})
            self._put_back(rows)

    def keep_flushing(self) -> None:
        """Flush in the background from now on, in this process and in any it forks."""
        self._begin()
        os.register_at_fork(after_in_child=self._begin_in_child)
        atexit.register(self.flush)

    def _begin(self) -> None:
        threading.Thread(target=self._flush_for_ever, name="request counts", daemon=True).start()

    def _begin_in_child(self) -> None:
        self._lock, self._rows = threading.Lock(), {}
        self._begin()

    def _flush_for_ever(self) -> None:
        pause = threading.Event()
        while True:
            pause.wait(FLUSH_EVERY_S)
            self.flush()

    def _put_back(self, rows: Mapping[tuple[str, str, int], list[int]]) -> None:
        with self._lock:
            for key, row in rows.items():
                since = self._rows.get(key, [0] * (BUCKETS + 1))
                self._rows[key] = [old + new for old, new in zip(row, since, strict=True)]


def _tallies(rows: Mapping[tuple[str, str, int], list[int]]) -> dict[Served, Tally]:
    return {
        Served(method, f"{hundreds}xx", route): Tally(tuple(row[:BUCKETS]), row[BUCKETS])
        for (method, route, hundreds), row in rows.items()
    }

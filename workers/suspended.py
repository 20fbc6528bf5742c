"""Whether an operator suspended the workers, asked within long tasks too."""

from __future__ import annotations

import time
from collections.abc import Callable

from redis.exceptions import RedisError

EVERY_S = 0.5


class Looked:
    """Answer from ``look``, which is asked twice a second at most.

    RQ asks between tasks alone: a worker that waits for one takes the next all the same.

    A server that cannot be asked has suspended nobody.
    """

    def __init__(
        self, look: Callable[[], bool], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._look = look
        self._clock = clock
        self._looked_at = float("-inf")
        self._found = False

    def __call__(self) -> bool:
        """Say whether the workers are suspended."""
        now = self._clock()
        if now - self._looked_at >= EVERY_S:
            self._looked_at = now
            try:
                self._found = self._look()
            except (RedisError, OSError):
                self._found = False
        return self._found

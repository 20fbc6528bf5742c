"""The recorder: a worker's measurements on their way to Redis, one script for many batches."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from redis.exceptions import RedisError

from service.store import keys
from service.store.connection import Client
from service.store.scripts import Argument, script
from service.store.telemetry.slots import CHECKS_GRID, GRIDS
from service.store.telemetry.tally import Reviewed, Tally

WORKER_KEPT_S = 600
RATE_OVER_S = 10
"""A worker's rate is a mean over its past that forgets two thirds in so many seconds."""
EVERY_S = 1.0

logger = logging.getLogger(__name__)


class Recorder:
    """Add up what one worker measures, and write it down at most once a second within a task.

    ``clock`` measures seconds. What cannot be written is kept for the next try: measuring
    never stops a worker.
    """

    def __init__(
        self, client: Client, worker: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._worker = worker
        self._clock = clock
        self._tally = Tally()
        self._written_at = clock()
        self._at_ms = 0
        self._script = script("telemetry/record")

    def add(self, batch: Reviewed) -> None:
        """Add one batch; write when the last time is a second ago."""
        self._tally.add(batch)
        self._at_ms = batch.at_ms
        if self._clock() - self._written_at >= EVERY_S:
            self.write()

    def write(self) -> None:
        """Write what has been added since the last time."""
        self._written_at = self._clock()
        if not self._tally:
            return
        try:
            self._script(self._client, self._keys(), self._arguments())
        except (RedisError, OSError) as error:
            logger.warning("nothing measured", extra={"error_type": type(error).__name__})
            return
        self._tally = Tally()

    def _keys(self) -> list[str]:
        return [
            keys.OPS_TOTALS,
            *(grid.key(self._at_ms) for grid in GRIDS.values()),
            keys.OPS_CHECKS,
            keys.ops_checks_slot(CHECKS_GRID.start_of(self._at_ms)),
            keys.ops_worker(self._worker),
        ]

    def _arguments(self) -> list[Argument]:
        tally = self._tally
        parts = (tally.fields, tally.checks, tally.marks)
        counts: list[Argument] = [
            *(grid.kept_s for grid in (*GRIDS.values(), CHECKS_GRID)),
            WORKER_KEPT_S,
            tally.fields["reviewed"],
            tally.batch_size,
            RATE_OVER_S,
            *map(len, parts),
        ]
        return [*counts, *(each for part in parts for pair in part.items() for each in pair)]

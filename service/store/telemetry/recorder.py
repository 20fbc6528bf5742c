"""The recorder: a worker's measurements on their way to Redis, one script a second."""

from __future__ import annotations

import logging
import threading
import time

from redis.exceptions import RedisError

from service.store import keys
from service.store.scripts import Argument, script
from service.store.server.connection import Client
from service.store.telemetry.slots import CHECKS_GRID, GRIDS
from service.store.telemetry.tally import Reviewed, Tally

WORKER_KEPT_S = 600
RATE_OVER_S = 10
"""A worker's rate is a mean over its past that forgets two thirds in so many seconds."""
EVERY_S = 1.0

logger = logging.getLogger(__name__)


class Recorder:
    """Add up what one worker measures, and write it down.

    A worker that runs its tasks itself has it written once a second, by a thread: a script
    takes a millisecond, whether for one comment or for thousands. One that forks a child for
    each task writes when the task ends. What cannot be written is kept for the next try:
    measuring never stops a worker.
    """

    def __init__(self, client: Client, worker: str) -> None:
        self._client = client
        self._worker = worker
        self._tally = Tally()
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._writer: threading.Thread | None = None
        self._script = script("telemetry/record")

    def add(self, batch: Reviewed) -> None:
        """Add one batch."""
        with self._lock:
            self._tally.add(batch)

    def start(self) -> None:
        """Write once a second from now on, in this process but not in its children."""
        self._writer = threading.Thread(target=self._keep_writing, daemon=True, name="telemetry")
        self._writer.start()

    def end_task(self) -> None:
        """Write what a task added, where nothing else does."""
        if self._writer is None or not self._writer.is_alive():
            self.write()

    def stop(self) -> None:
        """Write the rest, and write no more by itself."""
        self._stopping.set()
        if self._writer is not None:
            self._writer.join()
        self.write()

    def write(self) -> None:
        """Write what has been added since the last time."""
        with self._lock:
            tally = self._tally
            if not tally:
                return
            try:
                self._script(self._client, self._keys(tally.at_ms), _arguments(tally))
            except (RedisError, OSError) as error:
                logger.warning("nothing measured", extra={"error_type": type(error).__name__})
                return
            self._tally = Tally()

    def _keep_writing(self) -> None:
        while not self._stopping.wait(EVERY_S):
            self.write()
            self._show()

    def _show(self) -> None:
        """Show that this process goes on: its runner would vouch for one that hangs, too."""
        name = keys.ops_worker(self._worker)
        pipe = self._client.pipeline(transaction=False)
        pipe.hset(name, "sign", time.time_ns() // 1_000_000)
        pipe.expire(name, WORKER_KEPT_S)
        try:
            pipe.execute()
        except (RedisError, OSError) as error:
            logger.debug("not shown", extra={"error_type": type(error).__name__})

    def _keys(self, at_ms: int) -> list[str]:
        return [
            keys.OPS_TOTALS,
            *(grid.key(at_ms) for grid in GRIDS.values()),
            keys.OPS_CHECKS,
            keys.ops_checks_slot(CHECKS_GRID.start_of(at_ms)),
            keys.ops_worker(self._worker),
        ]


def _arguments(tally: Tally) -> list[Argument]:
    parts = (tally.counts(), tally.check_counts(), tally.marks())
    counts: list[Argument] = [
        *(grid.kept_s for grid in (*GRIDS.values(), CHECKS_GRID)),
        WORKER_KEPT_S,
        tally.fields["reviewed"],
        tally.batch_size,
        RATE_OVER_S,
        *map(len, parts),
    ]
    return [*counts, *(each for part in parts for pair in part.items() for each in pair)]

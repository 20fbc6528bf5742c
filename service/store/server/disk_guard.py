"""The embedded server's disk: its writes stop while little is left, before one of them fails.

With ``appendfsync always`` a server whose write fails ends, and with it all reading. One that
is told to wait for a replica it never had refuses writes, and nothing else.
"""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

from redis.exceptions import RedisError

from service.store.server.connection import Client

MB = 1_048_576
ENOUGH = 1.25
"""How much more than the reserve must be free before writing goes on: no flutter."""

logger = logging.getLogger(__name__)


class DiskGuard:
    """Keep ``reserve_mb`` of the disk under ``folder`` free of the server's own writes."""

    def __init__(self, client: Client, folder: Path, reserve_mb: int) -> None:
        self._client = client
        self._folder = folder
        self._reserve = reserve_mb * MB
        self._is_short = False

    def look(self) -> None:
        """Stop the server's writes, or let them go on, as the disk is now."""
        free = shutil.disk_usage(self._folder).free
        if free < self._reserve:
            self._stop(free)
        elif self._is_short and free >= self._reserve * ENOUGH:
            self._go_on()

    def _stop(self, free: int) -> None:
        """Said once, done each time: a server that started anew takes writes."""
        if not self._is_short:
            logger.error(
                "the disk under %s has %d MB left, less than ECLUSE_DISK_RESERVE_MB: no comment "
                "is taken until there is room", self._folder, free // MB
            )  # fmt: skip
        self._is_short = True
        self._await_replicas(1)

    def _go_on(self) -> None:
        if self._await_replicas(0):
            logger.warning("there is room on the disk again: comments are taken")
            self._is_short = False

    def _await_replicas(self, count: int) -> bool:
        try:
            self._client.config_set("min-replicas-to-write", count)
        except (RedisError, OSError):
            return False
        return True

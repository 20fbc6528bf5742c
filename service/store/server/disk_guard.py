"""The embedded server's disk: its writes stop while little is left, before one of them fails.

With ``appendfsync always`` a server whose write fails ends, and with it all reading. One that
is told to wait for a replica it never had refuses writes, and nothing else. What it still writes
of itself, such as keys whose time has come, must not end it either: so it syncs every second as
long as it is closed, also where it starts on a disk that is short.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Mapping
from pathlib import Path

from redis.exceptions import RedisError

from config.settings import Durability
from service.store.server.connection import Client
from service.store.server.embedded import durability_options

MB = 1_048_576
ENOUGH = 1.25
"""How much more than the reserve must be free before writing goes on: no flutter."""
CLOSED = {"min-replicas-to-write": "1", "appendfsync": "everysec"}
OPEN = {"min-replicas-to-write": "0"}

logger = logging.getLogger(__name__)


class DiskGuard:
    """Keep ``reserve_mb`` of the disk under ``folder`` free of the server's own writes."""

    def __init__(
        self, client: Client, folder: Path, reserve_mb: int, durability: Durability
    ) -> None:
        self._client = client
        self._folder = folder
        self._reserve = reserve_mb * MB
        self._open = OPEN | durability_options(durability)
        self._is_short = False

    def starting_options(self) -> Mapping[str, str]:
        """Return what a server that starts now needs besides its own options, by name."""
        free = self._free()
        if free >= self._reserve:
            return {}
        self._note_short(free)
        return CLOSED

    def look(self) -> None:
        """Stop the server's writes, or let them go on, as the disk is now."""
        free = self._free()
        if free < self._reserve:
            self._stop(free)
        elif self._is_short and free >= self._reserve * ENOUGH:
            self._go_on()

    def _free(self) -> int:
        return shutil.disk_usage(self._folder).free

    def _stop(self, free: int) -> None:
        """Said once, done each time: a server that started anew may take writes."""
        self._note_short(free)
        self._configure(CLOSED)

    def _note_short(self, free: int) -> None:
        if not self._is_short:
            logger.error(
                "the disk under %s has %d MB left, less than ECLUSE_DISK_RESERVE_MB: no comment "
                "is taken until there is room", self._folder, free // MB
            )  # fmt: skip
        self._is_short = True

    def _go_on(self) -> None:
        if self._configure(self._open):
            logger.warning("there is room on the disk again: comments are taken")
            self._is_short = False

    def _configure(self, options: Mapping[str, str]) -> bool:
        """Set the options at one go; return whether the server was there."""
        pairs = [word for pair in options.items() for word in pair]
        try:
            self._client.config_set(*pairs)
        except (RedisError, OSError):
            return False
        return True

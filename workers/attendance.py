"""Attendance: the runner vouches for its workers each second, and tells at once who died."""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path

from redis.exceptions import RedisError

from config.settings import Settings
from service.store.server.connection import connect
from service.store.server.embedded import server_urls
from service.store.sites import Sites
from service.store.telemetry.roll import Left, Present, Roll
from service.store.telemetry.sampling import Sampler
from workers.name import name_of

EVERY_S = 1.0
PATIENCE_S = 0.5
"""A server that does not answer must not keep the runner from its workers."""

logger = logging.getLogger(__name__)


@dataclass
class Attendance:
    """Call the roll of worker processes. ``clock`` measures seconds, ``now`` tells the time."""

    roll: Roll
    sampler: Sampler
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], float] = time.time
    _since: dict[int, int] = field(default_factory=dict)
    _owed: list[Left] = field(default_factory=list)
    _called_at: float = float("-inf")

    def look(self, processes: Sequence[BaseProcess]) -> None:
        """Call the roll once a second, and at once when somebody is missing.

        What cannot be told is told the next time.
        """
        now_ms = int(self.now() * 1000)
        living = {p.pid: p for p in processes if p.pid is not None and p.is_alive()}
        codes = {p.pid: p.exitcode for p in processes}
        gone = self._since.keys() - living.keys()
        self._owed += [Left(name_of(pid), codes.get(pid)) for pid in gone]
        self._since = {pid: self._since.get(pid, now_ms) for pid in living}
        if self._owed or self.clock() - self._called_at >= EVERY_S:
            self._called_at = self.clock()
            self._call(now_ms)

    def _call(self, now_ms: int) -> None:
        host = socket.gethostname()
        present = [
            Present(name_of(pid), host, pid, since, memory_of(pid))
            for pid, since in self._since.items()
        ]
        try:
            self.roll.call(present, self._owed, now_ms)
            self._owed = []
            self.sampler.sample(now_ms)
        except (RedisError, OSError) as error:
            logger.debug("roll not called", extra={"error_type": type(error).__name__})


def attendance(settings: Settings) -> Attendance:
    """Return the attendance of this runner's workers."""
    client = connect(server_urls(settings).store, retries=0, timeout_s=PATIENCE_S)
    return Attendance(Roll(client), Sampler(client, Sites(client)))


def memory_of(pid: int) -> int:
    """Return the memory that a process holds, in bytes, with what it shares with others.

    0 where the system does not tell, as elsewhere than on Linux.
    """
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")

"""Bodies that do not come: who begins to send one and never ends holds up nobody else for long.

granian reads a body while a request's thread waits, for ever. So no more than half of a process's
threads wait for bodies, and the connections of those that take ten seconds are cut.
"""

from __future__ import annotations

import os
import socket
import struct
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from werkzeug.exceptions import ServiceUnavailable

WITHIN_S = 10.0
"""The longest body has 64 KiB: a telephone with little reception sends it in a few seconds."""
LOOKED_EVERY_S = 1.0
PLACE_WITHIN_S = 0.25
"""A body that came with its head is read in microseconds, so places become free at once."""
SHARE = 2
NO_BODY = frozenset({"GET", "HEAD", "OPTIONS"})
_FILES = Path("/proc/self/fd")
# struct tcp_info in linux/tcp.h: eight bytes, nine numbers, then `tcpi_last_data_sent`, in ms.
_LAST_DATA_SENT = struct.Struct("44xI")
Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]


class Readers:
    """Know which callers' bodies are waited for, by ``places`` threads at most."""

    def __init__(self, places: int) -> None:
        self._places = threading.Semaphore(places)
        self._reading: dict[int, tuple[float, str]] = {}

    @contextmanager
    def waiting_for(self, address: str) -> Iterator[None]:
        """Take a place while something is read from ``address``.

        Raises ``ServiceUnavailable`` where none becomes free.
        """
        if not self._places.acquire(blocking=False) and not self._places.acquire(
            timeout=PLACE_WITHIN_S
        ):
            raise ServiceUnavailable(retry_after=int(WITHIN_S))
        thread = threading.get_ident()
        self._reading[thread] = (time.monotonic(), address)
        try:
            yield
        finally:
            del self._reading[thread]
            self._places.release()

    def late(self, now_s: float) -> frozenset[str]:
        """Return the addresses whose bodies have not come in time."""
        reading = self._reading.copy().values()
        return frozenset(address for began, address in reading if now_s - began >= WITHIN_S)


class Body:
    """Be a request's body, which ``readers`` know to be waited for."""

    def __init__(self, raw: Any, readers: Readers, address: str) -> None:
        self._raw = raw
        self._readers = readers
        self._address = address

    def read(self, *size: int) -> bytes:
        """Return the next ``size`` bytes, or all that are left; fewer where the caller is gone."""
        with self._readers.waiting_for(self._address):
            found: bytes = self._raw.read(*size)
        return found

    def readline(self, *size: int) -> bytes:
        """Return the next line."""
        with self._readers.waiting_for(self._address):
            found: bytes = self._raw.readline(*size)
        return found


def guarded(app: Wsgi, threads: int, port: int) -> Wsgi:
    """Return ``app``, served at ``port`` by so many threads, that waits for no late bodies."""
    readers = Readers(max(1, threads // SHARE))
    threading.Thread(target=_watch, args=(readers, port), name="bodies", daemon=True).start()

    def served(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] not in NO_BODY:
            raw, address = environ["wsgi.input"], environ.get("REMOTE_ADDR", "")
            environ["wsgi.input"] = Body(raw, readers, address)
        return app(environ, start)

    return served


def _watch(readers: Readers, port: int) -> None:
    while True:
        time.sleep(LOOKED_EVERY_S)
        if late := readers.late(time.monotonic()):
            cut(late, port)


def cut(addresses: Collection[str], port: int) -> None:
    """Cut the connections from ``addresses`` to ``port`` on which nothing was sent for 10 s.

    Which connection a request came by is not told. One that is kept open for later requests
    may be among them, as any server may close it. Only Linux says how long a connection is silent.
    """
    for file in _FILES.iterdir() if _FILES.exists() else ():
        with suppress(OSError):
            if file.is_socket():
                _cut(int(file.name), addresses, port)


def _cut(handle: int, addresses: Collection[str], port: int) -> None:
    with socket.socket(fileno=os.dup(handle)) as connection:
        # What this process opened itself, to its store say, has another port at this end.
        if not _is_silent(connection) or connection.getsockname()[1] != port:
            return
        if connection.getpeername()[0] in addresses:
            connection.shutdown(socket.SHUT_RDWR)


def _is_silent(connection: socket.socket) -> bool:
    if connection.type != socket.SOCK_STREAM or connection.family == socket.AF_UNIX:
        return False
    told = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _LAST_DATA_SENT.size)
    silent_ms: int = _LAST_DATA_SENT.unpack(told)[0]
    return silent_ms >= WITHIN_S * 1000

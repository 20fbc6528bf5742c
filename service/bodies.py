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
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from werkzeug.exceptions import ServiceUnavailable

WITHIN_S = 10.0
"""The longest body has 64 KiB: a telephone with little reception sends it in a few seconds."""
LOOKED_EVERY_S = 1.0
PLACE_WITHIN_S = 0.25
"""A body that came with its head is read in microseconds, so places become free at once."""
LOOKED_FOR_PLACE_S = 0.01
SHARE = 2
NO_BODY = frozenset({"GET", "HEAD", "OPTIONS"})
_FILES = Path("/proc/self/fd")
# struct tcp_info in linux/tcp.h: eight bytes, nine numbers, then `tcpi_last_data_sent`, in ms.
_LAST_DATA_SENT = struct.Struct("44xI")
Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]


class Readers:
    """Know which callers' bodies are waited for, by ``places`` threads at most."""

    def __init__(self, places: int) -> None:
        self._places = places
        self._reading: dict[int, tuple[float, str]] = {}
        self._taking = threading.Lock()

    def begin(self, address: str) -> None:
        """Take a place for this thread while it reads from ``address``.

        Raises ``ServiceUnavailable`` where none becomes free.
        """
        until = 0.0
        while not self._has_begun(address):
            now = time.monotonic()
            until = until or now + PLACE_WITHIN_S
            if now > until:
                raise ServiceUnavailable(retry_after=int(WITHIN_S))
            time.sleep(LOOKED_FOR_PLACE_S)

    def end(self) -> None:
        """Give this thread's place back."""
        del self._reading[threading.get_ident()]

    def late(self, now_s: float) -> frozenset[str]:
        """Return the addresses whose bodies have not come in time."""
        reading = self._reading.copy().values()
        return frozenset(address for began, address in reading if now_s - began >= WITHIN_S)

    def _has_begun(self, address: str) -> bool:
        with self._taking:
            if len(self._reading) >= self._places:
                return False
            self._reading[threading.get_ident()] = (time.monotonic(), address)
        return True


class Body:
    """Be a request's body, which ``readers`` know to be waited for."""

    __slots__ = ("_address", "_raw", "_readers")

    def __init__(self, raw: Any, readers: Readers, address: str) -> None:
        self._raw = raw
        self._readers = readers
        self._address = address

    def read(self, *size: int) -> bytes:
        """Return the next ``size`` bytes, or all that are left; fewer where the caller is gone."""
        return self._waited_for(self._raw.read, *size)

    def readline(self, *size: int) -> bytes:
        """Return the next line."""
        return self._waited_for(self._raw.readline, *size)

    def _waited_for(self, read: Callable[..., bytes], *size: int) -> bytes:
        self._readers.begin(self._address)
        try:
            return read(*size)
        finally:
            self._readers.end()


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

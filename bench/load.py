"""The load generator: keep-alive connections in a closed loop, cheap enough to stay ahead.

Requests are bytes made beforehand; an answer counts when its status is the one expected.
One process, one event loop, no HTTP library: 8 µs of processor a request when busy, 40 when idle
between two.
"""

from __future__ import annotations

import asyncio
import gc
import re
import socket
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CLOSE = re.compile(rb"\r\nconnection: *close", re.IGNORECASE)
BODILESS = (b"204", b"304")
"""Answers that end with their head (RFC 9110, 6.4.1)."""
SEND_WITHIN_S = 120.0
DRAIN_S = 20.0
"""How long answers to the last requests are waited for."""


class LoadFailed(Exception):
    """Say that a server answered otherwise than it should, or not at all."""


@dataclass(frozen=True, slots=True)
class Load:
    """Hold one measurement.

    ``rate`` is good answers a second within the window. ``answered`` counts every good
    answer, those before and after the window included. ``p50_ms`` and ``p99_ms`` are
    times to answer with all connections busy. ``own_share`` is the share of one core the
    generator itself used.
    """

    rate: float
    answered: int
    p50_ms: float
    p99_ms: float
    own_share: float


@dataclass
class Run:
    """Hold what the connections of one measurement share."""

    requests: Iterator[bytes]
    status: bytes
    counts_from: float = 0.0
    ends_at: float = 0.0
    answered: int = 0
    counted: int = 0
    times_s: list[float] = field(default_factory=list)
    fault: str = ""
    is_dry: bool = False

    def next_request(self, now: float) -> bytes:
        """Return the next request, or nothing when the time is over."""
        if now >= self.ends_at or self.fault:
            return b""
        request = next(self.requests, b"")
        if not request:
            self.is_dry = True
            self.ends_at = now
        return request

    def note(self, asked_at: float, now: float) -> None:
        """Count one good answer."""
        self.answered += 1
        if self.counts_from <= now <= self.ends_at:
            self.counted += 1
            self.times_s.append(now - asked_at)


class Connection(asyncio.Protocol):
    """Ask, wait for the whole answer, ask again; connect anew where the server hangs up."""

    def __init__(self, run: Run, reconnect: Any, is_done: asyncio.Future[None]) -> None:
        self._run = run
        self._reconnect = reconnect
        self._is_done = is_done
        self._transport: Any = None
        self._received = b""
        self._asked_at = 0.0
        self._is_waiting = False

    def connection_made(self, transport: Any) -> None:
        """Ask the first question."""
        self._transport = transport
        self._ask()

    def data_received(self, data: bytes) -> None:
        """Count the answer once it is whole."""
        received = self._received + data if self._received else data
        end = received.find(b"\r\n\r\n")
        if end >= 0:
            whole = end + 4 + _length_of(received, end)
            if end + 4 <= whole <= len(received):
                self._received = b""
                self._answered(received[:end])
                return
        self._received = received

    def connection_lost(self, exc: Exception | None) -> None:
        """Connect again, unless the run is over or the server broke off an answer."""
        if self._is_waiting:
            self._fail(f"connection lost: {exc}")
        if not self._is_done.done():
            self._reconnect(self._is_done)

    def _ask(self) -> None:
        now = time.perf_counter()
        request = self._run.next_request(now)
        if not request:
            self._end()
            return
        self._asked_at, self._is_waiting = now, True
        self._transport.write(request)

    def _answered(self, head: bytes) -> None:
        self._is_waiting = False
        if head[9:12] != self._run.status:
            self._fail(head[:200].decode("latin-1"))
            return
        self._run.note(self._asked_at, time.perf_counter())
        if head.startswith(b"HTTP/1.0") or _CLOSE.search(head):
            self._transport.close()
        else:
            self._ask()

    def _fail(self, why: str) -> None:
        self._run.fault = self._run.fault or why
        self._end()

    def _end(self) -> None:
        self._is_waiting = False
        if not self._is_done.done():
            self._is_done.set_result(None)
        self._transport.close()


def measure(
    port: int,
    requests: Iterable[bytes],
    status: int,
    *,
    connections: int,
    warm_up_s: float,
    seconds: float,
) -> Load:
    """Return what a server on the loopback does with ``requests``, one after the other.

    Raises ``LoadFailed`` on any other status, a broken answer or too few requests.
    """
    run = Run(iter(requests), str(status).encode())
    gc.collect()
    gc.disable()
    processor_before, before = time.process_time(), time.perf_counter()
    try:
        asyncio.run(_drive(port, run, connections, warm_up_s, seconds))
    finally:
        gc.enable()
    share = (time.process_time() - processor_before) / (time.perf_counter() - before)
    if run.fault:
        raise LoadFailed(run.fault)
    if run.is_dry and run.ends_at - run.counts_from < seconds / 3:
        raise LoadFailed(f"{run.answered} requests were too few")
    times = sorted(run.times_s)
    if not times:
        raise LoadFailed("no answer in time")
    return Load(
        rate=run.counted / (run.ends_at - run.counts_from),
        answered=run.answered,
        p50_ms=times[len(times) // 2] * 1000,
        p99_ms=times[len(times) * 99 // 100] * 1000,
        own_share=share,
    )


def send_all(port: int, requests: Iterable[bytes], status: int, connections: int) -> int:
    """Send every request as fast as the server answers; return how many were answered well.

    Raises ``LoadFailed`` on any other status or a broken answer, or after ``SEND_WITHIN_S``.
    """
    run = Run(iter(requests), str(status).encode())
    asyncio.run(_drive(port, run, connections, 0.0, SEND_WITHIN_S))
    if run.fault or not run.is_dry:
        raise LoadFailed(run.fault or "not all were sent in time")
    return run.answered


def _length_of(received: bytes, end: int) -> int:
    """Return how long the body is whose head ends at ``end``; below 0 where nobody says."""
    if received[9:12] in BODILESS:
        return 0
    length = _LENGTH.search(received, 0, end + 2)
    return int(length[1]) if length else -1


def send(port: int, request: bytes) -> bytes:
    """Send one request to a server on the loopback; return the first part of its answer."""
    with socket.create_connection(("127.0.0.1", port), timeout=DRAIN_S) as connection:
        connection.sendall(request)
        return connection.recv(65_536)


async def _drive(port: int, run: Run, connections: int, warm_up_s: float, seconds: float) -> None:
    loop = asyncio.get_running_loop()
    opening: set[asyncio.Task[None]] = set()

    async def connect(is_done: asyncio.Future[None]) -> None:
        try:
            await loop.create_connection(
                lambda: Connection(run, open_one, is_done), "127.0.0.1", port
            )
        except OSError as error:
            run.fault = run.fault or str(error)
            is_done.set_result(None)

    def open_one(is_done: asyncio.Future[None]) -> None:
        task = loop.create_task(connect(is_done))
        opening.add(task)
        task.add_done_callback(opening.discard)

    run.counts_from = time.perf_counter() + warm_up_s
    run.ends_at = run.counts_from + seconds
    done = [loop.create_future() for _ in range(connections)]
    for each in done:
        open_one(each)
    _, unanswered = await asyncio.wait(done, timeout=warm_up_s + seconds + DRAIN_S)
    if unanswered:
        run.fault = run.fault or f"{len(unanswered)} requests were never answered"


class Echo(asyncio.Protocol):
    """Answer 202 to whatever comes, doing nothing: shows the generator's own ceiling."""

    ANSWER = b"HTTP/1.1 202 Accepted\r\ncontent-length: 2\r\n\r\n{}"

    def connection_made(self, transport: Any) -> None:
        """Keep the transport."""
        self._transport = transport

    def data_received(self, _data: bytes) -> None:
        """Answer at once: requests of this generator come in one piece."""
        self._transport.write(self.ANSWER)


async def echo(port: int) -> None:
    """Serve ``Echo`` until cancelled."""
    server = await asyncio.get_running_loop().create_server(Echo, "127.0.0.1", port)
    await server.serve_forever()

"""Requests at a steady rate, whatever the server does: an open loop.

The closed loop of bench.load slows down with the server and hides its queue. Here each request has
its moment; where no connection is free, another is opened, up to a bound.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from bench.load import LoadFailed

MOST_CONNECTIONS = 256
IDLE_S = 15.0
"""How long a connection may lie idle and be used again; granian closes it after 30 s."""
DRAIN_S = 20.0
LATE_S = 0.1


@dataclass(frozen=True, slots=True)
class Sent:
    """Hold how many requests were answered well, over how long, and how many left late.

    Late is a request that left more than 100 ms after its moment, for want of a connection
    or of the generator's own time.
    """

    answered: int
    seconds: float
    late: int


def send_steadily(port: int, requests: Sequence[bytes], status: int, rate: float) -> Sent:
    """Send the requests to a server on the loopback, ``rate`` a second.

    Raises ``LoadFailed`` on any other status or a broken answer.
    """
    return asyncio.run(_send(port, requests, str(status).encode(), rate))


async def _send(port: int, requests: Sequence[bytes], status: bytes, rate: float) -> Sent:
    free: list[_Link] = []
    bound = asyncio.Semaphore(MOST_CONNECTIONS)
    began = time.perf_counter()
    late = 0

    async def one(number: int) -> None:
        nonlocal late
        async with bound:
            due = began + number / rate
            await asyncio.sleep(due - time.perf_counter())
            link = await _taken(free, port)
            late += time.perf_counter() - due > LATE_S
            answer = await link.ask(requests[number])
            if answer[9:12] != status:
                raise LoadFailed(answer[:200].decode("latin-1"))
            link.idle_since = time.perf_counter()
            free.append(link)

    # In slices of a second, so that no more tasks wait than are due soon.
    step = max(int(rate), 1)
    running: set[asyncio.Task[None]] = set()
    for start in range(0, len(requests), step):
        running |= {
            asyncio.create_task(one(number))
            for number in range(start, min(start + step, len(requests)))
        }
        await asyncio.sleep(max(began + (start + step) / rate - time.perf_counter(), 0))
        done = {task for task in running if task.done()}
        for task in done:
            task.result()
        running -= done
    await asyncio.wait_for(asyncio.gather(*running), DRAIN_S)
    seconds = time.perf_counter() - began
    for link in free:
        link.writer.close()
    return Sent(len(requests), seconds, late)


async def _taken(free: list[_Link], port: int) -> _Link:
    """Return a connection used lately, or a new one: servers close those idle for long."""
    if free:
        link = free.pop()
        if time.perf_counter() - link.idle_since < IDLE_S:
            return link
        link.writer.close()
    return await _Link.open(port)


@dataclass(slots=True)
class _Link:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    idle_since: float = 0.0

    @classmethod
    async def open(cls, port: int) -> _Link:
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def ask(self, request: bytes) -> bytes:
        self.writer.write(request)
        try:
            head = await self.reader.readuntil(b"\r\n\r\n")
            for line in head.split(b"\r\n"):
                if line.lower().startswith(b"content-length:"):
                    await self.reader.readexactly(int(line.partition(b":")[2]))
        except asyncio.IncompleteReadError as error:
            raise LoadFailed("connection lost") from error
        return head

"""One connection for each thread, for the command that every request sends.

The client's own way leads through its pool, its locks, its metrics and its retries: 12 µs of
the 20 that a small command costs in Python. And it asks the kernel before each send and each
receive whether it may, which costs two more system calls and twice hands Python's lock to
another thread: 6% of an accepted comment (ARCHITECTURE.md, Accepting).
"""

from __future__ import annotations

import os
import socket
import struct
import threading
from collections.abc import Callable
from ssl import SSLSocket
from typing import Any, NamedTuple, cast

import hiredis
from redis import Redis
from redis.connection import DefaultParser
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import InvalidResponse
from redis.exceptions import TimeoutError as RedisTimeoutError

from service.store.server.at_once import has_news, send_all
from service.store.server.connection import Client

READ_AT_ONCE = 65_536
NOT_WHOLE_YET = object()


class Wire(NamedTuple):
    """Hold an open connection's socket, and who reads its answers.

    ``heard`` takes what the server says without being asked.
    """

    socket: socket.socket
    reader: Any
    heard: Callable[[list[Any]], None]

    def ask(self, command: bytes) -> Any:
        """Return the answer to a packed command, which may be an error.

        Raises ``OSError`` where the other end is gone, or silent for too long.
        """
        if isinstance(self.socket, SSLSocket):
            self.socket.sendall(command)
        else:
            send_all(self.socket, command)
        while (answer := self._next()) is NOT_WHOLE_YET:
            self._read_on()
        return answer

    def hear(self) -> None:
        """Take what the server has said since, without waiting for more.

        Raises ``OSError`` where the other end is gone.
        """
        while has_news(self.socket):
            self._read_on()
            self._next()

    def _next(self) -> Any:
        """Return the next answer that has come whole, after all that was said before it."""
        while isinstance(answer := self.reader.gets(), hiredis.PushNotification):
            self.heard(answer)
        return answer

    def _read_on(self) -> None:
        received = self.socket.recv(READ_AT_ONCE)
        if not received:
            raise ConnectionResetError
        self.reader.feed(received)


class Line:
    """Send single commands to one server; through the client where it is a cluster.

    A command that meets a broken connection is given to the client, with its retries: only
    commands that are safe to send twice may come here. One that gets no answer in time is not.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._own = threading.local()

    def send(self, *command: str | bytes | int | float) -> Any:
        """Return the server's answer; raise what the client would raise."""
        client: Any = self._client
        if not isinstance(client, Redis):
            return client.execute_command(*command)
        try:
            answer = self._wire(client).ask(hiredis.pack_command(cast("Any", command)))
        except (BlockingIOError, TimeoutError, RedisTimeoutError):
            self._hang_up()
            raise RedisTimeoutError("no answer in time") from None
        except (RedisConnectionError, OSError):
            self._hang_up()
            return client.execute_command(*command)  # type: ignore[no-untyped-call]
        except BaseException:
            # Interrupted between command and answer: the next would read this one's answer.
            self._hang_up()
            raise
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _wire(self, client: Redis) -> Wire:
        """Return this thread's open connection, which no fork may share."""
        own = self._own
        if getattr(own, "pid", None) != os.getpid():
            own.connection, own.wire = client.connection_pool.get_connection(), None
            own.pid = os.getpid()
        if own.wire is None:
            own.connection.connect()
            own.wire = self._opened(own.connection)
        wire: Wire = own.wire
        return wire

    def _opened(self, connection: Any) -> Wire:
        """Return the wire of a connection that was just opened."""
        return wire_of(connection, _ignored)

    def _hang_up(self) -> None:
        """Close this thread's connection; the next command opens it anew."""
        connection = getattr(self._own, "connection", None)
        if connection is not None:
            connection.disconnect()
            self._own.wire = None


def wire_of(connection: Any, heard: Callable[[list[Any]], None]) -> Wire:
    """Return the wire of a client's connection, whose time limits the kernel then keeps."""
    found: socket.socket = connection._get_socket()
    limit_s = connection.socket_timeout
    if limit_s and not isinstance(found, SSLSocket):
        limit = struct.pack("@ll", int(limit_s), int(limit_s % 1 * 1e6))
        found.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, limit)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)
        found.settimeout(None)
    reader = hiredis.Reader(
        replyError=DefaultParser.parse_error,
        protocolError=InvalidResponse,
        notEnoughData=NOT_WHOLE_YET,
    )
    return Wire(found, reader, heard)


def _ignored(_: list[Any]) -> None:
    """Take no notice."""

"""One connection for each thread, for the command that every request sends.

The client's own way leads through its pool, its locks, its metrics and its retries: 12 µs of
the 20 that a small command costs in Python (ARCHITECTURE.md, Accepting).
"""

from __future__ import annotations

import os
import threading
from typing import Any, cast

import hiredis
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

from service.store.connection import Client


class Line:
    """Send single commands to one server; through the client where it is a cluster.

    A command that meets a broken connection is given to the client, with its retries: only
    commands that are safe to send twice may come here.
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
            connection = self._connection(client)
            connection.send_packed_command([hiredis.pack_command(cast("Any", command))])
            return connection.read_response()
        except (RedisConnectionError, RedisTimeoutError, OSError):
            self._hang_up()
            return client.execute_command(*command)  # type: ignore[no-untyped-call]
        except ResponseError:
            raise
        except BaseException:
            # Interrupted between command and answer: the next would read this one's answer.
            self._hang_up()
            raise

    def _connection(self, client: Redis) -> Any:
        """Return this thread's connection, which no fork may share."""
        own = self._own
        if getattr(own, "pid", None) != os.getpid():
            own.connection = client.connection_pool.get_connection()
            own.pid = os.getpid()
        return own.connection

    def _hang_up(self) -> None:
        """Close this thread's connection; the next command opens it anew."""
        connection = getattr(self._own, "connection", None)
        if connection is not None:
            connection.disconnect()

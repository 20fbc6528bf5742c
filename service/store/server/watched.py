"""Hashes that every reader asks for: remembered until the server says that they have changed.

The server notes which keys a connection has read and tells it when one of them is written
(CLIENT TRACKING, Redis 6 and Valkey). What it has said waits in the connection, before the
answer to whatever is asked next; so a look into the connection takes the place of a question:
a read thread costs a third less (ARCHITECTURE.md, Reading). Who writes waits until the others
have been told, so that nothing read after a write is older.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from ssl import SSLSocket
from typing import Any, NamedTuple

from hiredis import pack_command
from redis import Redis
from redis.exceptions import RedisError

from service.store.server.connection import Client
from service.store.server.line import Line, Wire, wire_of

MOST = 2_000
"""Keys that one thread remembers; with one more it begins anew."""
REMEMBERED_S = 2.0
"""For how long at most, should the server ever fail to tell."""

Values = tuple[bytes | None, ...]


class _Known(NamedTuple):
    """Hold what a hash's fields were, and until when (s) that may be told."""

    until: float
    values: Values


class WatchedHashes(Line):
    """Read the same few fields of hashes, by far more often than they change.

    Where the server cannot watch for us (a cluster, TLS, a command forbidden), each read asks.
    """

    def __init__(
        self, client: Client, *fields: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(client)
        self._fields = fields
        self._clock = clock

    def get(self, key: str) -> Values:
        """Return a hash's fields, None for each that is not there."""
        found = self._told().get(key)
        if found is not None and found.until > self._clock():
            return found.values
        values: Values = tuple(self.send("HMGET", key, *self._fields))
        self._remember(key, values)
        return values

    def _told(self) -> dict[str, _Known]:
        """Return what is known, after all that the server has said."""
        if not isinstance(self._client, Redis):
            return {}
        try:
            wire = self._wire(self._client)
            if self._own.known:
                wire.hear()
        except (RedisError, OSError):
            self._hang_up()
        return self._own.known or {}

    def _remember(self, key: str, values: Values) -> None:
        """Keep what was read, where the server will say when it is no longer so."""
        known: dict[str, _Known] | None = getattr(self._own, "known", None)
        if known is None:
            return
        if len(known) >= MOST:
            known.clear()
        known[key] = _Known(self._clock() + REMEMBERED_S, values)

    def _opened(self, connection: Any) -> Wire:
        known: dict[str, _Known] = {}

        def heard(message: list[Any]) -> None:
            if message[0] != b"invalidate":
                return
            for key in message[1] or list(known):
                known.pop(key if isinstance(key, str) else key.decode(), None)

        wire = wire_of(connection, heard)
        self._own.known = known if _is_watched(wire) else None
        return wire

    def _hang_up(self) -> None:
        super()._hang_up()
        self._own.known = None


def wait_until_told(client: Client) -> None:
    """Return when the server has told all watchers of what it was asked before.

    It may answer who writes first, but sends all it has to say before it begins another
    command: one more that is answered shows that it has.
    """
    if isinstance(client, Redis):
        with suppress(RedisError, OSError):  # whom it can no longer tell, forgets by that
            client.ping()


def _is_watched(wire: Wire) -> bool:
    """Ask the server to tell over this connection what changes; say whether it will."""
    if isinstance(wire.socket, SSLSocket):
        return False
    commands: tuple[Any, ...] = (("HELLO", "3"), ("CLIENT", "TRACKING", "ON"))
    return not any(isinstance(wire.ask(pack_command(each)), RedisError) for each in commands)

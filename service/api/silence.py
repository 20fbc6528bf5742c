"""A server that hangs: once a request has waited for it in vain, the next ones do not."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

from redis import RedisCluster
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from service.store.server.connection import Client

LISTEN_EVERY_S = 0.2


@dataclass
class Silence:
    """Know whether the store's server hangs: from a first wait in vain until it answers again.

    ``client`` asks with little patience. Of a cluster nothing is known: one of its servers may
    hang while the others serve their sites.
    """

    client: Client
    is_on: bool = field(default=False, init=False)
    _noting: threading.Lock = field(default_factory=threading.Lock, init=False)

    def met(self) -> None:
        """Note that a request waited in vain, and listen for the server from now on."""
        if isinstance(self.client, RedisCluster):
            return
        with self._noting:
            if self.is_on:
                return
            self.is_on = True
        threading.Thread(target=self._listen, name="silence", daemon=True).start()

    def _listen(self) -> None:
        while self._is_silent():
            time.sleep(LISTEN_EVERY_S)
        self.is_on = False

    def _is_silent(self) -> bool:
        """Say whether nothing is heard; a connection that is refused is an answer."""
        try:
            self.client.ping()
        except RedisTimeoutError:
            return True
        except (RedisError, OSError):
            return False
        return False

"""Connections to Redis, Valkey or a cluster of either, and the durability they promise."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from redis import Redis, RedisCluster
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry

from service.store.server.trouble import trouble_of

Client = Redis | RedisCluster
CLUSTER_SCHEMES = ("redis+cluster://", "rediss+cluster://", "valkey+cluster://")
SAY_EVERY_S = 5.0
"""How often it is logged that a server is waited for."""

logger = logging.getLogger(__name__)


class StoreUnreachable(Exception):
    """Say that no server answered in the time allowed."""


class NotDurable(Exception):
    """Say that the server cannot keep what it is asked to."""


def connect(
    url: str, *, retries: int = 2, timeout_s: float = 5.0, asks_again: bool = True
) -> Client:
    """Return a client for ``redis://``, ``rediss://``, ``unix://`` or ``redis+cluster://``.

    A command that meets a broken connection is tried again ``retries`` times; every
    script of ours is safe to run twice. So is one that got no answer in ``timeout_s``, unless
    ``asks_again`` is false.
    """
    tried_again = (
        (RedisConnectionError, RedisTimeoutError) if asks_again else (RedisConnectionError,)
    )
    retry = Retry(ExponentialBackoff(cap=0.5, base=0.05), retries, tried_again)
    options: dict[str, Any] = {
        "retry": retry,
        "socket_timeout": timeout_s,
        "socket_connect_timeout": timeout_s,
    }
    if url.startswith(CLUSTER_SCHEMES):
        scheme = "rediss" if url.startswith("rediss") else "redis"
        return RedisCluster.from_url(f"{scheme}://{url.split('://', 1)[1]}", **options)
    return Redis.from_url(url, **options)


def wait_until_ready(
    client: Client,
    within_s: float,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
    called: str = "",
) -> None:
    """Return once the server answers; back off between tries.

    One that refuses writes answers, if only that. Where ``called`` names the server, say
    every five seconds that it is waited for. Raises ``StoreUnreachable`` after ``within_s``
    seconds.
    """
    until, say_at = clock() + within_s, clock()
    pause_s = 0.02
    while True:
        error = _no_answer(client)
        if error is None:
            return
        if clock() >= until:
            raise StoreUnreachable(type(error).__name__) from error
        if called and clock() >= say_at:
            logger.warning("waiting for %s: %s", called, type(error).__name__)
            say_at = clock() + SAY_EVERY_S
        sleep(pause_s)
        pause_s = min(pause_s * 2, 1.0)


def _no_answer(client: Client) -> Exception | None:
    try:
        client.ping()
    except (RedisError, OSError) as error:
        return None if trouble_of(error) else error
    return None


def node_of(client: Client, key: str) -> Redis:
    """Return the one server that holds a key, and with it all of its site's."""
    if isinstance(client, RedisCluster):
        return client.get_redis_connection(client.get_node_from_key(key))  # type: ignore[no-untyped-call]
    return client


def nodes_of(client: Client) -> list[Redis]:
    """Return every server that holds keys."""
    if isinstance(client, RedisCluster):
        nodes: Any = client.get_primaries()  # type: ignore[no-untyped-call]
        return [client.get_redis_connection(node) for node in nodes]
    return [client]


def needs_fsync_wait(client: Client) -> bool:
    """Say whether strict durability needs a WAITAOF after each write.

    Not where the server syncs before every answer (``appendfsync always``), which is
    also what a cluster must do, for there a pipeline cannot wait on one node.

    Raises ``NotDurable`` when the server cannot promise it either way.
    """
    if isinstance(client, RedisCluster):
        if all(_sync_mode(node) == "always" for node in nodes_of(client)):
            return False
        raise NotDurable("strict durability on a cluster needs `appendfsync always`, on each node")
    mode = _sync_mode(client)
    if mode == "always":
        return False
    if mode in ("off", "no"):
        raise NotDurable(
            "strict durability needs `appendonly yes` with `appendfsync always` or `everysec`"
        )
    try:
        client.waitaof(1, 0, 1)
    except ResponseError as error:
        raise NotDurable(
            "strict durability needs an append-only file with `appendfsync always`, or "
            "WAITAOF (Redis 7.2, Valkey 7.2)"
        ) from error
    return True


def _sync_mode(client: Redis) -> str:
    """Return ``always``, ``everysec``, ``no``, ``off`` or, where CONFIG is refused, ``unknown``."""
    try:
        found: Any = client.config_get("append*")
    except (ResponseError, RedisConnectionError):
        return "unknown"
    if found.get("appendonly") != "yes":
        return "off"
    return str(found.get("appendfsync"))

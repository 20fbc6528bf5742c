"""The state a server is in: memory, policy, disk, and whether it takes writes."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from redis import Redis
from redis.exceptions import RedisError, ResponseError

from service.store import keys
from service.store.server.connection import SAY_EVERY_S, Client, NotDurable, nodes_of
from service.store.server.trouble import SENTENCES, Trouble, trouble_of

KEEPS_ALL = "noeviction"
EVICTS_ANY = "allkeys"
PROBE_KEPT_S = 60
LONGEST_PAUSE_S = 1.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Condition:
    """Hold what INFO says of one server; sizes in bytes, ``memory_limit`` 0 for none."""

    memory_used: int
    memory_limit: int
    policy: str
    is_disk_well: bool

    @property
    def trouble(self) -> Trouble:
        """Return what keeps the server from writing."""
        if not self.is_disk_well:
            return Trouble.DISK
        is_full = 0 < self.memory_limit < self.memory_used
        return Trouble.MEMORY if is_full else Trouble.NONE

    @property
    def keeps_everything(self) -> bool:
        """Say whether nothing is thrown away when memory runs out."""
        return self.policy == KEEPS_ALL


def conditions(client: Client) -> list[Condition]:
    """Return the state of the server, or of each primary of a cluster.

    Raises ``RedisError`` or ``OSError``.
    """
    return [_condition(each) for each in nodes_of(client)]


def write_probe(client: Client) -> None:
    """Write a key that no comment needs; raise what the server answers."""
    client.set(keys.READY, "1", ex=PROBE_KEPT_S)


def trouble_now(client: Client) -> Trouble:
    """Return what keeps the server, or a primary of a cluster, from writing.

    Raises ``RedisError`` or ``OSError`` where it does not answer.
    """
    try:
        write_probe(client)
    except RedisError as error:
        if not trouble_of(error):
            raise
        return trouble_of(error)
    return next((each.trouble for each in conditions(client) if each.trouble), Trouble.NONE)


def wait_until_writable(
    client: Client,
    called: str,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Return once the server takes writes, however long that is; say every five seconds why not."""
    pause_s, say_at = 0.1, clock()
    while True:
        try:
            write_probe(client)
            return
        except (RedisError, OSError) as error:
            if clock() >= say_at:
                why = SENTENCES[trouble_of(error)] if trouble_of(error) else type(error).__name__
                logger.error("waiting for %s: %s", called, why)
                say_at = clock() + SAY_EVERY_S
        sleep(pause_s)
        pause_s = min(pause_s * 2, LONGEST_PAUSE_S)


def refuse_eviction(client: Client) -> None:
    """Raise ``NotDurable`` where the server would throw comments away to make room.

    A policy that spares what has no end of life, which comments never have, is warned of.
    """
    try:
        found = conditions(client)
    except ResponseError:
        logger.warning("INFO is refused: nobody knows whether the server keeps what it is given")
        return
    for each in found:
        if each.policy.startswith(EVICTS_ANY) and each.memory_limit:
            raise NotDurable(eviction_sentence(each))
        if not each.keeps_everything:
            logger.warning(eviction_sentence(each))


def eviction_sentence(condition: Condition) -> str:
    """Return what an operator has to change."""
    what = "comments" if condition.policy.startswith(EVICTS_ANY) else "sessions and limits"
    return (
        f"`maxmemory-policy {condition.policy}` lets the server throw {what} away when its "
        f"memory is full: set `{KEEPS_ALL}`"
    )


def _condition(server: Redis) -> Condition:
    pipe: Any = server.pipeline(transaction=False)
    pipe.info("memory")
    pipe.info("persistence")
    memory, persistence = pipe.execute()
    # Buffers of replicas and of the append-only file do not count towards the limit.
    uncounted = int(memory.get("mem_not_counted_for_evict", 0))
    return Condition(
        memory_used=int(memory["used_memory"]) - uncounted,
        memory_limit=int(memory.get("maxmemory", 0)),
        policy=str(memory.get("maxmemory_policy", KEEPS_ALL)),
        is_disk_well=persistence.get("aof_last_write_status", "ok") == "ok",
    )

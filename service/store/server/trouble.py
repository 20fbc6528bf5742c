"""Why a server that answers takes no writes, told from its refusals."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum

from redis.exceptions import RedisError


class Trouble(StrEnum):
    """Name what keeps a server from writing; reading still works."""

    NONE = ""
    MEMORY = "memory-full"
    DISK = "disk-full"
    READ_ONLY = "read-only"


# As the servers word them; inside a script Redis 6.2 puts its own words before.
_REFUSALS = {
    "OOM command not allowed": Trouble.MEMORY,
    "command not allowed when used memory": Trouble.MEMORY,
    "MISCONF": Trouble.DISK,
    "Errors writing to the AOF file": Trouble.DISK,
    "NOREPLICAS": Trouble.READ_ONLY,
    "Not enough good replicas": Trouble.READ_ONLY,
    "READONLY": Trouble.READ_ONLY,
    "write against a read only": Trouble.READ_ONLY,
}
SENTENCES = {
    Trouble.NONE: "it takes writes",
    Trouble.MEMORY: "its memory is full: raise `maxmemory`, or let sites keep less",
    Trouble.DISK: "its append-only file cannot be written: make room on its disk",
    Trouble.READ_ONLY: "it takes no writes: it is a replica, misses its own, or its disk is short",
}


@contextmanager
def bearing_refusals() -> Iterator[None]:
    """Pass over a write that the server refuses: for notes that who only looks can do without."""
    try:
        yield
    except RedisError as error:
        if not trouble_of(error):
            raise


def trouble_of(error: BaseException) -> Trouble:
    """Return why the server refused a write, or ``NONE`` when the error says nothing of it."""
    text = str(error)
    return next((found for said, found in _REFUSALS.items() if said in text), Trouble.NONE)

"""A warm start: the models loaded before the first client of a door asks."""

from __future__ import annotations

import threading
import time

from redis.exceptions import RedisError

from service.api.services import Services
from service.compat.judging import warm_up
from service.garbage import keep_what_is_loaded

LOOK_FOR_KEYS_EVERY_S = 1.0


def warm_up_for_doors(services: Services) -> None:
    """Load the models now where a door has a key, or as soon as one has.

    Its clients give up after a second, and many then publish unchecked; a service without
    doors spares the memory.
    """
    if _has_key(services):
        warm_up(services.pipeline)
    else:
        threading.Thread(target=_warm_up_later, args=(services,), daemon=True).start()


def _warm_up_later(services: Services) -> None:
    while not _has_key(services):
        time.sleep(LOOK_FOR_KEYS_EVERY_S)
    warm_up(services.pipeline)
    keep_what_is_loaded()


def _has_key(services: Services) -> bool:
    try:
        return services.store.door_keys.has_any()
    except (RedisError, OSError):
        return False

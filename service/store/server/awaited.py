"""What every part of the service does first: wait for its servers, and look whether they keep."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from config.settings import Settings
from service.store.server.condition import refuse_eviction
from service.store.server.connection import connect, wait_until_ready
from service.store.server.embedded import ServerUrls, server_urls


def await_servers(settings: Settings, sleep: Callable[[float], None] = time.sleep) -> ServerUrls:
    """Return the servers once both answer, or after ``start_wait_s`` seconds not at all.

    Raises ``StoreUnreachable``, ``EmbeddedNotRunning``, ``SettingsInvalid``, or ``NotDurable``
    when a full memory would cost comments.
    """
    urls = server_urls(settings)
    within_s = settings.start_wait_s or math.inf
    store = connect(urls.store, retries=0)
    wait_until_ready(store, within_s, sleep, called="the server of the comments")
    refuse_eviction(store)
    wait_until_ready(connect(urls.queue, retries=0), within_s, sleep, called="RQ's server")
    return urls

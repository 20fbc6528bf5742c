"""The web server: granian around the application."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels
from redis.exceptions import RedisError

from config.log import formatter_of
from config.settings import Settings
from service.api.services import Services
from service.app import begin_service, create_app
from service.compat.judging import warm_up
from service.garbage import keep_what_is_loaded
from service.lifetime import die_with

CONNECTIONS = 768
"""Connections one process keeps open, below the usual limit of 1,024 files.

granian calls this backpressure and counts idle keep-alive connections too: with 2,
two silent browsers shut out the third.
"""
STOP_WITHIN_S = 2
LOOK_FOR_KEYS_EVERY_S = 1.0
FORMATTERS = ("generic", "access")
"""granian's own names."""


def serve(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM; open requests get two seconds to finish.

    What is imported here, the processes forked from this one have without importing it.
    """
    keep_what_is_loaded()
    server = Granian(
        "service.app:create_app",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        workers=settings.web_processes,
        blocking_threads=settings.web_threads,
        backlog=1024,
        backpressure=CONNECTIONS,
        websockets=False,
        log_level=LogLevels.error,
        log_dictconfig={
            "formatters": {name: {"()": partial(formatter_of, settings)} for name in FORMATTERS}
        },
        log_access=False,
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_WITHIN_S,
    )
    server.serve(target_loader=_loader(settings, os.getpid()), wrap_loader=False)


def _loader(settings: Settings, parent: int) -> Callable[[], Any]:
    def load() -> Any:
        die_with(parent)
        app = create_app(settings)
        _warm_up_for_doors(app)
        begin_service(app)
        keep_what_is_loaded()
        return app

    return load


def _warm_up_for_doors(app: Any) -> None:
    """Load the models now where a door has a key, or as soon as one has.

    Its clients give up after a second, and many then publish unchecked; a service without
    doors spares the memory.
    """
    services = app.extensions["ecluse"]
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

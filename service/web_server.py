"""The web server: granian around the application."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from config.log import formatter_of
from config.settings import Settings
from service.api.services import Services
from service.api.streams import places_of
from service.app import begin_service, create_app
from service.bodies import guarded
from service.garbage import keep_what_is_loaded
from service.lifetime import die_with

CONNECTIONS = 768
"""Connections one process keeps open, below the usual limit of 1,024 files.

granian calls this backpressure and counts idle keep-alive connections too: with 2,
two silent browsers shut out the third.
"""
STOP_WITHIN_S = 2
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
        begin_service(app)
        served: Services = app.extensions["ecluse"]
        served.streams.offer(places_of(settings.web_threads))
        wsgi = guarded(app.wsgi_app, settings.web_threads, settings.port)
        app.wsgi_app = wsgi  # type: ignore[assignment,method-assign]
        _at_the_end(served.streams.end)
        keep_what_is_loaded()
        return app

    return load


def _at_the_end(tell: Callable[[], None]) -> None:
    """Call ``tell`` when this process is asked to stop.

    The handlers of signals are granian's, which then waits for open answers; so the signal is
    heard where Python writes its number.
    """
    heard, written = socket.socketpair()
    written.setblocking(False)
    signal.set_wakeup_fd(written.detach(), warn_on_full_buffer=False)

    def listen() -> None:
        while heard.recv(1)[0] not in (signal.SIGINT, signal.SIGTERM):
            pass
        tell()

    threading.Thread(target=listen, name="end", daemon=True).start()

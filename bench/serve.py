"""One contender behind granian. ``python -m bench.serve NAME PORT THREADS [one-core]``."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from typing import Any

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from bench import load
from config.settings import Settings
from service.garbage import keep_what_is_loaded
from service.lifetime import die_with
from service.web_server import CONNECTIONS

ECHO = "echo"
ONE_CORE = "one-core"
"""Holds the server and its children to the last core; the others are left to who asks."""


def application(name: str, settings: Settings) -> Any:
    """Return the WSGI application of a contender."""
    from bench import peers, stock
    from service.app import create_app

    made: dict[str, Callable[[], Any]] = {
        "ecluse": lambda: create_app(settings),
        "bare": peers.bare,
        "plain": lambda: stock.plain(settings),
        "plain-behind": lambda: peers.plain_behind_our_api(settings),
        "plain-alone": lambda: peers.plain_alone(settings),
    }
    return made[name]()


def serve(name: str, port: int, threads: int) -> None:
    """Serve a contender with the options of our own web server, on the loopback."""
    settings = Settings.from_environment()
    parent = os.getpid()

    def target() -> Any:
        die_with(parent)
        made = application(name, settings)
        keep_what_is_loaded()
        return made

    server = Granian(
        name,
        address="127.0.0.1",
        port=port,
        interface=Interfaces.WSGI,
        workers=settings.web_processes,
        blocking_threads=threads,
        backlog=1024,
        backpressure=CONNECTIONS,
        websockets=False,
        log_level=LogLevels.warning,
        log_access=False,
        workers_kill_timeout=2,
    )
    server.serve(target_loader=target, wrap_loader=False)


def main() -> None:
    """Serve what the arguments name."""
    name, port, threads, *more = sys.argv[1:]
    if ONE_CORE in more:
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    if name == ECHO:
        asyncio.run(load.echo(int(port)))
    else:
        serve(name, int(port), int(threads))


if __name__ == "__main__":
    main()

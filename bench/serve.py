"""One contender behind granian. ``python -m bench.serve NAME PORT THREADS [one-core]``."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
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
READ = "bare-read:"
"""And the file whose bytes the view answers."""
ONE_CORE = "one-core"
"""Holds the server and its children to the last core; the others are left to who asks."""


def maker(name: str, settings: Settings) -> Callable[[], Any]:
    """Return what makes the WSGI application of a contender, all that it needs imported."""
    from bench import peers, stock
    from service.app import create_app

    if name.startswith(READ):
        return partial(peers.bare_read, Path(name.removeprefix(READ)))
    makers: dict[str, Callable[[], Any]] = {
        "ecluse": partial(create_app, settings),
        "bare": peers.bare,
        "plain": partial(stock.plain, settings),
        "plain-behind": partial(peers.plain_behind_our_api, settings),
        "plain-alone": partial(peers.plain_alone, settings),
    }
    return makers[name]


def serve(name: str, port: int, threads: int) -> None:
    """Serve a contender with the options of our own web server, on the loopback."""
    settings = Settings.from_environment()
    parent, make = os.getpid(), maker(name, settings)

    def target() -> Any:
        die_with(parent)
        made = make()
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

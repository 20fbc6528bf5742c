"""`ecluse up`, `web`, `worker` and `scheduler`: the parts of the service.

Each imports what it alone needs: most of a start is imports.
"""

from __future__ import annotations

import os
import sys
from dataclasses import replace

import click

from config.log import configure_log
from config.settings import Settings, load_secrets
from service.lifetime import end_quietly
from service.store.server.awaited import await_servers


@click.command()
def up() -> None:
    """Start everything: web server, workers, scheduler, and Valkey unless you run your own.

    Prints the addresses once all of it answers. Ctrl-C stops it in order. Data lives in
    ECLUSE_DATA_DIR (./var). Set ECLUSE_REDIS_URL to use your own Redis or Valkey.
    """
    from service.cli.welcome import print_welcome
    from service.up import up as run_up

    settings = Settings.from_environment()
    configure_log(settings)
    run_up(settings, print_welcome)


@click.command()
def web() -> None:
    """Start the web server alone, on ECLUSE_HOST and ECLUSE_PORT."""
    settings = _resolved()
    from service.web_server import serve

    serve(settings)


@click.command()
@click.option("-n", "--number", type=click.IntRange(1, 256), help="How many.  [ECLUSE_WORKERS]")
def worker(number: int | None) -> None:
    """Start RQ workers alone. SIGTERM lets each finish what it has in hand."""
    settings = _resolved()
    _become("workers.runner", str(number or settings.workers))


@click.command()
def scheduler() -> None:
    """Start the scheduler alone. Several do no harm."""
    _resolved()
    _become("workers.scheduler")


def _resolved() -> Settings:
    """Return the settings with their servers named, once these answer."""
    settings = Settings.from_environment()
    configure_log(settings)
    end_quietly()
    load_secrets(settings)
    urls = await_servers(settings)
    return replace(settings, redis_url=urls.store, queue_url=urls.queue)


def _become(module: str, *arguments: str) -> None:
    """Replace this process by a module of the workers, which nothing here imports."""
    os.execv(sys.executable, [sys.executable, "-m", module, *arguments])  # noqa: S606

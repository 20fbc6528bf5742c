"""`ecluse doctor`."""

from __future__ import annotations

import os
import re
import socket
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from service.store.store import Store
from service.store.telemetry.roll import Present, Roll
from service.store.telemetry.workers import SILENT_BY_RQ_MS
from tests.cli.conftest import Answer, Ecluse
from tests.conftest import start_valkey, stop


def register_worker(url: str, *, pid: int, hostname: str, seen: datetime) -> None:
    client = Redis.from_url(url)
    client.sadd("rq:workers", "rq:worker:one")
    client.hset("rq:worker:one", "pid", str(pid))
    client.hset("rq:worker:one", "hostname", hostname)
    client.hset("rq:worker:one", "last_heartbeat", f"{seen:%Y-%m-%dT%H:%M:%S.%fZ}")


def findings(answer: Answer) -> dict[str, Any]:
    return {item["name"]: item for item in answer.data["findings"]}


def test_a_whole_service_is_well(ecluse: Ecluse, queue_url: str) -> None:
    here = socket.gethostname()
    register_worker(queue_url, pid=os.getpid(), hostname=here, seen=datetime.now(UTC))
    answer = ecluse("doctor", "--json")
    assert answer.code == 0
    assert answer.data["ok"] is True
    assert list(findings(answer)) == [
        "settings", "model", "encoder", "servers", "store", "persistence", "memory",
        "durability", "queue", "workers",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("pid", "hostname", "age_s"),
    [(2**22 + 1, socket.gethostname(), 0), (1, "elsewhere", 3600)],
    ids=["process gone", "silent for long"],
)
def test_dead_workers_do_not_count(
    pid: int, hostname: str, age_s: int, ecluse: Ecluse, queue_url: str
) -> None:
    seen = datetime.now(UTC) - timedelta(seconds=age_s)
    register_worker(queue_url, pid=pid, hostname=hostname, seen=seen)
    answer = ecluse("doctor", "--json")
    assert answer.code == 1
    assert "no RQ worker is alive" in findings(answer)["workers"]["says"]


def test_workers_that_all_hang_are_told_from_dead_ones(
    ecluse: Ecluse, store: Store, queue_url: str
) -> None:
    here, now_ms = socket.gethostname(), round(time.time() * 1000)
    Roll(store.client).call([Present("w", here, os.getpid(), now_ms - 60_000, 0)], [], now_ms)
    seen = datetime.now(UTC) - timedelta(seconds=SILENT_BY_RQ_MS / 1000 + 1)
    register_worker(queue_url, pid=os.getpid(), hostname=here, seen=seen)
    Redis.from_url(queue_url).hset("rq:worker:one", "state", "idle")
    answer = ecluse("doctor", "--json")
    assert answer.code == 1
    assert "live and do not show themselves" in findings(answer)["workers"]["says"]


def test_no_worker_and_no_server_are_told_apart(ecluse: Ecluse) -> None:
    unreachable = ecluse("doctor", "--json", REDIS_URL="unix:///nowhere.sock")
    found = findings(unreachable)
    assert unreachable.code == 1
    assert not found["store"]["is_good"]
    assert found["queue"]["is_good"]
    assert "persistence" not in found


def test_a_server_that_forgets_is_found_out(
    ecluse: Ecluse, tmp_path_factory: pytest.TempPathFactory
) -> None:
    server, url = start_valkey(tmp_path_factory.mktemp("v"), "--appendonly", "no")
    try:
        found = findings(ecluse("doctor", "--json", REDIS_URL=url, DURABILITY="strict"))
    finally:
        stop(server)
    assert "appendonly yes" in found["persistence"]["says"]
    assert not found["durability"]["is_good"]


def test_a_server_that_throws_things_away_is_found_out(
    ecluse: Ecluse, tmp_path_factory: pytest.TempPathFactory
) -> None:
    options = ("--appendonly", "yes", "--maxmemory-policy", "volatile-lru")
    server, url = start_valkey(tmp_path_factory.mktemp("v"), *options)
    try:
        found = findings(ecluse("doctor", "--json", REDIS_URL=url))
    finally:
        stop(server)
    assert not found["memory"]["is_good"]
    assert "set `noeviction`" in found["memory"]["says"]


def test_strict_durability_says_how_it_is_kept(ecluse: Ecluse) -> None:
    found = findings(ecluse("doctor", "--json", DURABILITY="strict"))
    assert found["durability"] == {
        "name": "durability",
        "is_good": True,
        "says": "strict: each answer waits for the disk (WAITAOF)",
    }


def test_a_cluster_for_rq_is_refused(ecluse: Ecluse) -> None:
    found = findings(ecluse("doctor", "--json", QUEUE_URL="redis+cluster://127.0.0.1:1"))
    assert "not a cluster" in found["servers"]["says"]


def test_without_a_server_named_or_embedded_it_says_what_to_do(
    ecluse: Ecluse, tmp_path: Path
) -> None:
    answer = ecluse("doctor", REDIS_URL="", DATA_DIR=str(tmp_path / "empty"))
    assert answer.code == 1
    assert "start `ecluse up`" in answer.out


def test_every_bad_setting_is_named(ecluse: Ecluse) -> None:
    answer = ecluse("doctor", PORT="x", WORKERS="0")
    assert answer.code == 1
    assert "ECLUSE_PORT" in answer.out
    assert "ECLUSE_WORKERS" in answer.out


def test_an_encoder_that_cannot_be_used_is_found_out(ecluse: Ecluse, tmp_path: Path) -> None:
    missing = findings(ecluse("doctor", "--json", ENCODER_MODEL=str(tmp_path / "none.onnx")))
    assert not missing["encoder"]["is_good"]
    assert "none.toml" in missing["encoder"]["says"]
    off = findings(ecluse("doctor", "--json", ENCODER="off"))
    assert off["encoder"]["says"] == "off: the linear model judges alone"


def test_a_server_that_gives_no_answer_is_looked_for_by_its_own_option(ecluse: Ecluse) -> None:
    found = ecluse("doctor", QUEUE_URL="unix:///nowhere.sock").out
    assert re.search(
        "^BAD queue .*: does it run, and where ECLUSE_QUEUE_URL says", found, re.MULTILINE
    )
    found = ecluse("doctor", REDIS_URL="unix:///nowhere.sock", QUEUE_URL="").out
    assert found.count("where ECLUSE_REDIS_URL says") == 2

"""The state a server is in: what it keeps when its memory is full, and waiting until it writes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from redis.exceptions import OutOfMemoryError

from config.settings import Settings
from service.store.server.awaited import await_servers
from service.store.server.condition import (
    Condition,
    conditions,
    refuse_eviction,
    wait_until_writable,
    write_probe,
)
from service.store.server.connection import NotDurable, StoreUnreachable, connect, wait_until_ready
from service.store.server.trouble import Trouble
from tests.conftest import start_valkey, stop

LIMIT = 64 * 1_048_576


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    server, url = start_valkey(tmp_path_factory.mktemp("v"))
    yield url
    stop(server)


@pytest.fixture
def client(url: str) -> Iterator[Any]:
    made: Any = connect(url)
    yield made
    made.config_set("maxmemory", 0)
    made.config_set("maxmemory-policy", "noeviction")
    made.close()


def test_a_server_without_limits_is_well(client: Any) -> None:
    (found,) = conditions(client)
    assert found.trouble is Trouble.NONE
    assert found.keeps_everything
    assert found.memory_used > 0
    refuse_eviction(client)


def test_a_policy_that_throws_comments_away_is_refused(client: Any) -> None:
    client.config_set("maxmemory", LIMIT)
    client.config_set("maxmemory-policy", "allkeys-lru")
    with pytest.raises(NotDurable, match="set `noeviction`"):
        refuse_eviction(client)


@pytest.mark.parametrize(("policy", "limit"), [("volatile-ttl", LIMIT), ("allkeys-lru", 0)])
def test_a_policy_that_costs_no_comment_yet_is_warned_of(
    policy: str, limit: int, client: Any, caplog: pytest.LogCaptureFixture
) -> None:
    client.config_set("maxmemory", limit)
    client.config_set("maxmemory-policy", policy)
    refuse_eviction(client)
    assert f"maxmemory-policy {policy}" in caplog.text


def test_no_part_starts_on_a_server_that_throws_comments_away(
    client: Any, url: str, settings: Settings
) -> None:
    client.config_set("maxmemory", LIMIT)
    client.config_set("maxmemory-policy", "allkeys-lfu")
    with pytest.raises(NotDurable):
        await_servers(replace(settings, redis_url=url))


def test_waiting_ends_when_the_server_writes_again(client: Any) -> None:
    client.config_set("maxmemory", 1)
    with pytest.raises(OutOfMemoryError):
        write_probe(client)
    pauses: list[float] = []

    def sleep(pause_s: float) -> None:
        pauses.append(pause_s)
        if len(pauses) == 6:
            client.config_set("maxmemory", 0)

    wait_until_writable(client, "the server", sleep, lambda: sum(pauses))
    assert pauses == sorted(pauses)
    assert len(pauses) == 6
    assert max(pauses) == 1.0


def test_waiting_says_why_every_five_seconds(client: Any, caplog: pytest.LogCaptureFixture) -> None:
    client.config_set("maxmemory", 1)
    pauses: list[float] = []

    def sleep(pause_s: float) -> None:
        pauses.append(pause_s)
        if sum(pauses) > 12:
            client.config_set("maxmemory", 0)

    wait_until_writable(client, "the server", sleep, lambda: sum(pauses))
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 3
    assert all("waiting for the server: its memory is full" in line for line in said)


def test_waiting_for_a_server_that_is_away_says_so_every_five_seconds(
    caplog: pytest.LogCaptureFixture,
) -> None:
    pauses: list[float] = []
    away = connect("unix:///nowhere/at/all", retries=0)
    with pytest.raises(StoreUnreachable):
        wait_until_ready(away, 12, pauses.append, lambda: sum(pauses), called="the server")
    assert len([r for r in caplog.records if "waiting for the server" in r.getMessage()]) == 3


def test_a_server_that_only_refuses_writes_is_there(client: Any) -> None:
    client.config_set("min-replicas-to-write", 1)
    try:
        wait_until_ready(client, within_s=0)
    finally:
        client.config_set("min-replicas-to-write", 0)


def test_a_disk_that_fails_goes_before_a_memory_that_is_full() -> None:
    well = Condition(memory_used=1, memory_limit=2, policy="noeviction", is_disk_well=True)
    assert well.trouble is Trouble.NONE
    assert replace(well, memory_used=3).trouble is Trouble.MEMORY
    assert replace(well, memory_used=3, is_disk_well=False).trouble is Trouble.DISK
    assert replace(well, memory_limit=0).trouble is Trouble.NONE

"""What is wrong with the server that keeps the comments: nearly full, or not written to disk."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from redis import Redis

from service.schemas.ops_words import alert_said
from service.store.server.trouble import Trouble
from service.store.telemetry.alerts import alerts_of
from service.store.telemetry.server import look_at_server
from service.store.telemetry.views import AlertKind, ServerView, Severity
from tests.conftest import start_valkey, stop


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Any]:
    """A server of one's own, that may be broken."""
    process, url = start_valkey(tmp_path, "--save", "")
    client = Redis.from_url(url)
    yield client
    client.close()
    stop(process)


def alarms(server: ServerView) -> dict[AlertKind, str]:
    """Return what is said of a server, by kind."""
    found = alerts_of(
        (),
        (),
        server,
        workers_alive=1,
        failed_tasks=0,
        is_suspended=False,
        inbox_age_limit_s=30,
        unknown_keys={},
    )
    assert {alert.severity for alert in found} <= {Severity.CRITICAL}
    return {alert.kind: str(alert_said(alert)) for alert in found}


def test_a_server_that_is_well_raises_no_alarm(server: Any) -> None:
    seen = look_at_server(server, None)
    assert alarms(seen) == {}
    assert (seen.is_written, seen.trouble, seen.disk_share) == (True, Trouble.NONE, None)


def test_memory_that_is_nearly_full_raises_an_alarm(server: Any) -> None:
    used = int(server.info("memory")["used_memory"])
    server.config_set("maxmemory", used * 2)
    assert alarms(look_at_server(server, None)) == {}
    server.config_set("maxmemory", round(used * 1.08))
    (said,) = alarms(look_at_server(server, None)).items()
    assert said[0] is AlertKind.MEMORY
    assert said[1].startswith("The memory of the server is 9")


def test_a_disk_that_is_nearly_full_raises_an_alarm(
    server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for free, said in ((11, {}), (6, {AlertKind.DISK: "The disk of the server is 94 % full."})):
        usage = SimpleNamespace(total=100, used=100 - free, free=free)
        monkeypatch.setattr(shutil, "disk_usage", {tmp_path: usage}.__getitem__)
        assert alarms(look_at_server(server, tmp_path)) == said


def test_a_snapshot_that_cannot_be_written_raises_an_alarm(server: Any, tmp_path: Path) -> None:
    (tmp_path / "dump.rdb").mkdir()
    server.bgsave()
    while server.info("persistence")["rdb_bgsave_in_progress"]:
        pass
    (kind,) = alarms(look_at_server(server, None))
    assert kind is AlertKind.NOT_WRITTEN


def test_a_refusal_is_told_instead_of_what_it_comes_from() -> None:
    refused = ServerView(is_written=False, trouble=Trouble.DISK)
    (said,) = alarms(refused).items()
    assert said[0] is AlertKind.REFUSED
    assert "(disk-full)" in said[1]

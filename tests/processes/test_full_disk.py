"""`ecluse up` on a disk that fills up, under strict durability."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.full_servers import fill_disk, tiny_disk
from tests.processes.service_up import PATIENCE_S, ServiceUp, eventually


@pytest.fixture
def service(tmp_path: Path) -> Iterator[ServiceUp]:
    """A strict service, its data on a tiny disk."""
    folder = tmp_path / "var"
    folder.mkdir()
    with tiny_disk(folder):
        made = ServiceUp(folder, options={"DURABILITY": "strict", "DISK_RESERVE_MB": "2"})
        yield made
        if made.process is not None and made.process.poll() is None:
            made.end()


def ask(service: ServiceUp, method: str, path: str, **body: str) -> tuple[int, str]:
    """Ask the service; return the status and the time after which to come again."""
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=PATIENCE_S)
    headers = {"Authorization": f"Bearer {service.key()}", "Content-Type": "application/json"}
    try:
        connection.request(method, path, json.dumps(body), headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status, answer.headers.get("Retry-After", "")
    finally:
        connection.close()


def post(service: ServiceUp) -> tuple[int, str]:
    return ask(
        service, "POST", "/v1/sites/demo/comments", author="Claire", email="c@example.org",
        content="Un mot de plus sur ce sujet.", page=f"{service.url}/demo",
    )  # fmt: skip


def test_a_full_disk_puts_comments_off_while_reading_goes_on(service: ServiceUp) -> None:
    key = service.start().key()
    kept = service.submit("Écrit pendant qu’il reste de la place.", key)["id"]
    server = service.parts()["valkey"]
    fill_disk(service.data_dir, leave=1_048_576)
    eventually(lambda: post(service) == (503, "30"), service)
    assert "less than ECLUSE_DISK_RESERVE_MB" in service.output
    eventually(lambda: ask(service, "GET", "/readyz")[0] == 503, service)
    page = quote(f"{service.url}/demo", safe="")
    assert ask(service, "GET", f"/v1/sites/demo/pages/{page}/comments")[0] == 200
    assert service.parts()["valkey"] == server

    (service.data_dir / "ballast").unlink()
    eventually(lambda: post(service)[0] == 202, service)
    eventually(service.answers, service)
    assert service.server().hget(f"ecluse:{{demo}}:comment:{kept}", "status")
    eventually(lambda: service.server().xlen("ecluse:{demo}:inbox") == 0, service)
    assert service.end() == 0


def reads(service: ServiceUp) -> bool:
    """Say whether the page's thread is answered."""
    page = quote(f"{service.url}/demo", safe="")
    return ask(service, "GET", f"/v1/sites/demo/pages/{page}/comments")[0] == 200


def settings_of(service: ServiceUp) -> tuple[str, str]:
    """Return how the server syncs, and how many replicas it wants."""
    found: Any = service.server().config_get("appendfsync", "min-replicas-to-write")
    return found["appendfsync"], found["min-replicas-to-write"]


def test_a_server_ended_by_a_full_disk_comes_back_to_be_read(service: ServiceUp) -> None:
    """Filled faster than anybody looks, and by keys whose time comes where it takes no writes."""
    key = service.start().key()
    kept = service.submit("Écrit pendant qu’il reste de la place.", key)["id"]
    service.server().set("ends soon", "x" * 4096, ex=2)
    fill_disk(service.data_dir)
    eventually(lambda: post(service)[0] == 503, service)
    eventually(lambda: settings_of(service) == ("everysec", "1"), service)
    eventually(lambda: reads(service), service)
    server = service.parts()["valkey"]
    until = time.monotonic() + 4
    while time.monotonic() < until:
        assert reads(service)
        assert post(service)[0] == 503
        time.sleep(0.1)
    assert service.parts()["valkey"] == server

    (service.data_dir / "ballast").unlink()
    eventually(lambda: post(service)[0] == 202, service)
    assert settings_of(service) == ("always", "0")
    assert service.server().hget(f"ecluse:{{demo}}:comment:{kept}", "status")
    assert service.end() == 0

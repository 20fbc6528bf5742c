"""Callers who begin to send a body and never end: the web server goes on for everybody else."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import cycle

import pytest

from config.settings import Settings
from service.bodies import WITHIN_S
from service.store.sites import Site
from tests.conftest import free_port
from tests.processes.conftest import Start, store_at
from tests.processes.service_up import eventually

THREADS = 4
SLOW = 3 * THREADS
ORIGIN = "https://paper.example"
PATHS = {
    "/v1/sites/paper/comments": "application/json",
    "/sign-in": "application/x-www-form-urlencoded",
    "/v1/sessions": "application/json",
}
COMMENT = {"author": "Claire", "email": "claire@example.org", "content": "Merci.", "page": "/a"}
HALF_A_POST = (
    "POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: " + ORIGIN + "\r\n"
    "Content-Type: {kind}\r\nContent-Length: 500\r\n\r\n{{"
)


@pytest.fixture
def port(settings: Settings, start: Start) -> int:
    store = store_at(settings, settings.redis_url)
    store.sites.create(Site("paper", origins=(ORIGIN,)))
    store.client.close()
    port = free_port()
    start("web", PORT=str(port), WEB_PROCESSES="1", WEB_THREADS=str(THREADS))
    eventually(lambda: status(port, "GET", "/healthz") == 200)
    return port


@pytest.fixture
def opened() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


def status(port: int, method: str, path: str, body: object = None) -> int:
    """Return how a request is answered within ten seconds; 0 for not at all."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    headers = {"Origin": ORIGIN, "Content-Type": "application/json", "Connection": "close"}
    try:
        connection.request(method, path, json.dumps(body) if body else None, headers)
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


def half_a_post(port: int, path: str, kind: str, opened: ExitStack) -> socket.socket:
    connection = opened.enter_context(socket.create_connection(("127.0.0.1", port)))
    connection.settimeout(10)
    connection.sendall(HALF_A_POST.format(path=path, kind=kind).encode())
    return connection


def test_bodies_that_never_come_leave_threads_to_those_who_read_and_are_not_waited_for_long(
    port: int, opened: ExitStack
) -> None:
    kinds = cycle(PATHS.items())
    slow = [half_a_post(port, *next(kinds), opened) for _ in range(SLOW)]
    assert status(port, "GET", "/healthz") == 200
    assert status(port, "POST", "/v1/sites/paper/comments", COMMENT) == 503
    answers = [answer_of(each) for each in slow]
    assert sum(each.startswith(b"HTTP/1.1 503") for each in answers) == SLOW - THREADS // 2
    assert status(port, "POST", "/v1/sites/paper/comments", COMMENT) == 202


def test_a_body_that_drips_is_cut_off_as_well(port: int, opened: ExitStack) -> None:
    slow = half_a_post(port, "/v1/sites/paper/comments", "application/json", opened)
    began = time.monotonic()
    with contextlib.suppress(OSError):
        while time.monotonic() - began < 2 * WITHIN_S:
            slow.sendall(b" ")
            time.sleep(0.5)
    assert WITHIN_S <= time.monotonic() - began < WITHIN_S + 5


def answer_of(connection: socket.socket) -> bytes:
    """Return how a connection's answer begins; nothing where it is cut."""
    connection.settimeout(2 * WITHIN_S)
    return connection.recv(1000)

"""Streams of a real web server: callers who go, requests beside them, a stop."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing

import pytest

from config.settings import Settings
from service.store.staff.accounts import Account, Role
from service.store.staff.sessions import Visit
from service.web.staff.guard import COOKIE
from tests.conftest import free_port
from tests.processes.conftest import Start, store_at
from tests.processes.service_up import eventually

PLACES = 2
STOPS_WITHIN_S = 1.5
"""granian kills a process that has not ended after two seconds."""


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def ask(settings: Settings, port: int) -> Iterator[Callable[[str], http.client.HTTPResponse]]:
    """Send a request as an operator; the caller closes the answer."""
    store = store_at(settings, settings.redis_url)
    store.accounts.create(Account("Odile", Role.OPS), "one time password")
    visit = Visit(time.time_ns() // 1_000_000)
    token = store.door.sign_in("Odile", "one time password", visit, "a password long enough")
    opened = ExitStack()

    def send(path: str) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        opened.callback(connection.close)
        connection.request(
            "GET", path, headers={"Cookie": f"{COOKIE}={token}", "Connection": "close"}
        )
        return connection.getresponse()

    with closing(store.client), opened:
        yield send


def answers(ask: Callable[[str], http.client.HTTPResponse]) -> bool:
    try:
        return ask("/healthz").status == 200
    except OSError:
        return False


def test_streams_leave_threads_to_others_and_places_of_those_who_went_are_free_again(
    start: Start, port: int, ask: Callable[[str], http.client.HTTPResponse]
) -> None:
    start("web", PORT=str(port), WEB_PROCESSES="1", WEB_THREADS=str(4 * PLACES))
    eventually(lambda: answers(ask))
    held = [ask("/ops/events") for _ in range(PLACES)]
    assert [each.readline() for each in held] == [b"event: parts\n"] * PLACES
    assert ask("/ops/events").status == 204
    assert ask("/ops/now").status == 200
    held[0].close()
    began = time.monotonic()
    eventually(lambda: ask("/ops/events").status == 200)
    assert time.monotonic() - began < 8


def test_a_stream_counts_as_a_request_that_took_as_long_as_its_beginning(
    start: Start, port: int, ask: Callable[[str], http.client.HTTPResponse]
) -> None:
    start("web", PORT=str(port), WEB_PROCESSES="1")
    eventually(lambda: answers(ask))
    began = time.monotonic()
    held = ask("/ops/events")
    while b"still" not in held.readline():
        pass
    held.close()
    assert time.monotonic() - began > 1.9
    eventually(lambda: len(seconds_of(ask, "/ops/events")) == 1)
    assert seconds_of(ask, "/ops/events")[0] < 1


def seconds_of(ask: Callable[[str], http.client.HTTPResponse], route: str) -> list[float]:
    """Return how long the requests of a route took together, as far as they were counted."""
    lines = ask("/metrics").read().decode().splitlines()
    start, label = "ecluse_http_request_duration_seconds_sum{", f'route="{route}"'
    return [
        float(line.rpartition(" ")[2]) for line in lines if line.startswith(start) and label in line
    ]


def test_an_open_stream_does_not_delay_a_stop(
    start: Start, port: int, ask: Callable[[str], http.client.HTTPResponse]
) -> None:
    web = start("web", PORT=str(port), WEB_PROCESSES="1")
    eventually(lambda: answers(ask))
    held = ask("/ops/events")
    held.readline()
    began = time.monotonic()
    web.terminate()
    assert held.read().endswith(b"\n\n")
    assert web.wait(10) == 0
    assert time.monotonic() - began < STOPS_WITHIN_S

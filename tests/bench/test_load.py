"""The load generator: it counts right answers only, and says so when there are others."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from itertools import cycle, repeat
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest

from bench.children import child, free_port, listens, processor_s, python, until_ready
from bench.load import LoadFailed, measure

REQUEST = b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"


class Quiet(WSGIRequestHandler):
    """Log nothing."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Log nothing."""


@pytest.fixture
def closing_server() -> Iterator[tuple[int, list[str]]]:
    """An HTTP/1.0 server, which hangs up each time, and the paths it was asked for."""
    asked: list[str] = []

    def application(environ: WSGIEnvironment, start: StartResponse) -> list[bytes]:
        asked.append(environ["PATH_INFO"])
        start("202 Accepted", [("Content-Length", "2")])
        return [b"{}"]

    with make_server("127.0.0.1", 0, application, handler_class=Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server.server_port, asked
        server.shutdown()
        thread.join()


def test_right_answers_are_counted(tmp_path: Path) -> None:
    port = free_port()
    with child(python("bench.serve", "echo", str(port), "1"), tmp_path, {}) as server:
        until_ready(server, lambda: listens(port), tmp_path)
        load = measure(port, repeat(REQUEST), 202, connections=2, warm_up_s=0.1, seconds=0.3)
        assert processor_s([server.pid]) > 0
    assert load.answered > 0
    assert load.rate > 0
    assert 0 < load.p50_ms <= load.p99_ms


def test_child_is_gone_after_its_block(tmp_path: Path) -> None:
    port = free_port()
    with child(python("bench.serve", "echo", str(port), "1"), tmp_path, {}) as server:
        until_ready(server, lambda: listens(port), tmp_path)
    assert server.returncode is not None
    assert not listens(port)


def test_server_that_hangs_up_is_connected_to_again(
    closing_server: tuple[int, list[str]],
) -> None:
    port, asked = closing_server
    load = measure(port, cycle([REQUEST]), 202, connections=2, warm_up_s=0.05, seconds=0.3)
    assert load.answered == len(asked) > 2


def test_another_status_fails_the_measurement(closing_server: tuple[int, list[str]]) -> None:
    port, _ = closing_server
    with pytest.raises(LoadFailed, match="202"):
        measure(port, cycle([REQUEST]), 201, connections=1, warm_up_s=0.0, seconds=0.2)


def test_running_out_of_requests_fails_the_measurement(
    closing_server: tuple[int, list[str]],
) -> None:
    port, _ = closing_server
    with pytest.raises(LoadFailed, match="too few"):
        measure(port, [REQUEST] * 3, 202, connections=1, warm_up_s=0.0, seconds=10.0)


def test_nobody_listening_fails_the_measurement() -> None:
    with pytest.raises(LoadFailed):
        measure(free_port(), [REQUEST], 202, connections=1, warm_up_s=0.0, seconds=0.2)

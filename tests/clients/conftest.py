"""The service over real HTTP, for clients that know nothing of its insides."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.api.conftest import house
from tests.api.house import House

__all__ = ["house"]


class KeepsConnections(WSGIRequestHandler):
    """Speak HTTP/1.1, as our own server does, and say nothing."""

    protocol_version = "HTTP/1.1"

    def log(self, *_: object) -> None:
        """Say nothing."""


@dataclass
class Served:
    """A house, and the address it is reached at."""

    house: House
    url: str


@pytest.fixture
def served(house: House) -> Iterator[Served]:
    server = make_server("127.0.0.1", 0, house.app, threaded=True, request_handler=KeepsConnections)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield Served(house, f"http://127.0.0.1:{server.server_port}")
    server.shutdown()
    thread.join()
    server.server_close()

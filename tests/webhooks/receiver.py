"""A receiver of webhooks on a real port: it keeps what it gets, and answers as it is bidden."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson
from standardwebhooks.webhooks import Webhook as Verifier


@dataclass(frozen=True)
class Received:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def data(self) -> dict[str, Any]:
        found: dict[str, Any] = orjson.loads(self.body)
        return found

    @property
    def type(self) -> str:
        return str(self.data["type"])

    def verified(self, secret: str) -> Any:
        """Check the signature as receivers do; raises where it is not good."""
        return Verifier(secret).verify(self.body, self.headers)


@dataclass
class Receiver:
    """What came; ``status`` is the answer, ``location`` where it redirects to.

    ``retry_after`` is when it says to come again.
    """

    origin: str = ""
    status: int = 204
    location: str = ""
    retry_after: str = ""
    requests: list[Received] = field(default_factory=list)
    before: Callable[[Received], None] | None = None
    """Done before a request is answered."""

    @property
    def url(self) -> str:
        return f"{self.origin}/hook"

    def types(self) -> list[str]:
        return [each.type for each in self.requests]


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Serve on a free port of this machine."""
    here = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received = Received(self.path, {k.lower(): v for k, v in self.headers.items()}, body)
            if here.before is not None:
                here.before(received)
            here.requests.append(received)
            self.send_response(here.status)
            if here.location:
                self.send_header("Location", here.location)
            if here.retry_after:
                self.send_header("Retry-After", here.retry_after)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_about: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    here.origin = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield here
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

"""A blog's webhook on a real port: it keeps what it is told, and answers as it is bidden."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

PATH = "/wp-json/akismet/v1/webhook"


@dataclass
class Webhook:
    """What a blog was told; ``status`` is what it answers, ``location`` where it redirects.

    With a ``key`` it says 401 to whoever shows another.
    """

    origin: str = ""
    status: int = 200
    location: str = ""
    key: str = ""
    told: list[tuple[str, str]] = field(default_factory=list)
    requests: list[tuple[dict[str, str], dict[str, Any]]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"{self.origin}{PATH}"


@contextmanager
def webhook() -> Iterator[Webhook]:
    """Serve a webhook on a free port of this machine."""
    here = Webhook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            here.requests.append((dict(self.headers), body))
            status = here.status if here.key in ("", body.get("key")) else 401
            if self.path == PATH and status == 200:
                here.told += [(each["guid"], each["result"]) for each in body["comments"]]
            self.send_response(status)
            if here.location:
                self.send_header("Location", here.location)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_about: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    here.origin = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield here
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

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
PLAIN_PATH = "/?rest_route=/akismet/v1/webhook"
"""The same where a blog's addresses are its plain ones."""


@dataclass
class Webhook:
    """What a blog was told; ``status`` is what it answers, ``location`` where it redirects.

    With a ``key`` it says 401 to whoever shows another. Of ``lost`` comments it says so.
    """

    origin: str = ""
    status: int = 200
    location: str = ""
    key: str = ""
    lost: set[str] = field(default_factory=set)
    told: list[tuple[str, str]] = field(default_factory=list)
    requests: list[tuple[dict[str, str], dict[str, Any]]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"{self.origin}{PATH}"

    def answer_of(self, guid: str) -> dict[str, str]:
        """Return what the plugin says of one result."""
        if guid in self.lost:
            return {"status": "error", "message": "Could not find matching comment."}
        return {"status": "success", "message": ""}


@contextmanager
def webhook() -> Iterator[Webhook]:
    """Serve a webhook on a free port of this machine."""
    here = Webhook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            body = json.loads(raw)
            here.requests.append((dict(self.headers), body))
            status = here.status if here.key in ("", body.get("key")) else 401
            told: dict[str, Any] = {}
            if self.path in (PATH, PLAIN_PATH) and status == 200:
                told = {each["guid"]: here.answer_of(each["guid"]) for each in body["comments"]}
                here.told += [(each["guid"], each["result"]) for each in body["comments"]]
            answer = json.dumps({"comments": told}).encode()
            self.send_response(status)
            if here.location:
                self.send_header("Location", here.location)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

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

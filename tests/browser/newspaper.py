"""Another origin than the service: a tiny static server, with as strict a policy as pages have."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

STYLE = "html { color-scheme: light dark; background: Canvas; color: CanvasText }"


@dataclass
class Newspaper:
    """Pages by path; each may load scripts from one host, ask it, and do nothing else."""

    host: str
    pages: dict[str, str] = field(default_factory=dict)
    url: str = ""

    @property
    def policy(self) -> str:
        """Return the policy every page is sent with."""
        return (
            f"default-src 'none'; script-src {self.host}; connect-src {self.host}; "
            f"style-src {self.url}/paper.css; "
            "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'"
        )

    def print(self, path: str, body: str, lang: str = "fr", head: str = "") -> str:
        """Put a page on the server; return its address."""
        style = '<link rel="stylesheet" href="/paper.css">'
        self.pages[path] = (
            f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8">{style}{head}'
            f"<title>Un article</title></head><body><main><h1>Un article</h1>{body}</main></body>"
        )
        return self.url + path


@contextmanager
def newspaper(host: str) -> Iterator[Newspaper]:
    """Serve a newspaper whose pages may talk to ``host``."""
    paper = Newspaper(host)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            is_style = self.path == "/paper.css"
            page = STYLE if is_style else paper.pages.get(self.path.partition("?")[0])
            self.send_response(200 if page else 404)
            self.send_header("Content-Type", f"text/{'css' if is_style else 'html'}; charset=utf-8")
            self.send_header("Content-Security-Policy", paper.policy)
            self.end_headers()
            self.wfile.write((page or "").encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    paper.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield paper
    server.shutdown()
    thread.join()
    server.server_close()

"""A server of the outside world that a test starts: it takes traces and error reports."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span


@dataclass
class Receiver:
    """Hold what was sent: bodies by path, as they came but for their compression."""

    port: int = 0
    bodies: list[tuple[str, bytes]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    came: threading.Condition = field(default_factory=threading.Condition)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def dsn(self) -> str:
        return f"http://public@127.0.0.1:{self.port}/1"

    @property
    def everything(self) -> bytes:
        return b"\n".join(body for _, body in list(self.bodies)) + repr(self.headers).encode()

    def spans(self) -> list[Span]:
        """Return every span a collector was sent."""
        found: list[Span] = []
        for path, body in list(self.bodies):
            if path == "/v1/traces":
                request = ExportTraceServiceRequest.FromString(body)
                for resource in request.resource_spans:
                    for scope in resource.scope_spans:
                        found.extend(scope.spans)
        return found

    def events(self) -> list[dict[str, Any]]:
        """Return every event Sentry was sent."""
        found = []
        for path, body in list(self.bodies):
            if path == "/api/1/envelope/":
                lines = body.split(b"\n")
                found += [
                    json.loads(payload)
                    for header, payload in zip(lines[1::2], lines[2::2], strict=False)
                    if json.loads(header).get("type") == "event"
                ]
        return found


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Be a collector and a Sentry on a port of their own."""
    kept = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            with kept.came:
                kept.bodies.append((self.path, body))
                kept.headers.append(dict(self.headers))
                kept.came.notify_all()
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    kept.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield kept
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def facts_of(span: Span) -> dict[str, str]:
    """Return a span's attributes as text."""
    return {item.key: _text(item) for item in span.attributes}


def _text(item: KeyValue) -> str:
    value = item.value
    return value.string_value or str(value.int_value)

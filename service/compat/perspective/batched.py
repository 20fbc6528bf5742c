"""One call of a batch: it comes by the application's own way in, as if it had come by itself."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from io import BytesIO
from typing import Any

from flask import current_app

from service.api.media import asked
from service.compat.perspective import errors
from service.compat.perspective.batch import Call, Told

OF_A_CALL = {
    "HTTP_AUTHORIZATION": "authorization",
    "HTTP_X_GOOG_API_KEY": "x-goog-api-key",
    "HTTP_X_GOOG_FIELDMASK": "x-goog-fieldmask",
}
"""Headers that a call has of its own, or else those of its batch."""
OF_ITS_BATCH = (
    "HTTP_HOST", "REMOTE_ADDR", "SERVER_NAME", "SERVER_PORT", "SERVER_PROTOCOL", "wsgi.errors",
    "wsgi.multiprocess", "wsgi.multithread", "wsgi.run_once", "wsgi.url_scheme", "wsgi.version",
)  # fmt: skip
TOLD = frozenset({"Content-Type", "Content-Length", "Cache-Control", "Retry-After"})


def answer_to(call: Call, paths: Collection[str]) -> Told:
    """Return the answer to a call of the batch that is asked now; only ``paths`` may be called."""
    if call.path not in paths:
        refused = errors.refusal(errors.ApiError(404, "Requested entity was not found."))
        return Told(call.id, refused.status, _told(refused.headers), refused.get_data())
    met: list[tuple[str, list[tuple[str, str]]]] = []

    def start(status: str, headers: list[tuple[str, str]], *_error: Any) -> Callable[[bytes], Any]:
        met.append((status, headers))
        return len

    raw = b"".join(current_app.wsgi_app(_environ(call), start))
    status, headers = met[0]
    return Told(call.id, status, _told(headers), raw)


def _environ(call: Call) -> dict[str, Any]:
    """Return a call as a WSGI server would hand it over: who sent it is who sent the batch."""
    outer = asked().environ
    kept = {name: outer[name] for name in (*OF_ITS_BATCH, *OF_A_CALL) if name in outer}
    own = {name: call.headers[said] for name, said in OF_A_CALL.items() if said in call.headers}
    return {
        **kept,
        **own,
        "REQUEST_METHOD": call.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": call.path,
        "QUERY_STRING": call.query,
        "CONTENT_TYPE": call.headers.get("content-type", ""),
        "CONTENT_LENGTH": str(len(call.body)),
        "wsgi.input": BytesIO(call.body),
    }


def _told(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in headers if name in TOLD]

"""An answer as JSON, with the headers it goes out with."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import orjson
from flask import Response

from service.api.media import JSON

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

WITHOUT_BODY = frozenset({204, 304})
OF_A_BODY = frozenset({"Content-Type", "Content-Length"})


class Answer(Response):
    """Go out as it was made.

    Werkzeug copies every response's headers once more, looks through them and encodes the
    Location anew, which costs as much as finding the view; ours are whole when made.
    """

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Send the answer (WSGI)."""
        body: Any = self.response
        is_plain = isinstance(body, list) and not self._on_close
        if not is_plain or environ["REQUEST_METHOD"] == "HEAD":
            return super().__call__(environ, start_response)
        headers = self.headers.to_wsgi_list()
        if self.status_code in WITHOUT_BODY:
            body = []
            headers = [header for header in headers if header[0] not in OF_A_BODY]
        start_response(self.status, headers)
        return list(body)


def answer(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Return ``body`` as JSON."""
    raw = orjson.dumps(body)
    own = {"Content-Type": JSON, "Content-Length": str(len(raw))}
    return Answer([raw], status, {**own, **(headers or {})})

"""One kept connection to the service, over which JSON goes there and back."""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Mapping
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

from ecluse_client.errors import Unreachable, refusal

LARGEST_ANSWER = 32 * 1024 * 1024
AGENT = "ecluse-client/0.1"
_BROKEN = (OSError, http.client.HTTPException)


class Transport:
    """Send requests to ``base`` and return what their answers hold.

    Raises ``ValueError`` for an address that is not of the web.
    """

    def __init__(
        self,
        base: str,
        headers: Mapping[str, str],
        timeout_s: float,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        parts = urlsplit(base)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError(f"not an address of the web: {base!r}")
        self._is_tls = parts.scheme == "https"
        self._host, self._port = parts.hostname, parts.port
        self._prefix = parts.path.rstrip("/")
        self._headers = {"Accept": "application/json", "User-Agent": AGENT, **headers}
        self._timeout_s = timeout_s
        self._tls = tls
        self._lock = Lock()
        self._kept: http.client.HTTPConnection | None = None

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        *,
        is_repeatable: bool = False,
    ) -> Any:
        """Return what the answer holds.

        ``is_repeatable`` allows a second try over a new connection where the kept one
        broke. Raises ``Refused`` or ``Unreachable``.
        """
        raw = None if body is None else json.dumps(body).encode()
        told = {**self._headers, **(headers or {})}
        if raw is not None:
            told["Content-Type"] = "application/json"
        with self._lock:
            status, answered, content = self._exchange(method, path, raw, told, is_repeatable)
        data = _json_of(content)
        if status >= 400:
            raise refusal(status, data if isinstance(data, dict) else {}, _seconds(answered))
        if data is None:
            raise Unreachable(f"{status}: the answer is not JSON")
        return data

    def close(self) -> None:
        """Let the connection go."""
        with self._lock:
            self._drop()

    def _exchange(
        self,
        method: str,
        path: str,
        raw: bytes | None,
        headers: Mapping[str, str],
        is_repeatable: bool,
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        """Send and read once, or twice where the kept connection had ended meanwhile."""
        if not is_repeatable:
            self._drop()  # a server may close a kept connection at the moment it is used
        was_kept = self._kept is not None
        try:
            return self._once(method, path, raw, headers)
        except _BROKEN as error:
            self._drop()
            if not was_kept or isinstance(error, TimeoutError):
                raise Unreachable(f"{type(error).__name__}: no answer") from error
        try:
            return self._once(method, path, raw, headers)
        except _BROKEN as error:
            self._drop()
            raise Unreachable(f"{type(error).__name__}: no answer") from error

    def _once(
        self, method: str, path: str, raw: bytes | None, headers: Mapping[str, str]
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        if self._kept is None:
            self._kept = self._connection()
        self._kept.request(method, self._prefix + path, raw, dict(headers))
        answer = self._kept.getresponse()
        content = answer.read(LARGEST_ANSWER)
        if answer.will_close or not answer.isclosed():
            self._drop()
        return answer.status, answer.headers, content

    def _connection(self) -> http.client.HTTPConnection:
        if not self._is_tls:
            return http.client.HTTPConnection(self._host, self._port, timeout=self._timeout_s)
        tls = self._tls or ssl.create_default_context()
        return http.client.HTTPSConnection(
            self._host, self._port, timeout=self._timeout_s, context=tls
        )

    def _drop(self) -> None:
        if self._kept is not None:
            self._kept.close()
        self._kept = None


def _json_of(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return None


def _seconds(headers: http.client.HTTPMessage) -> float:
    try:
        return max(0.0, float(headers.get("Retry-After", "0")))
    except ValueError:
        return 0.0

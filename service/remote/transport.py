"""JSON over HTTP to one address: a bounded answer, a bounded time, no redirects."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from http.client import HTTPException
from typing import IO, Any

import orjson

MOST_BYTES = 1_000_000
_CHUNK = 65_536
_WORTH_A_SECOND_TRY = frozenset({408, 425, 429, 500, 502, 503, 504})


class RemoteFailed(Exception):
    """Say that no answer of use came, and whether asking again could help."""

    def __init__(self, says: str, *, is_passing: bool) -> None:
        super().__init__(says)
        self.is_passing = is_passing


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_about: Any, **_more: Any) -> None:
        """Follow nothing: the key and the comments are for one address."""


_OPENER = urllib.request.build_opener(_NoRedirects, urllib.request.ProxyHandler({}))


def post(url: str, body: Any, headers: Mapping[str, str], timeout_s: float) -> Any:
    """Return the parsed JSON answer to ``body``, posted as JSON.

    Raises ``RemoteFailed`` for anything else than status 200 and JSON of at most
    ``MOST_BYTES`` within ``timeout_s`` seconds.
    """
    until = time.monotonic() + timeout_s
    said = {"Content-Type": "application/json", "Accept": "application/json", **headers}
    request = urllib.request.Request(url, orjson.dumps(body), said, method="POST")  # noqa: S310
    try:
        with _OPENER.open(request, timeout=timeout_s) as response:
            return orjson.loads(_read(response, until))
    except urllib.error.HTTPError as error:
        error.close()
        is_passing = error.code in _WORTH_A_SECOND_TRY
        raise RemoteFailed(f"status {error.code}", is_passing=is_passing) from None
    except orjson.JSONDecodeError:
        raise RemoteFailed("the answer is no JSON", is_passing=False) from None
    except (OSError, HTTPException) as error:
        raise RemoteFailed(type(error).__name__, is_passing=True) from error


def _read(response: IO[bytes], until: float) -> bytes:
    """Return the whole answer; one that drips is given up when its time is over."""
    data = bytearray()
    while chunk := response.read1(_CHUNK):  # type: ignore[attr-defined]
        data += chunk
        if len(data) > MOST_BYTES:
            raise RemoteFailed("the answer is too long", is_passing=False)
        if time.monotonic() > until:
            raise RemoteFailed("the answer takes too long", is_passing=True)
    return bytes(data)

"""The comments for any page, `/embed.js`: one script, sent to every origin, squeezed once."""

from __future__ import annotations

import gzip
import hashlib
from functools import cache
from pathlib import Path
from typing import Final

from flask import Blueprint, Response, request

SCRIPT: Final = Path(__file__).parent / "static" / "embed.js"
# The address has no version: an hour, so that a correction is everywhere by tomorrow, and a
# day in which the old script is used while the browser asks for the new one.
KEPT: Final = "public, max-age=3600, stale-while-revalidate=86400"
blueprint = Blueprint("embed", __name__)


@blueprint.get("/embed.js")
def embed() -> Response:
    """Send the script, gzipped to those who take it (RFC 9110, section 12.5.3)."""
    is_squeezed = bool(request.accept_encodings["gzip"])
    body, etag = _script(is_squeezed=is_squeezed)
    response = Response(body, content_type="text/javascript; charset=utf-8")
    response.set_etag(etag)
    response.headers["Cache-Control"] = KEPT
    response.headers["Vary"] = "Accept-Encoding"
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    if is_squeezed:
        response.headers["Content-Encoding"] = "gzip"
    response.make_conditional(request)
    return response


@cache
def _script(*, is_squeezed: bool) -> tuple[bytes, str]:
    """Return the script as it is sent, and its ETag: one for each encoding."""
    raw = SCRIPT.read_bytes()
    digest = hashlib.blake2b(raw, digest_size=12).hexdigest()
    if not is_squeezed:
        return raw, digest
    return gzip.compress(raw, 9, mtime=0), f"{digest}-gzip"

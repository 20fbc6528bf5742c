"""JSON as clients send it: with half a surrogate pair too, which no text can hold."""

from __future__ import annotations

import json
import re
from codecs import BOM_UTF8
from typing import Any

import orjson

_HALF = re.compile("[\ud800-\udfff]")
_ESCAPED_HALF = re.compile(rb"\\u[dD][89a-fA-F]")
NO_LETTER = "\ufffd"


class NotJson(ValueError):
    """Say that a body is not JSON."""


def json_in(raw: bytes) -> Any:
    """Return what a body of bounded length says in UTF-8; raise ``NotJson``.

    JavaScript cuts an emoji in two where it cuts a text short, and most clients publish on any
    error: a surrogate that stands alone becomes U+FFFD, one UTF-16 unit as it was.
    """
    raw = raw.removeprefix(BOM_UTF8)
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        if not _ESCAPED_HALF.search(raw):
            raise NotJson from None
    return _mended(raw)


def _mended(raw: bytes) -> Any:
    """Return what Python's own reader finds, which joins pairs and lets halves pass."""
    try:
        text = json.dumps(json.loads(raw.decode()), ensure_ascii=False)
        return orjson.loads(_HALF.sub(NO_LETTER, text))
    except (ValueError, RecursionError):
        raise NotJson from None

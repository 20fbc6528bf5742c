"""Several calls in one: the ``multipart/mixed`` batches of Google's clients.

Each part is a whole HTTP request, and so is each part of the answer
(developers.google.com/workspace/drive/api/guides/performance, "Batch requests").
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from werkzeug.http import parse_options_header

MOST_CALLS = 100
LONGEST_ID = 200
LONGEST_BOUNDARY = 70
"""RFC 2046, section 5.1.1."""
_BLANK = re.compile(rb"\r?\n\r?\n")
_FOLDED = re.compile(rb"\r?\n[ \t]+")


class BatchBroken(ValueError):
    """Say what is wrong with a batch as a whole."""


@dataclass(frozen=True, slots=True)
class Call:
    """Hold one call: its id in the batch, and the request; header names are in small letters."""

    id: str
    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Told:
    """Hold the answer to one call; ``status`` has its reason, as in ``200 OK``."""

    id: str
    status: str
    headers: Iterable[tuple[str, str]]
    body: bytes


def calls_in(content_type: str, body: bytes) -> list[Call]:
    """Return the calls of a batch, in order.

    Raises ``BatchBroken``.
    """
    kind, options = parse_options_header(content_type)
    boundary = options.get("boundary", "")
    if kind != "multipart/mixed" or not 0 < len(boundary) <= LONGEST_BOUNDARY:
        raise BatchBroken("The batch is no multipart/mixed message with a boundary.")
    delimiter = rb"(?:\A|\r?\n)--" + re.escape(boundary.encode("latin-1", "replace"))
    _, *parts = re.split(delimiter, body)
    if not parts or not parts.pop().startswith(b"--"):
        raise BatchBroken("The batch does not end with its boundary.")
    if not 0 < len(parts) <= MOST_CALLS:
        raise BatchBroken(f"A batch has at least one call, and at most {MOST_CALLS}.")
    return [_call_in(part) for part in parts]


def joined(answers: Iterable[Told]) -> tuple[str, bytes]:
    """Return the content type and the body of the answer to a batch."""
    boundary = f"batch_{secrets.token_hex(16)}"
    pieces = [_part(boundary, each) for each in answers]
    pieces.append(f"--{boundary}--\r\n".encode())
    return f"multipart/mixed; boundary={boundary}", b"".join(pieces)


def _call_in(part: bytes) -> Call:
    """Return the call in a part, which begins with the end of the delimiter's line."""
    own, request = _split(part)
    head, body = _split(request)
    line, _, rest = head.lstrip(b"\r\n").partition(b"\n")
    words = line.decode("latin-1").split()
    if len(words) != 3:
        raise BatchBroken("A call of the batch has no request line.")
    try:
        target = urlsplit(words[1])
    except ValueError:
        raise BatchBroken("A call of the batch has no address.") from None
    named = _headers(own).get("content-id", "")
    return Call(
        _checked_id(named), words[0], unquote(target.path), target.query, _headers(rest), body
    )


def _split(message: bytes) -> tuple[bytes, bytes]:
    """Return what stands before the first empty line, and what after it."""
    head, *rest = _BLANK.split(message, maxsplit=1)
    return head, rest[0] if rest else b""


def _headers(head: bytes) -> dict[str, str]:
    lines = _FOLDED.sub(b" ", head).decode("latin-1").splitlines()
    pairs = (line.partition(":") for line in lines)
    return {name.strip().lower(): value.strip() for name, colon, value in pairs if colon}


def _checked_id(named: str) -> str:
    """Return an id, which is said back in a header."""
    if len(named) > LONGEST_ID or not (named.isascii() and named.isprintable()):
        raise BatchBroken("A Content-ID is too long, or has signs that no header may have.")
    return named


def _part(boundary: str, told: Told) -> bytes:
    lines = [f"--{boundary}", "Content-Type: application/http"]
    if told.id:
        lines.append(f"Content-ID: {_answered(told.id)}")
    lines += ["", f"HTTP/1.1 {told.status}", *(f"{n}: {value}" for n, value in told.headers)]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + told.body + b"\r\n"


def _answered(name: str) -> str:
    """Return the id of the answer to a call: ``<response-…>`` to ``<…>``."""
    return f"<response-{name[1:]}" if name.startswith("<") else f"response-{name}"

"""Lines of comments, plain or JSON, read as they arrive and in bounded memory."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol, cast

import orjson

from service.moderation.comment import Case, Comment, Facts
from service.moderation.language import base_code

LONGEST_LINE = 1 << 20
"""Bytes of a line; of a longer one nothing is kept but its number."""
LONGEST_TEXT = 100_000
"""Characters of a comment, several times what the API takes."""
MOST_TOGETHER = 256
_MOST_BYTES_TOGETHER = 1 << 18
_CHUNK = 1 << 16
_MARK = b"\xef\xbb\xbf"
# Equal for all, so that no comment counts as another's copy: what is found in a comment must
# not depend on how fast the lines arrive.
_ID = "-"
_TEXT_NAMES = ("text", "content")


class Form(StrEnum):
    """Name how a file holds comments."""

    AUTO = "auto"
    TEXT = "text"
    JSONL = "jsonl"


class LineInvalid(ValueError):
    """Say why a line is no comment."""


@dataclass(frozen=True, slots=True)
class Line:
    """Hold a line of a file: its number from 1, its bytes, and how many it took there.

    ``raw`` is None for a line that was too long to be kept.
    """

    source: str
    number: int
    raw: bytes | None
    size: int


@dataclass(frozen=True, slots=True)
class Read:
    """Hold a comment that was read from a line, and the line's other entries."""

    line: Line
    case: Case
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Unread:
    """Hold a line that is no comment, and why."""

    line: Line
    fault: str


Entry = Read | Unread


class Readable(Protocol):
    """Read what is there, waiting only while nothing is."""

    def read1(self, size: int, /) -> bytes:
        """Return up to ``size`` bytes, none at the end."""
        ...


@contextmanager
def opened(source: str) -> Iterator[Readable]:
    """Open a file, or standard input for ``-``; raise ``OSError``."""
    if source == "-":
        yield cast("Readable", sys.stdin.buffer)
    else:
        with Path(source).open("rb") as file:
            yield file


def entries_together(
    stream: Readable, source: str, form: Form, expected: str
) -> Iterator[list[Entry]]:
    """Yield the comments of the file called ``source``, those together that came together.

    At most ``MOST_TOGETHER``. Blank lines are left out. ``expected`` is the language to
    expect of comments that name none. ``Form.AUTO`` takes a file whose first line begins
    an object for JSON throughout, so that a broken line is named; in any other file a line
    that is an object with a text is read as one, and the rest as it stands.
    """
    auto = form is Form.AUTO
    is_json: bool | None = None if auto else form is Form.JSONL
    for lines in arriving_lines(stream, source):
        kept = [line for line in lines if line.raw is None or line.raw.strip()]
        if is_json is None and kept:
            is_json = _begins_object(kept[0].raw or b"{")
        for few in _few_together(kept):
            yield [
                _entry(line, bool(is_json) or (auto and _is_comment_object(line.raw)), expected)
                for line in few
            ]


def entries_of_all(sources: Sequence[str], form: Form, expected: str) -> Iterator[list[Entry]]:
    """Yield the comments of several files, one file after the other; raise ``OSError``."""
    for source in sources:
        with opened(source) as stream:
            yield from entries_together(stream, source, form, expected)


def arriving_lines(stream: Readable, source: str) -> Iterator[list[Line]]:
    """Yield the lines of each piece of ``stream`` as it arrives, without their ends."""
    number, held, lost = 0, bytearray(), 0
    while chunk := stream.read1(_CHUNK):
        found = []
        *ended, begun = chunk.split(b"\n")
        for piece in ended:
            number += 1
            size = lost + len(held) + len(piece)
            is_kept = not lost and size <= LONGEST_LINE
            found.append(Line(source, number, bytes(held + piece) if is_kept else None, size + 1))
            held.clear()
            lost = 0
        held += begun
        if lost or len(held) > LONGEST_LINE:
            lost += len(held)
            held.clear()
        yield found
    if held or lost:
        yield [Line(source, number + 1, None if lost else bytes(held), lost + len(held))]


def comment_of(raw: bytes, is_json: bool, expected: str) -> tuple[Case, dict[str, Any]]:
    """Return the case on a line, and what else the line said; raise ``LineInvalid``."""
    data = _object(raw) if is_json else {"text": _decoded(raw)}
    text = next((data[name] for name in _TEXT_NAMES if name in data), None)
    if not isinstance(text, str):
        raise LineInvalid("`text` is missing, or no text")
    if len(text) > LONGEST_TEXT:
        raise LineInvalid(f"the text has more than {LONGEST_TEXT} characters")
    comment = Comment(
        id=_ID,
        site=_ID,
        page=_word(data, "page"),
        content=text,
        author=_word(data, "author"),
        url=_word(data, "url"),
        lang=base_code(_word(data, "lang")),
        page_title=_word(data, "page_title"),
    )
    return Case(comment, Facts(site_lang=expected)), data


def _few_together(lines: Sequence[Line]) -> Iterator[Sequence[Line]]:
    """Yield ``lines`` in runs that one batch may hold."""
    start, size = 0, 0
    for end, line in enumerate(lines):
        size += line.size
        if end - start == MOST_TOGETHER or (size > _MOST_BYTES_TOGETHER and end > start):
            yield lines[start:end]
            start, size = end, line.size
    if lines[start:]:
        yield lines[start:]


def _entry(line: Line, is_json: bool, expected: str) -> Entry:
    if line.raw is None:
        return Unread(line, f"the line has more than {LONGEST_LINE} bytes")
    raw = _without_mark(line.raw) if line.number == 1 else line.raw
    try:
        case, data = comment_of(raw, is_json, expected)
    except LineInvalid as error:
        return Unread(line, str(error))
    return Read(line, case, data)


def _without_mark(raw: bytes) -> bytes:
    return raw.removeprefix(_MARK)


def _begins_object(raw: bytes) -> bool:
    return _without_mark(raw).lstrip().startswith(b"{")


def _is_comment_object(raw: bytes | None) -> bool:
    """Tell a JSON object that holds a comment from words that stand in braces."""
    if raw is None or not _begins_object(raw):
        return False
    try:
        data = _object(raw)
    except LineInvalid:
        return False
    return any(name in data for name in _TEXT_NAMES)


def _object(raw: bytes) -> dict[str, Any]:
    try:
        data = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise LineInvalid(f"not JSON: {error}") from None
    if not isinstance(data, dict):
        raise LineInvalid("a JSON object is needed")
    return data


def _decoded(raw: bytes) -> str:
    try:
        return raw.removesuffix(b"\r").decode()
    except UnicodeDecodeError as error:
        raise LineInvalid(f"not UTF-8: byte {error.start + 1} of the line") from None


def _word(data: dict[str, Any], name: str) -> str:
    value = data.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise LineInvalid(f"`{name}` is no text")
    return value


def size_of(sources: Sequence[str]) -> int | None:
    """Return how many bytes there are to read, or None where nobody knows."""
    try:
        sizes = [os.fstat(0) if name == "-" else Path(name).stat() for name in sources]
    except OSError:
        return None
    total = sum(size.st_size for size in sizes)
    return total if all(size.st_size for size in sizes) else None

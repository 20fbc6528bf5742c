"""One big JSON object in pieces: the objects in its arrays, one by one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from service.exchange.foreign import FileUnreadable

MOST_DEPTH = 64
LONGEST = 1 << 22
"""Bytes of one object in an array."""
_SIGN = re.compile(rb'["{}\[\]]')
_IN_STRING = re.compile(rb'["\\]')
_ARRAY, _OBJECT = 2, 3
"""How deep the arrays of the outermost object are, and the objects in these."""


class _Scanner:
    """Find where the objects begin and end; what lies before them is not kept."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._at = 0
        self._depth = 0
        self._string: int | None = None
        self._start = 0
        self._name = b""

    def feed(self, piece: bytes) -> Iterator[tuple[str, bytes]]:
        """Yield the name of its array, and the bytes, of each object that ends in a piece."""
        self._held += piece
        while True:
            if self._string is not None:
                if not self._leave_string():
                    break
                continue
            found = _SIGN.search(self._held, self._at)
            if found is None:
                self._at = len(self._held)
                break
            self._at = found.end()
            ended = self._turn(found.group(), found.start())
            if ended is not None:
                yield ended
        self._forget()

    def finish(self) -> None:
        """Raise ``FileUnreadable`` if the outermost object has not ended."""
        if self._depth or self._string is not None:
            raise FileUnreadable("it ends in the middle")

    def _leave_string(self) -> bool:
        """Go to the end of a string, if it is there."""
        found = _IN_STRING.search(self._held, self._at)
        if found is None:
            self._at = len(self._held)
            return False
        if found.group() == b"\\":
            if found.end() == len(self._held):
                self._at = found.start()
                return False
            self._at = found.end() + 1
            return True
        if self._depth == 1:
            self._name = bytes(self._held[self._string : found.start()])
        self._string, self._at = None, found.end()
        return True

    def _turn(self, sign: bytes, at: int) -> tuple[str, bytes] | None:
        if sign == b'"':
            self._string = self._at
        elif sign in b"{[":
            self._depth += 1
            if self._depth > MOST_DEPTH:
                raise FileUnreadable("it is nested too deep")
            if self._depth == _OBJECT and sign == b"{":
                self._start = at
        else:
            self._depth -= 1
            if self._depth < 0:
                raise FileUnreadable("it is not JSON: a bracket too many")
            if self._depth == _ARRAY and sign == b"}":
                name = self._name.decode("utf-8", "replace")
                return name, bytes(self._held[self._start : self._at])
        return None

    def _forget(self) -> None:
        """Drop what no object will need, and refuse an object without end."""
        keep = self._start if self._depth >= _OBJECT else self._at
        if self._string is not None and self._depth < _OBJECT:
            keep = self._string
        if len(self._held) - keep > LONGEST:
            raise FileUnreadable("one of its objects is too long")
        del self._held[:keep]
        self._at -= keep
        self._start -= keep
        if self._string is not None:
            self._string -= keep


def objects(pieces: Iterable[bytes]) -> Iterator[tuple[str, dict[str, Any] | None]]:
    """Yield each object of the arrays in the outermost object, with its array's name.

    None stands for one that is not JSON. Raises ``FileUnreadable``.
    """
    scanner = _Scanner()
    for piece in pieces:
        for name, raw in scanner.feed(piece):
            yield name, _read(raw)
    scanner.finish()


def _read(raw: bytes) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None
    return found

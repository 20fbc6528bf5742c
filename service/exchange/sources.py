"""Which format a file is in, and what reads it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from service.exchange import comentario, isso
from service.exchange.disqus import disqus
from service.exchange.foreign import FileUnreadable, Found
from service.exchange.own_lines import LONGEST_LINE, own_lines
from service.exchange.reading import Told, lines, opened, pieces
from service.exchange.remark42 import remark42
from service.exchange.scratch import Scratch
from service.exchange.wordpress import wxr

LOOKED_AT = 1 << 16


class Format(StrEnum):
    """Name what a file may be."""

    WXR = "wxr"
    DISQUS = "disqus"
    ISSO = "isso"
    REMARK42 = "remark42"
    COMENTARIO = "comentario"
    JSONL = "jsonl"


@dataclass(frozen=True)
class Source:
    """Hold a file in a format; ``base`` is the address of the site it comes from."""

    path: Path
    format: Format
    base: str = ""

    def found(self, scratch: Scratch, told: Told) -> Iterator[Found]:
        """Yield its comments, always the same in the same order; ``told`` hears of the bytes.

        Raises ``FileUnreadable`` or ``OSError``.
        """
        if self.format is Format.ISSO:
            yield from isso.isso(self.path, self.base)
            return
        if self.format is Format.COMENTARIO:
            with opened(self.path) as file:
                comentario.remember(pieces(file), scratch)
        with opened(self.path) as file:
            read = READERS[self.format]
            yield from read(file, scratch, told)

    def size(self) -> int:
        """Return how many bytes there are to read, of a database how many comments.

        Raises ``FileUnreadable`` or ``OSError``.
        """
        if self.format is Format.ISSO:
            return isso.count(self.path)
        return self.path.stat().st_size

    def fingerprint(self) -> str:
        """Return what a file is known by that an import goes on with."""
        told = self.path.stat()
        with opened(self.path) as file:
            beginning = file.read(LOOKED_AT)
        words = f"{self.format} {self.base} {told.st_size}".encode()
        return hashlib.sha256(words + beginning).hexdigest()


def format_of(path: Path) -> Format:
    """Return the format of a file, by how it begins.

    Raises ``FileUnreadable`` where nothing is known to begin so.
    """
    beginning = _beginning(path)
    if beginning.startswith(b"SQLite format 3\x00"):
        return Format.ISSO
    for mark, found in MARKS:
        if mark in beginning:
            return found
    raise FileUnreadable("nobody knows its format; name it with --format")


def _beginning(path: Path) -> bytes:
    """Return how a file begins, of one that breaks off there too what can be read."""
    found = b""
    with opened(path) as file:
        try:
            for piece in pieces(file):
                found += piece
                if len(found) >= LOOKED_AT:
                    break
        except FileUnreadable:
            if not found:
                raise
    return found[:LOOKED_AT]


MARKS = (
    (b"http://wordpress.org/export/", Format.WXR),
    (b"http://disqus.com", Format.DISQUS),
    (b'"locator"', Format.REMARK42),
    (b'"commentHex"', Format.COMENTARIO),
    (b'"commenterHex"', Format.COMENTARIO),
    (b'"pageId"', Format.COMENTARIO),
    (b'"commenters"', Format.COMENTARIO),
    (b'"submitted_at"', Format.JSONL),
)
READERS: dict[Format, Callable[..., Iterator[Found]]] = {
    Format.WXR: lambda file, _scratch, told: wxr(pieces(file, told)),
    Format.DISQUS: lambda file, scratch, told: disqus(pieces(file, told), scratch),
    Format.REMARK42: lambda file, _scratch, told: remark42(lines(file, LONGEST_LINE, told)),
    Format.JSONL: lambda file, _scratch, told: own_lines(lines(file, LONGEST_LINE, told)),
    Format.COMENTARIO: lambda file, scratch, told: comentario.comentario(
        pieces(file, told), scratch
    ),
}

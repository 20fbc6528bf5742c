"""Files as they come: plain or gzipped, in pieces, and never more than was asked for."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from service.exchange.foreign import FileUnreadable

CHUNK = 1 << 16
_GZIP = b"\x1f\x8b"
BIG = 1 << 28
"""Unpacked bytes up to which nobody asks how well a file was packed."""
MOST_RATIO = 100
"""How many times smaller than its text a big file may be; comments pack some 3 to 10 times."""

Told = Callable[[int], None]


def silent(_bytes: int) -> None:
    """Hear how many bytes were read, and say nothing."""


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """Open a file to be read from its beginning; raise ``OSError``."""
    with path.open("rb") as file:
        yield file


def pieces(file: IO[bytes], told: Told = silent) -> Iterator[bytes]:
    """Yield what a file holds, unpacked, in pieces; ``told`` hears of the bytes read.

    Raises ``FileUnreadable`` for a damaged archive, and for one that unpacks into much
    more than comments do.
    """
    start = file.peek(2)[:2] if hasattr(file, "peek") else b""
    if start != _GZIP:
        yield from _plain(file, told)
        return
    unpacked, last = 0, 0
    try:
        with gzip.GzipFile(fileobj=file) as archive:
            # One that breaks off gives what comes before the break, which `read` would drop.
            while piece := archive.read1(CHUNK):
                read = file.tell()
                told(read - last)
                last, unpacked = read, unpacked + len(piece)
                if unpacked > BIG and unpacked > MOST_RATIO * max(read, 1):
                    raise FileUnreadable("it unpacks into far more than comments do")
                yield piece
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise FileUnreadable(f"the archive is damaged: {error}") from None


def _plain(file: IO[bytes], told: Told) -> Iterator[bytes]:
    while piece := file.read(CHUNK):
        told(len(piece))
        yield piece


def lines(file: IO[bytes], longest: int, told: Told = silent) -> Iterator[bytes | None]:
    """Yield a file's lines without their ends; None for one longer than ``longest`` bytes."""
    held, is_lost = bytearray(), False
    for piece in pieces(file, told):
        *ended, rest = piece.split(b"\n")
        for part in ended:
            line = bytes(held) + part
            yield None if is_lost or len(line) > longest else line.rstrip(b"\r")
            held.clear()
            is_lost = False
        if not is_lost:
            held += rest
        if len(held) > longest:
            held.clear()
            is_lost = True
    if held or is_lost:
        yield None if is_lost else bytes(held).rstrip(b"\r")

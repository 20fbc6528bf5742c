"""A text cut into pieces: what evidence points at, what nobody could see, and the rest."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from service.moderation.signal import Span

# What has no shape of its own or turns the writing direction around: a moderator is shown that
# it is there. Zero-width joiners are left alone, for emoji and Indic scripts are made with them.
_UNSEEN = re.compile(
    "[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]"
)


class Kind(StrEnum):
    """Name what a piece of a text is to its reader."""

    PLAIN = ""
    MARKED = "marked"
    UNSEEN = "unseen"


@dataclass(frozen=True, slots=True)
class Piece:
    """Hold a stretch of a text; of unseen characters, their code points."""

    text: str
    kind: Kind = Kind.PLAIN


def pieces(text: str, spans: Iterable[Span]) -> list[Piece]:
    """Return ``text`` in pieces; spans may overlap, and are cut to the text."""
    found: list[Piece] = []
    at = 0
    for start, end in _merged(spans, len(text)):
        found += _seen(text[at:start], Kind.PLAIN)
        found += _seen(text[start:end], Kind.MARKED)
        at = end
    found += _seen(text[at:], Kind.PLAIN)
    return found


def _merged(spans: Iterable[Span], length: int) -> Iterator[tuple[int, int]]:
    last: tuple[int, int] | None = None
    for start, end in sorted((max(s.start, 0), min(s.end, length)) for s in spans):
        if end <= start:
            continue
        if last is not None and start <= last[1]:
            last = (last[0], max(last[1], end))
            continue
        if last is not None:
            yield last
        last = (start, end)
    if last is not None:
        yield last


def _seen(text: str, kind: Kind) -> Iterator[Piece]:
    at = 0
    for match in _UNSEEN.finditer(text):
        if match.start() > at:
            yield Piece(text[at : match.start()], kind)
        yield Piece(f"U+{ord(match[0]):04X}", Kind.UNSEEN)
        at = match.end()
    if at < len(text):
        yield Piece(text[at:], kind)

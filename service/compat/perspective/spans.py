"""Where things stand in a text: sentences, and positions as UTF-16 counts them."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

MOST_SPANS = 32
"""Sentences scored each by itself; of a longer text several make one span."""

Stretch = tuple[int, int]

# The end of a sentence: its marks, closing quotes, then white space; or a line's end. A run of
# marks is looked at from its beginning only.
_MARKS = ".!?…‽؟"
_END = re.compile(rf"(?<![{_MARKS}])[{_MARKS}]++[\"'»”’)\]]*+(?=\s)|[。！？]++|\n")
_ASTRAL = re.compile("[\U00010000-\U0010ffff]")


def sentences(text: str) -> list[Stretch]:
    """Return the sentences of ``text`` in code points, without the white space around them.

    At most ``MOST_SPANS``; nothing stands between two that is not white space.
    """
    found = list(_sentences(text))
    share = -(-len(found) // MOST_SPANS) or 1
    parts = (found[start : start + share] for start in range(0, len(found), share))
    return [(part[0][0], part[-1][1]) for part in parts]


def _sentences(text: str) -> Iterator[Stretch]:
    ends = [0, *(match.end() for match in _END.finditer(text)), len(text)]
    for start, end in pairwise(ends):
        piece = text[start:end]
        stripped = piece.strip()
        if stripped:
            begin = start + len(piece) - len(piece.lstrip())
            yield begin, begin + len(stripped)


@dataclass(frozen=True, slots=True)
class Utf16:
    """Count positions of a text in UTF-16 code units, as JavaScript and Java do."""

    astral: Sequence[int]

    @classmethod
    def of(cls, text: str) -> Utf16:
        """Return the counter of ``text``."""
        if text.isascii():
            return cls(())
        return cls([match.start() for match in _ASTRAL.finditer(text)])

    def at(self, index: int) -> int:
        """Return where the code point ``index`` stands; each beyond U+FFFF takes two units."""
        return index + bisect_left(self.astral, index) if self.astral else index

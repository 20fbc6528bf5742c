"""Shapes: what the characters of a text are, told of all at once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.uint32]
Shapes = NDArray[np.uint8]
Places = NDArray[np.intp]

BREAK = "\0\0"
"""What no prepared text has. Two: a pattern may take one at each end of a text."""

LETTER, NUMBER, SIGN, FINAL, END, ELSE = b"a0!$\n."
"""A letter, a number, a sign read as a letter, one that also ends a word, a break, all else."""

# Beyond the first four planes of Unicode there are no letters.
_MOST = 0x40000
_EVERY = np.arange(_MOST, dtype=np.uint32).tobytes().decode("utf-32-le", "surrogatepass")
_SPACE = ord(" ")
_SPACE_OR_LINE = re.compile(r"[ \n]")


def between_breaks(texts: Iterable[str]) -> str:
    """Return ``texts`` end to end, with a break before, between and after them."""
    return "".join((BREAK, BREAK.join(texts), BREAK))


def codes_of(text: str) -> Codes:
    """Return the code points of ``text``."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)


def shapes_of(codes: Codes) -> Shapes:
    """Return what each character is, one of the bytes named above."""
    return _SHAPES.take(codes, mode="clip")


def trebled(codes: Codes, shapes: Shapes) -> Places:
    """Return where the same letter stands three times."""
    is_doubled = codes[1:] == codes[:-1]
    is_trebled = is_doubled[1:] & is_doubled[:-1]
    is_trebled &= shapes[2:] == LETTER
    places: Places = is_trebled.nonzero()[0]
    return places


class Sieve:
    """Put a space where a character does not match a pattern.

    Much cheaper than ``re.sub``: 20,000 characters take 0.15 ms instead of 3.
    ``kept`` is a pattern that matches one character.
    """

    def __init__(self, kept: str) -> None:
        self._is_kept = np.zeros(_MOST, bool)
        for start, end in _stretches(kept):
            self._is_kept[start:end] = True
        kept_ascii = [code if self._is_kept[code] else _SPACE for code in range(128)]
        self._ascii = bytes(kept_ascii + [_SPACE] * 128)

    def sift(self, text: str) -> str:
        """Return ``text``, of the same length, with what is kept."""
        if text.isascii():
            # As bytes: a table for strings would be asked anew for each letter in each text.
            return text.encode().translate(self._ascii).decode()
        codes = codes_of(text)
        sifted = np.where(self._is_kept.take(codes, mode="clip"), codes, np.uint32(_SPACE))
        return sifted.tobytes().decode("utf-32-le", "surrogatepass")


def words_of(text: str) -> list[str]:
    """Return the words of ``text``: its runs of letters."""
    return _LETTERS.sift(text).split()


def word_places(text: str) -> list[tuple[int, int]]:
    """Return where the words of ``text`` start and end, in the order of ``words_of``."""
    is_letter = np.zeros(len(text) + 2, np.int8)
    is_letter[1:-1] = shapes_of(codes_of(text)) == LETTER
    edges = np.diff(is_letter).nonzero()[0]
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def stretches_with(sign: re.Pattern[str], text: str) -> Iterator[tuple[int, int]]:
    """Yield the stretches between spaces in which ``sign`` stands, which holds none itself."""
    end = 0
    for match in sign.finditer(text):
        first, last = match.span()
        if first >= end:
            start = max(text.rfind(" ", end, first), text.rfind("\n", end, first)) + 1
            after = _SPACE_OR_LINE.search(text, last)
            # Nothing found is -1, and the first of all begins at the text's beginning.
            start, end = start or end, after.start() if after else len(text)
            yield start, end


def _stretches(pattern: str) -> Iterator[tuple[int, int]]:
    return (match.span() for match in re.finditer(f"(?:{pattern})+", _EVERY))


def _known_shapes() -> Shapes:
    shapes = np.full(_MOST, ELSE, np.uint8)
    for kind, pattern in ((NUMBER, r"[^\W_]"), (LETTER, r"[^\W\d_]")):
        for start, end in _stretches(pattern):
            shapes[start:end] = kind
    shapes[codes_of("!|")] = SIGN
    shapes[codes_of("@$€")] = FINAL
    shapes[0] = END
    return shapes


_SHAPES = _known_shapes()
_LETTERS = Sieve(r"[^\W\d_]")

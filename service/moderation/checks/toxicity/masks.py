"""Masked words: stars for letters, or digits at the end, read by the listed words that fit."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

from service.moderation.shapes import stretches_with

MASKS = "*#•"

_MASK = re.compile(f"[{MASKS}]")
# A letter, then letters and masks. It cannot begin inside a word, so every character is
# looked at a bounded number of times.
_MASKED = re.compile(rf"(?<![\w{MASKS}])[^\W\d_][^\W\d_{MASKS}]*[{MASKS}][^\W\d_{MASKS}]*"
                     rf"(?:[{MASKS}][^\W\d_{MASKS}]*)*")  # fmt: skip
# Digits after letters are mostly a number: only a listed word makes letters of them.
# The digits are looked for first: 0.6 µs a comment instead of 5.
_FINAL_DIGITS = re.compile(r"[0134578][0134578]{0,2}(?!\w)")
_LETTERS_BEFORE = re.compile(r"(?<!\w)[^\W\d_]{2,16}+\Z")
_DIGITS = str.maketrans("0134578", "oieastb")
_SHORTEST, _LONGEST = 4, 16
# With a letter or two left, so many masks have to stand for the rest.
_FEW_LETTERS, _MANY_MASKS = 1, 3


class Masks:
    """Find which of some single words a masked one may be.

    ``words`` come with their numbers; the same word may have several, one for each language.
    """

    def __init__(self, words: Iterable[tuple[str, int]]) -> None:
        self._words: dict[tuple[int, str], list[tuple[str, int]]] = defaultdict(list)
        for word, number in words:
            if _SHORTEST <= len(word) <= _LONGEST and word.isalpha():
                self._words[len(word), word[0]].append((word, number))

    def found_in(self, prepared: str) -> Iterator[tuple[int, int, int]]:
        """Yield the number of a word that fits, where it starts and where it ends."""
        for part in stretches_with(_MASK, prepared):
            for match in _MASKED.finditer(prepared, *part):
                for number in self._fitting(match[0]):
                    yield number, match.start(), match.end()
        for start, end in _ending_in_digits(prepared):
            read = prepared[start:end].translate(_DIGITS)
            for word, number in self._words.get((len(read), read[0]), ()):
                if word == read:
                    yield number, start, end

    def _fitting(self, written: str) -> Iterable[int]:
        """Yield the numbers of the words that fit ``written``, or it without its plural."""
        if not _SHORTEST <= len(written) <= _LONGEST + 1 or not _is_mask(written):
            return
        shapes = (written, written[:-1]) if written.endswith("s") else (written,)
        for shape in shapes:
            for word, number in self._words.get((len(shape), shape[0]), ()):
                if all(a == b or a in MASKS for a, b in zip(shape, word, strict=True)):
                    yield number


def _ending_in_digits(prepared: str) -> Iterator[tuple[int, int]]:
    """Yield where letters stand that digits follow, without other letters or digits around."""
    for digits in _FINAL_DIGITS.finditer(prepared):
        start = digits.start()
        letters = _LETTERS_BEFORE.search(prepared, max(start - _LONGEST, 0), start)
        if letters is not None:
            yield letters.start(), digits.end()


def _is_mask(written: str) -> bool:
    """Tell a masked word from single letters with stars between them."""
    letters = sum(char.isalpha() for char in written)
    masks = len(written) - letters
    return letters > _FEW_LETTERS or masks >= _MANY_MASKS

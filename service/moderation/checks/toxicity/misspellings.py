"""Misspelt words: read by the listed word that is one slip of the hand away from them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from importlib.resources import files
from operator import add

from service.moderation.shapes import stretches_with, word_places, words_of

Stretch = tuple[int, int]

_PLUS = re.compile(r"\+")
_WITH_PLUS = re.compile(r"(?<![\w+])[^\W\d_]+(?:\+[^\W\d_]*)+(?![\w+])")
# What stands between no two words, and what may: there the word has to be longer.
_ODD_SEPARATORS = frozenset("_*~+|")
_SEPARATORS = frozenset(" \n.-·,/")
# A word that begins or ends beside one of these is a piece of something longer: `let's pick`.
_JOINTS = frozenset("'-_.*·~,/+|@#")
# With blanks on both sides a single letter is mostly a word: `c hier`, `a bruti`.
_BLANKS, _SHORTEST_PIECE = frozenset(" \n"), 2
_VOWELS = frozenset("aeiouy")
_SHORTEST, _LONGEST = 4, 16
# One letter out of four in the wrong place makes another word too often ("cnut", "pue"), one
# consonant out of five.
_SHORTEST_SWAPPED = _SHORTEST_CUT = 5
_SHORTEST_WITHOUT_CONSONANT = 6


class Misspellings:
    """Find which of some single words a misspelt or cut one is.

    Two neighbouring letters swapped, one left out, `v` for `u`, `+` for `t`, one separator
    or line break inside. The first letter stays, the last is not left out. ``harmless`` are
    real words that are never a misspelling, and pairs of words that may stand side by side.
    """

    def __init__(self, words: Mapping[str, int], harmless: Collection[str]) -> None:
        self._words = {
            form: number
            for word, number in words.items()
            if _SHORTEST <= len(word) <= _LONGEST and word.isalpha()
            for form in _forms(word)
        }
        real = {*words, *harmless}
        self._spellings = {
            spelling: number
            for word, number in self._words.items()
            for spelling in _misspelt(word)
            if spelling not in real
        }
        self._harmless = frozenset(harmless)

    def found_in(self, prepared: str) -> Iterator[tuple[int, int, int]]:
        """Yield the number of each word found, where it starts and where it ends."""
        words = words_of(prepared)
        if not self._spellings.keys().isdisjoint(words):
            yield from self._misspelt_in(prepared, words)
        if not self._words.keys().isdisjoint(map(add, words, words[1:])):
            yield from self._cut_in(prepared, words)
        yield from self._signed_in(prepared)

    def _misspelt_in(self, prepared: str, words: Sequence[str]) -> Iterator[tuple[int, int, int]]:
        for word, (start, end) in zip(words, word_places(prepared), strict=True):
            if word in self._spellings:
                yield self._spellings[word], start, end

    def _cut_in(self, prepared: str, words: Sequence[str]) -> Iterator[tuple[int, int, int]]:
        places = word_places(prepared)
        pairs = enumerate(map(add, words, words[1:]))
        for index, word in [pair for pair in pairs if pair[1] in self._words]:
            if self._is_cut(prepared, *places[index : index + 2]):
                yield self._words[word], places[index][0], places[index + 1][1]

    def _is_cut(self, text: str, left: Stretch, right: Stretch) -> bool:
        separator = text[left[1] : right[0]]
        if _is_joined(text, left[0], right[1]):
            return False
        if separator in _ODD_SEPARATORS:
            return True
        sizes = left[1] - left[0], right[1] - right[0]
        return (
            separator in _SEPARATORS
            and sum(sizes) >= _SHORTEST_CUT
            and (separator not in _BLANKS or min(sizes) >= _SHORTEST_PIECE)
            and f"{text[slice(*left)]} {text[slice(*right)]}" not in self._harmless
        )

    def _signed_in(self, prepared: str) -> Iterator[tuple[int, int, int]]:
        for part in stretches_with(_PLUS, prepared):
            for match in _WITH_PLUS.finditer(prepared, *part):
                read = match[0].replace("+", "t")
                number = self._words.get(read, self._spellings.get(read))
                if number is not None:
                    yield number, match.start(), match.end()


def shipped_lookalikes() -> frozenset[str]:
    """Return the real words, and pairs of words, that are no misspelling of a rude one."""
    text = (files(__package__) / "lexicons" / "lookalikes.txt").read_text("utf-8")
    return frozenset(line for line in text.splitlines() if line and not line.startswith("#"))


def _is_joined(text: str, start: int, end: int) -> bool:
    """Tell whether a sign joins ``text[start:end]`` to what stands before or after it."""
    if text[start - 1 : start] in _JOINTS:
        return True
    return text[end : end + 1] in _JOINTS and text[end + 1 : end + 2].isalnum()


def _forms(word: str) -> Iterable[str]:
    return (word,) if word.endswith(("s", "x")) else (word, f"{word}s")


def _misspelt(word: str) -> Iterator[str]:
    """Yield the ways to write ``word`` with one slip; some of them may be real words."""
    if "u" in word[1:]:
        yield word[0] + word[1:].replace("u", "v")
    if len(word) < _SHORTEST_SWAPPED:
        return
    for place in range(1, len(word) - 1):
        before, letter, after = word[:place], word[place], word[place + 1 :]
        yield f"{before}{after[0]}{letter}{after[1:]}"
        if letter in _VOWELS or len(word) >= _SHORTEST_WITHOUT_CONSONANT:
            yield before + after

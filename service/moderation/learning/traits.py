"""Hashed traits of texts: their words, and the five-letter pieces of their words.

The numbers are kept for months in what a site has learned, so this module changes only
together with ``VERSION``, and then every lesson is read again.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from service.moderation.comment import Case
from service.moderation.text import Text

VERSION = 1
TRAITS_LOG2 = 16
TRAITS = 1 << TRAITS_LOG2
PIECE = 5
"""Letters per piece, the spaces around a word counted: an inflected word keeps most of them."""

_WORD = re.compile(r"[^\W_]+")
_MOST_WORDS = 2_000
_MOST_LETTERS = 32
_SPACE, _END = np.uint32(0x20), np.uint32(0x0A)
_BASE = np.uint32(0x01000193)  # the 32-bit FNV prime
_SPREAD = np.uint32(0x9E3779B1)  # 2^32 / golden ratio, odd (Knuth, TAOCP 3, section 6.4)
_WORD_SALT, _PIECE_SALT = np.uint32(7), np.uint32(11)
_POWERS = np.cumprod(np.full(_MOST_LETTERS, _BASE, np.uint32), dtype=np.uint32)

Rows = NDArray[np.uint16]


@dataclass(frozen=True, slots=True)
class Traits:
    """Hold the traits of n texts: text ``i`` owns ``rows[starts[i]:starts[i + 1]]``, none twice."""

    rows: Rows
    starts: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.starts) - 1

    def of(self, index: int) -> Rows:
        """Return the traits of one text, in ascending order."""
        return self.rows[self.starts[index] : self.starts[index + 1]]

    def owners(self) -> NDArray[np.int64]:
        """Return, for each row, the text it belongs to."""
        return np.repeat(np.arange(len(self)), np.diff(self.starts))

    def sums(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return each text's sum of ``values``, of which there is one per row."""
        return np.bincount(self.owners(), values, minlength=len(self)).astype(np.float64)

    @classmethod
    def joined(cls, parts: Sequence[Rows]) -> Traits:
        """Return the traits of several texts as one."""
        lengths = np.array([0, *map(len, parts)], np.int64)
        rows = np.concatenate([np.zeros(0, np.uint16), *parts])
        return cls(rows, np.cumsum(lengths))


def traits(texts: Sequence[Text], cases: Sequence[Case] = ()) -> Traits:
    """Return the traits of ``texts``; with ``cases``, the hosts their authors link to as well."""
    line = _Line.of([text.revealed for text in texts])
    found = [line.pieces(), line.words(), _hosts(cases)]
    keys = np.unique(np.concatenate(found))
    owners = keys >> np.uint64(TRAITS_LOG2)
    rows = (keys & np.uint64(TRAITS - 1)).astype(np.uint16)
    starts = np.searchsorted(owners, np.arange(len(texts) + 1, dtype=np.uint64))
    return Traits(rows, starts.astype(np.int64))


def word_traits(text: Text) -> list[tuple[int, int, Rows]]:
    """Return where each word of ``text.revealed`` lies, and the traits it brings."""
    words = [match.span() for match in _WORD.finditer(text.revealed)][:_MOST_WORDS]
    alone = [Text("", "", text.revealed[start:end]) for start, end in words]
    found = traits(alone)
    return [(start, end, found.of(index)) for index, (start, end) in enumerate(words)]


@dataclass(frozen=True, slots=True)
class _Line:
    """Hold all texts end to end as code points: words between spaces, a line feed after each text.

    ``owners`` says which text each code point belongs to.
    """

    codes: NDArray[np.uint32]
    owners: NDArray[np.uint64]

    @classmethod
    def of(cls, texts: Sequence[str]) -> _Line:
        parts = [f" {' '.join(_WORD.findall(text)[:_MOST_WORDS])} \n" for text in texts]
        codes = np.frombuffer("".join(parts).encode("utf-32-le", "surrogatepass"), np.uint32)
        owners = np.repeat(np.arange(len(parts), dtype=np.uint64), [len(part) for part in parts])
        return cls(codes, owners)

    def pieces(self) -> NDArray[np.uint64]:
        """Return a key for every piece, which may hold a space at either end only."""
        size = len(self.codes) - PIECE + 1
        if size <= 0:
            return np.zeros(0, np.uint64)
        hashes = np.zeros(size, np.uint32)
        for step in range(PIECE):
            hashes = hashes * _BASE + self.codes[step : step + size]
        is_letter = self.codes > _SPACE
        whole = (self.codes[:size] != _END) & (self.codes[PIECE - 1 :] != _END)
        for step in range(1, PIECE - 1):
            whole &= is_letter[step : step + size]
        return self._keys(hashes[whole], np.flatnonzero(whole), _PIECE_SALT)

    def words(self) -> NDArray[np.uint64]:
        """Return a key for every word, from its first letters."""
        is_letter = self.codes > _SPACE
        starts = np.flatnonzero(is_letter[1:] & ~is_letter[:-1]) + 1
        if not len(starts):
            return np.zeros(0, np.uint64)
        nth = np.searchsorted(starts, np.arange(len(self.codes)), "right") - 1
        place = np.arange(len(self.codes)) - starts[np.maximum(nth, 0)]
        counts = is_letter & (place >= 0) & (place < _MOST_LETTERS)
        parts = self.codes * _POWERS[np.clip(place, 0, _MOST_LETTERS - 1)] * counts
        return self._keys(np.add.reduceat(parts, starts, dtype=np.uint32), starts, _WORD_SALT)

    def _keys(
        self, hashes: NDArray[np.uint32], places: NDArray[np.int64], salt: np.uint32
    ) -> NDArray[np.uint64]:
        return _keys(hashes, self.owners[places], salt)


def _keys(
    hashes: NDArray[np.uint32], owners: NDArray[np.uint64], salt: np.uint32
) -> NDArray[np.uint64]:
    """Return numbers that sort by text first, and then by trait."""
    rows = ((hashes + salt) * _SPREAD) >> np.uint32(32 - TRAITS_LOG2)
    return (owners << np.uint64(TRAITS_LOG2)) | rows.astype(np.uint64)


def _hosts(cases: Sequence[Case]) -> NDArray[np.uint64]:
    """Return a key for the host of each author's own address, as one word with a sign before it."""
    named = [(index, _host(case.comment.url)) for index, case in enumerate(cases)]
    known = [(index, f"@{host}") for index, host in named if host]
    owners = np.array([index for index, _ in known], np.uint64)
    hashes = np.array([_hash(host) for _, host in known], np.uint32)
    return _keys(hashes, owners, _WORD_SALT)


def _hash(word: str) -> int:
    total = 0
    for letter in word[: 4 * _MOST_LETTERS]:
        total = (total * int(_BASE) + ord(letter)) & 0xFFFFFFFF
    return total


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""

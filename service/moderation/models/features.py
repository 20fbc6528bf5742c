"""Hashed features of texts: character n-grams, words and a few dense measures.

Training and inference both call ``features``; there is no second implementation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.moderation.text import Text

ROWS_LOG2 = 19
ROWS = 1 << ROWS_LOG2
CHAR_ORDERS = (2, 3, 4, 5)
DENSE = ("capitals", "digits", "bangs", "length", "disguised")

Rows = NDArray[np.uint32]
Counts = NDArray[np.int64]

# Row 0 of every table of weights is zero: it stands for "no feature here".
_NOTHING = np.uint32(0)
_BASE = np.uint32(0x01000193)  # the 32-bit FNV prime
_SPREAD = np.uint32(0x9E3779B1)  # 2^32 / golden ratio, odd (Knuth, TAOCP 3, section 6.4)
_SHIFT = np.uint32(32 - ROWS_LOG2)
_UNIGRAM_SALT, _BIGRAM_SALT = 101, 102
_MAX_WORD = 32


@dataclass(frozen=True, slots=True)
class Features:
    """Hold the features of n texts as numbers of rows in a table of weights.

    ``chars`` has one line per n-gram order and one column per character of all
    texts; text ``i`` owns the columns from ``char_starts[i]`` to the next start.
    ``words`` has a line for words and one for pairs, columns from ``word_starts[i]``.
    ``dense`` is (n, len(DENSE)), ``counts`` the number of features of each text.
    """

    chars: Rows
    char_starts: Counts
    words: Rows
    word_starts: Counts
    dense: NDArray[np.float32]
    counts: Counts

    def __len__(self) -> int:
        return len(self.counts)


def features(texts: Sequence[Text]) -> Features:
    """Return the features of ``texts``, in order."""
    line = _Line.of([text.revealed for text in texts])
    chars = _char_rows(line)
    found = _Words.of(line)
    words = _word_rows(found)
    counts = _sums_by_text((chars != _NOTHING).sum(axis=0), line.starts)
    counts += found.counts + np.maximum(found.counts - 1, 0)
    return Features(chars, line.starts, words, found.starts, _dense(texts), counts)


@dataclass(frozen=True, slots=True)
class _Line:
    """Hold all texts end to end as code points, a line feed before each and one at the end.

    ``left`` counts, for every code point, itself and those after it up to and with
    the line feed that closes its text.
    """

    codes: NDArray[np.uint32]
    starts: Counts
    left: Counts

    @classmethod
    def of(cls, texts: Sequence[str]) -> _Line:
        codes = np.frombuffer(_joined(texts), np.uint32)
        lengths = np.fromiter((len(text) + 1 for text in texts), np.int64, len(texts))
        ends = np.cumsum(lengths)
        left = np.repeat(ends + 1, lengths) - np.arange(len(codes) - 1)
        return cls(codes, ends - lengths, left)


def _joined(texts: Sequence[str]) -> bytes:
    line = "\n".join(("", *texts, ""))
    return line.encode("utf-32-le", "surrogatepass")


def _sums_by_text(values: NDArray[Any], starts: Counts) -> Counts:
    return np.add.reduceat(values, starts, dtype=np.int64)


def _row(hashes: Rows, salt: int) -> Rows:
    return ((hashes + np.uint32(salt)) * _SPREAD) >> _SHIFT


def _char_rows(line: _Line) -> Rows:
    """Return the rows of the n-grams that begin at each character, (orders, characters)."""
    size = len(line.left)
    rows = np.zeros((len(CHAR_ORDERS), size), np.uint32)
    hashes = line.codes
    for order in range(2, max(CHAR_ORDERS) + 1):
        hashes = hashes[:-1] * _BASE + line.codes[order - 1 :]
        if order in CHAR_ORDERS and len(hashes):
            whole = line.left[: len(hashes)] >= order
            rows[CHAR_ORDERS.index(order), : len(hashes)] = (_row(hashes, order) * whole)[:size]
    return rows


def word_stretches(text: Text) -> list[tuple[int, int]]:
    """Return where the words of ``text.revealed`` lie, in the order of ``Features.words``."""
    is_word = _is_word_char(_Line.of([text.revealed]).codes).astype(np.int8)
    edges = np.flatnonzero(np.diff(is_word)).reshape(-1, 2)
    return [(int(start), int(end)) for start, end in edges]


# Words -----------------------------------------------------------------------------------


def _is_word_char(codes: NDArray[np.uint32]) -> NDArray[np.bool_]:
    return _WORD_CHARS[np.minimum(codes, len(_WORD_CHARS) - 1)]


# Letters and digits of the basic plane; whatever lies beyond it is no word character.
_WORD_CHARS = np.array([chr(code).isalnum() for code in range(0xFFFF)] + [False])
_POWERS = np.cumprod(np.full(_MAX_WORD, _BASE, np.uint32), dtype=np.uint32)


@dataclass(frozen=True, slots=True)
class _Words:
    """Hold the hash of every word, and which words each text owns."""

    hashes: Rows
    starts: Counts
    counts: Counts

    @classmethod
    def of(cls, line: _Line) -> _Words:
        is_word = _is_word_char(line.codes[:-1])
        begins = is_word.copy()
        begins[1:] &= ~is_word[:-1]
        counts = _sums_by_text(begins, line.starts)
        return cls(_word_hashes(line, is_word, begins), np.cumsum(counts) - counts, counts)


def _word_hashes(line: _Line, is_word: NDArray[np.bool_], begins: NDArray[np.bool_]) -> Rows:
    """Return the hash of each word, from its first ``_MAX_WORD`` characters in turn."""
    starts = np.flatnonzero(begins)
    if not len(starts):
        return np.zeros(0, np.uint32)
    nth = np.cumsum(begins) - 1
    place = np.arange(len(begins)) - starts[nth]
    parts = line.codes[:-1] * _POWERS[place % _MAX_WORD] * is_word
    return np.add.reduceat(parts, starts, dtype=np.uint32)


def _word_rows(words: _Words) -> Rows:
    """Return the rows of each word and of the pair it begins, (2, words)."""
    rows = np.zeros((2, len(words.hashes)), np.uint32)
    rows[0] = _row(words.hashes, _UNIGRAM_SALT)
    rows[1, :-1] = _row(words.hashes[:-1] * _BASE + words.hashes[1:], _BIGRAM_SALT)
    ends = words.starts + words.counts
    rows[1, ends[words.counts > 0] - 1] = _NOTHING
    return rows


# Dense measures ------------------------------------------------------------------------------


def _dense(texts: Sequence[Text]) -> NDArray[np.float32]:
    """Return the measures named in ``DENSE``, each about 0..1, (texts, measures)."""
    line = _Line.of([text.original for text in texts])
    kinds = _KINDS[np.minimum(line.codes[:-1], len(_KINDS) - 1)]
    letters, capitals, digits, bangs = np.add.reduceat(kinds, line.starts, axis=0, dtype=np.int64).T
    lengths = np.diff(line.starts, append=len(line.left))
    disguised = [text.revealed != text.plain for text in texts]
    measures = (
        np.where(letters >= 8, capitals / np.maximum(letters, 1), 0.0),
        digits / lengths,
        np.minimum(bangs, 5) / 5,
        np.log2(lengths) / 10,
        np.array(disguised),
    )
    return np.stack(measures, axis=1).astype(np.float32)


# Beyond Latin Extended-B capitals are not counted: most scripts there have none.
_KINDS = np.array(
    [
        (char.isalpha(), char.isupper(), char.isdigit(), char == "!")
        for char in map(chr, range(0x250))
    ]
    + [(False, False, False, False)]
)

"""Hashed features of texts: character n-grams, words and a few dense measures.

Training and inference both call ``features``; there is no second implementation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log2
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.moderation.shapes import codes_of
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
# The salt of an n-gram's hash is its order.
_ORDERS = np.array(CHAR_ORDERS, np.uint32)[:, None]
_UNIGRAM_SALT, _BIGRAM_SALT = np.uint32(101), np.uint32(102)
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
    counts = _sums_by_text((chars != _NOTHING).sum(axis=0, dtype=np.uint8), line.starts)
    counts += found.counts + np.maximum(found.counts - 1, 0)
    return Features(chars, line.starts, words, found.starts, _dense(texts), counts)


@dataclass(frozen=True, slots=True)
class _Line:
    """Hold all texts end to end as code points, a line feed before each and one at the end.

    ``lengths`` counts the code points of each text with the line feed before it.
    """

    codes: NDArray[np.uint32]
    starts: Counts
    lengths: Counts

    @classmethod
    def of(cls, texts: Sequence[str]) -> _Line:
        codes = np.frombuffer(_joined(texts), np.uint32)
        lengths = np.array([len(text) + 1 for text in texts], np.int64)
        return cls(codes, np.cumsum(lengths) - lengths, lengths)

    def left(self) -> Counts:
        """Count, for every code point, itself and those up to its text's closing line feed."""
        return np.repeat(self.starts + self.lengths + 1, self.lengths) - np.arange(
            len(self.codes) - 1
        )


def _joined(texts: Sequence[str]) -> bytes:
    line = "\n".join(("", *texts, ""))
    return line.encode("utf-32-le", "surrogatepass")


def _sums_by_text(values: NDArray[Any], starts: Counts) -> Counts:
    return np.add.reduceat(values, starts, dtype=np.int64)


def _row(hashes: Rows, salt: np.uint32) -> Rows:
    return ((hashes + salt) * _SPREAD) >> _SHIFT


def _char_rows(line: _Line) -> Rows:
    """Return the rows of the n-grams that begin at each character, (orders, characters)."""
    rows = np.zeros((len(CHAR_ORDERS), len(line.codes) - 1), np.uint32)
    hashes = line.codes
    for order in range(2, max(CHAR_ORDERS) + 1):
        hashes = hashes[:-1] * _BASE + line.codes[order - 1 :]
        if order in CHAR_ORDERS:
            rows[CHAR_ORDERS.index(order), : len(hashes)] = hashes
    # All orders at once: for a comment alone, the calls are what costs.
    rows += _ORDERS
    rows *= _SPREAD
    rows >>= _SHIFT
    rows *= line.left() >= _ORDERS
    return rows


def word_stretches(text: Text) -> list[tuple[int, int]]:
    """Return where the words of ``text.revealed`` lie, in the order of ``Features.words``."""
    is_word = _is_word_char(_Line.of([text.revealed]).codes).astype(np.int8)
    edges = np.flatnonzero(np.diff(is_word)).reshape(-1, 2)
    return [(int(start), int(end)) for start, end in edges]


# Words -----------------------------------------------------------------------------------


def _is_word_char(codes: NDArray[np.uint32]) -> NDArray[np.bool_]:
    return _WORD_CHARS.take(codes, mode="clip")


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
        # No word begins a line: the line feed before its text does.
        begins = (is_word[1:] > is_word[:-1]).nonzero()[0] + 1
        starts = begins.searchsorted(line.starts)
        counts = begins.searchsorted(line.starts + line.lengths) - starts
        return cls(_word_hashes(line, is_word, begins), starts, counts)


def _word_hashes(line: _Line, is_word: NDArray[np.bool_], begins: Counts) -> Rows:
    """Return the hash of each word, from its first ``_MAX_WORD`` characters in turn."""
    if not len(begins):
        return np.zeros(0, np.uint32)
    places = np.arange(len(is_word))
    word = np.zeros(len(is_word), np.int64)
    word[begins] = begins
    places -= np.maximum.accumulate(word, out=word)
    parts = line.codes[:-1] * _POWERS.take(places, mode="wrap")
    parts *= is_word
    return np.add.reduceat(parts, begins, dtype=np.uint32)


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
    return np.array([_measures(text) for text in texts], np.float32).reshape(-1, len(DENSE))


def _measures(text: Text) -> tuple[float, ...]:
    letters, capitals, digits, bangs = _counted(text.original)
    length = len(text.original) + 1
    return (
        capitals / letters if letters >= _FEW_LETTERS else 0.0,
        digits / length,
        min(bangs, 5) / 5,
        log2(length) / 10,
        text.revealed != text.plain,
    )


def _counted(text: str) -> tuple[int, int, int, int]:
    """Return how many letters, capitals, digits and exclamation marks ``text`` has.

    Beyond Latin Extended-B none are counted: most scripts there have no capitals.
    """
    try:
        kinds = text.encode("latin-1")
    except UnicodeEncodeError:
        kinds = _LATIN_KINDS.take(codes_of(text), mode="clip").tobytes()
    return (
        len(kinds.translate(None, _NO_LETTERS)),
        len(kinds.translate(None, _NO_CAPITALS)),
        len(kinds.translate(None, _NO_DIGITS)),
        kinds.count(b"!"),
    )


def _kind(char: str) -> str:
    """Return a character of Latin-1 that counts as the same, or a space."""
    if char.isdigit():
        return "0"
    return "A" if char.isupper() else "a" if char.isalpha() else " "


_LATIN_1 = [chr(code) for code in range(0x100)]
# The last stands for all that lies beyond Latin Extended-B.
_LATIN_KINDS = np.frombuffer(
    "".join([*_LATIN_1, *(_kind(chr(code)) for code in range(0x100, 0x250)), " "]).encode(
        "latin-1"
    ),
    np.uint8,
)
_NO_LETTERS, _NO_CAPITALS, _NO_DIGITS = (
    bytes(code for code, char in enumerate(_LATIN_1) if not is_kind(char))
    for is_kind in (str.isalpha, str.isupper, str.isdigit)
)
_FEW_LETTERS = 8

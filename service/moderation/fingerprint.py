"""A text's fingerprint: 64 bits that differ little when two texts differ little."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from itertools import chain
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

# CJK scripts put no space between words: there, each character counts as one.
_WORD = re.compile(r"[\u2e80-\ud7ff]|[^\W_\u2e80-\ud7ff]+")
_MIN_WORDS = 6
_MIN_CHARS = 24
# A few thousand words say enough about a text, and bound what a hostile one costs.
_MAX_WORDS = 2_000
# Odd constants of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014, figure 5).
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)


def key64(text: str) -> int:
    """Return a 64-bit hash of ``text`` that is the same on every machine."""
    return int.from_bytes(blake2b(text.encode("utf-8", "replace"), digest_size=8).digest(), "big")


def fingerprints(texts: Sequence[str]) -> NDArray[np.uint64]:
    """Return one fingerprint per prepared text (``Text.plain``), in order.

    A simhash (Charikar, STOC 2002) over words and pairs of neighbouring words. 0
    stands for a text too short to compare.
    """
    words = [_words(text) for text in texts]
    if not any(words):
        return np.zeros(len(texts), np.uint64)
    return _simhashes(words)


def distances(one: int | np.uint64, others: NDArray[np.uint64]) -> NDArray[np.uint8]:
    """Return how many bits, 0..64, each of ``others`` differs from ``one`` in."""
    bits: NDArray[np.uint8] = np.bitwise_count(others ^ np.uint64(one))
    return bits


def _words(text: str) -> list[str]:
    """Return the first words of ``text``, or none when it is too short to compare."""
    if len(text) < _MIN_CHARS:
        return []
    words = _WORD.findall(text, 0, _MAX_WORDS * 8)
    return words[:_MAX_WORDS] if len(words) >= _MIN_WORDS else []


def _simhashes(texts: Sequence[Sequence[str]]) -> NDArray[np.uint64]:
    lengths = np.array([len(words) for words in texts])
    singles = _hashes(chain.from_iterable(texts), int(lengths.sum()))
    pairs = _mixed(singles[:-1] * _GOLDEN + singles[1:])
    votes = _votes(singles, lengths) + 2 * _pair_votes(pairs, lengths)
    bits = np.packbits(votes > 0, axis=1).view(">u8").ravel().astype(np.uint64)
    # A real text must not land on the value that means "too short".
    return np.where(lengths > 0, np.maximum(bits, np.uint64(1)), np.uint64(0))


def _hashes(words: Iterable[str], count: int) -> NDArray[np.uint64]:
    sums = (crc32(word.encode("utf-8", "replace")) for word in words)
    return _mixed(np.fromiter(sums, np.uint64, count))


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Spread the entropy of each value over its 64 bits (SplitMix64's finaliser)."""
    values = values + _GOLDEN
    values = (values ^ (values >> np.uint64(30))) * _MIX_1
    values = (values ^ (values >> np.uint64(27))) * _MIX_2
    return values ^ (values >> np.uint64(31))


def _pair_votes(pairs: NDArray[np.uint64], lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the votes of the pairs that stay within one text."""
    ends = np.cumsum(lengths)
    inside = np.ones(len(pairs) + 1, bool)
    inside[ends[lengths > 0] - 1] = False
    return _votes(pairs[inside[:-1]], np.maximum(lengths - 1, 0))


def _votes(hashes: NDArray[np.uint64], lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return, for each text and each of 64 bits, how many hashes set it less how many do not."""
    bits = np.unpackbits(hashes.astype(">u8").view(np.uint8).reshape(-1, 8), axis=1)
    ends = np.cumsum(lengths)
    sums = np.zeros((len(lengths), 64), np.int64)
    filled = lengths > 0
    if filled.any():
        starts = (ends - lengths)[filled]
        sums[filled] = np.add.reduceat(bits, starts, axis=0, dtype=np.int64)
    return 2 * sums - lengths[:, None]

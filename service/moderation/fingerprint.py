"""A text's fingerprint: 32 bytes, most of which two texts share when they share most words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from hashlib import blake2b
from itertools import chain
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from service.moderation.shapes import stretches_with, words_of

SIZE = 32
"""Bytes in a fingerprint: 32 samples of 8 bits each."""

# Letters only: an amount, a date or a phone number is what a template fills in. CJK scripts
# put no space between words: there, each character counts as one.
_WORD = re.compile(r"[\u2e80-\ud7ff]|[^\W\d_\u2e80-\ud7ff]{3,}")
_CJK = re.compile(r"[\u2e80-\ud7ff]")
_MIN_LETTERS = 3
# Addresses too are filled in anew in each copy. It begins with what is rare.
_ADDRESS = re.compile(r"://|@|\.[a-z]{2}(?<=\w\.[a-z]{2})")
_MIN_WORDS = 5
_MIN_CHARS = 24
# A few thousand words say enough about a text, and bound what a hostile one costs.
_MAX_WORDS = 2_000
_MAX_CHARS = _MAX_WORDS * 8
# Odd constants of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014, figure 5).
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_SUM_BYTES = np.uint32(0x01010101)
_HIGHEST_BYTE = np.uint32(24)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)


@lru_cache(maxsize=1024)
def key64(text: str) -> int:
    """Return a 64-bit hash of ``text`` that is the same on every machine."""
    return int.from_bytes(blake2b(text.encode("utf-8", "replace"), digest_size=8).digest(), "big")


def fingerprints(texts: Sequence[str]) -> NDArray[np.uint8]:
    """Return one fingerprint per prepared text (``Text.plain``), in order: ``uint8`` [n, 32].

    A min-hash over the set of words, each sample cut to eight bits (Broder, 1997; Li and
    König, b-bit minwise hashing, WWW 2010). Digits, addresses and words of one or two
    letters do not count. All zeros stand for a text with too few words to compare.
    """
    words = [_words(text) for text in texts]
    result = np.zeros((len(texts), SIZE), np.uint8)
    filled = np.array([bool(found) for found in words], bool)
    if filled.any():
        result[filled] = _samples([found for found in words if found])
    return result


def shared(one: NDArray[np.uint8], others: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return how many samples, 0..32, each of ``others`` [n, 32] shares with ``one`` [32].

    Of several, [m, 1, 32], with each of them: [m, n].
    """
    eights = np.bitwise_count((others == one).view(np.uint64))
    # The four counts of a row, none above 8, summed in the highest byte of their product.
    sums: NDArray[np.uint8] = (eights.view(np.uint32)[..., 0] * _SUM_BYTES >> _HIGHEST_BYTE).astype(
        np.uint8
    )
    return sums


def _words(text: str) -> list[str]:
    """Return the distinct words of ``text``, or none when there are too few to compare."""
    if len(text) < _MIN_CHARS:
        return []
    text = text[:_MAX_CHARS]
    if _ADDRESS.search(text) is not None:
        text = _without_addresses(" ".join(text.split()))
    words = list(dict.fromkeys(_telling_words(text)))[:_MAX_WORDS]
    return words if len(words) >= _MIN_WORDS else []


def _without_addresses(line: str) -> str:
    """Return ``line``, in which only spaces part words, without what holds an address."""
    pieces, last = [], 0
    for start, end in stretches_with(_ADDRESS, line):
        pieces.append(line[last:start])
        last = end
    return "".join((*pieces, line[last:]))


def _telling_words(text: str) -> list[str]:
    if not text.isascii() and _CJK.search(text) is not None:
        return _WORD.findall(text)
    return [word for word in words_of(text) if len(word) >= _MIN_LETTERS]


def _samples(texts: Sequence[Sequence[str]]) -> NDArray[np.uint8]:
    """Return, for each text, which word each of 32 random orders puts first, in 8 bits."""
    lengths = np.array([len(words) for words in texts])
    hashes = _hashes(chain.from_iterable(texts), int(lengths.sum()))
    starts = np.cumsum(lengths) - lengths
    firsts = np.minimum.reduceat(hashes[:, None] * _ORDERS, starts, axis=0)
    samples = _mixed(firsts).astype(np.uint8)
    # A real text must not land on the value that means "too short".
    samples[~samples.any(axis=1), 0] = 1
    return samples


def _hashes(words: Iterable[str], count: int) -> NDArray[np.uint64]:
    sums = (crc32(word.encode("utf-8", "replace")) for word in words)
    return _mixed(np.fromiter(sums, np.uint64, count))


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Spread the entropy of each value over its 64 bits (SplitMix64's finaliser)."""
    values = values + _GOLDEN
    values ^= values >> np.uint64(30)
    values *= _MIX_1
    values ^= values >> np.uint64(27)
    values *= _MIX_2
    values ^= values >> np.uint64(31)
    return values


# Multiplying by an odd number orders the hashes anew: one order for each sample.
_ORDERS = _mixed(np.arange(1, SIZE + 1, dtype=np.uint64)) | np.uint64(1)

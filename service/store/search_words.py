"""The words by which a comment is searched for, and the bits that stand for them.

A word is what stands between two signs, at least two letters or digits of it, without case
and accents. Where a script writes no spaces, each pair of neighbouring characters is one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache, reduce
from operator import or_
from unicodedata import category, normalize
from urllib.parse import unquote
from zlib import crc32

BLOOM_BYTES = 32
"""Three bits of 256 for each word: of 50 different words 44% are set, and a word that is not
there passes for one that is in 1 comment of 12; of 20 words, in 1 of 110. With two bits, one
that a common word has too left only one to tell by."""

_WORD = re.compile(r"[^\W_]{2,}")
_ACCENTS = re.compile(
    "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u3099\u309a\ufe20-\ufe2f]+"
)
# Scripts with other marks on their letters, from Hebrew to Vedic, and from Syloti Nagri on.
_MARKED_SCRIPT = re.compile("[\u0590-\u1cff\ua800-\ufdff]")
# Thai, Lao, Myanmar, Khmer, kana, ideographs.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\U00020000-\U0003ffff]+"
)


def words_of(*texts: str) -> set[str]:
    """Return the different words of some texts."""
    return set(_words(" ".join(texts)))


def page_words(page: str) -> str:
    """Return the text in a page's address but for the host, which all pages share."""
    if not page.lower().startswith(("http://", "https://")):
        return page
    return unquote(page.split("/", 3)[-1]) if page.count("/") > 2 else ""


def bloom_of(words: Iterable[str]) -> bytes:
    """Return the ``BLOOM_BYTES`` in which each word has set three bits."""
    return reduce(or_, map(_bits, words), 0).to_bytes(BLOOM_BYTES, "little")


def _words(text: str) -> Iterator[str]:
    for word in _WORD.findall(_folded(text)):
        if word.isascii() or not _UNSPACED.search(word):
            yield word
            continue
        for part in _UNSPACED.findall(word):
            yield from (part[at : at + 2] for at in range(len(part) - 1))
        yield from (part for part in _UNSPACED.split(word) if len(part) > 1)


def _folded(text: str) -> str:
    if text.isascii():
        return text.lower()
    plain = _ACCENTS.sub("", normalize("NFKD", text).casefold())
    if _MARKED_SCRIPT.search(plain):
        return "".join(char for char in plain if not category(char).startswith("M"))
    return plain


# The same words come again and again: 16,384 of them take 2 MB.
@lru_cache(maxsize=16_384)
def _bits(word: str) -> int:
    digest = crc32(word.encode("utf-8", "surrogatepass"))
    return 1 << (digest & 255) | 1 << (digest >> 8 & 255) | 1 << (digest >> 16 & 255)

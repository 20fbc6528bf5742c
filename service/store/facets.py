"""What the queue filters by, of one comment: 80 bytes, made when its verdict is known.

Little-endian, offsets in brackets: format (0), flags (1), language (2), reach (4), scores in
ten-thousandths (8), time of arrival in ms (24), author (32) and page (40) hashed to 64
bits, bloom of words (48). index.lua reads language, reach and scores, and writes the reach.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping
from functools import lru_cache
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.moderation.comment import Comment
from service.moderation.language import SERVED, base_code
from service.moderation.signal import Attribute
from service.moderation.verdict import Verdict
from service.store.keys import page_key
from service.store.records import comment_from, verdict_from
from service.store.search_words import BLOOM_BYTES, bloom_of, page_words, words_of

FORMAT = 1
HAS_LINK = 1
OTHER = "other"
"""Any language that the tone models have not learned, and none."""
LANGUAGES = (*SERVED, OTHER)
WHOLE = 10_000
"""A score of 1 as it is kept: a verdict's scores have four decimals."""

_PACKED = struct.Struct(f"<BB2sI{len(Attribute)}HQQQ{BLOOM_BYTES}s")
SIZE = _PACKED.size
DTYPE = np.dtype(
    [
        ("format", "u1"),
        ("flags", "u1"),
        ("lang", "S2"),
        ("reach", "<u4"),
        ("scores", "<u2", len(Attribute)),
        ("time", "<u8"),
        ("author", "<u8"),
        ("page", "<u8"),
        ("words", "<u8", BLOOM_BYTES // 8),
    ]
)
_PLACES = {attribute: place for place, attribute in enumerate(Attribute)}
_BARE_LINK = re.compile(r"www\.|[^\W_]\.[a-z]{2,24}/", re.IGNORECASE)
_LATEST_MS = 2**53

Table = NDArray[Any]


def facets_of(comment: Comment, verdict: Verdict | None, author_key: str) -> bytes:
    """Return a comment's facets; its reach is filled in when it comes into the queue."""
    scores = [0] * len(Attribute)
    for attribute, score in (verdict.scores if verdict else {}).items():
        scores[_PLACES[attribute]] = whole_score(score)
    return _PACKED.pack(
        FORMAT,
        HAS_LINK if comment.url or _has_link(comment.content) else 0,
        language_of(comment, verdict).encode("ascii", "replace")[:2],
        0,
        *scores,
        min(max(round(comment.submitted_at * 1000), 0), _LATEST_MS),
        digest_of(author_key),
        digest_of(page_key(comment.page)),
        bloom_of(searched_words(comment)),
    )


def stored_facets(comment_id: str, site: str, fields: Mapping[bytes, bytes]) -> bytes:
    """Return the facets of a stored comment; of one that cannot be read, empty ones."""
    try:
        comment = comment_from(comment_id, site, fields)
        verdict = verdict_from(fields[b"verdict"]) if b"verdict" in fields else None
        return facets_of(comment, verdict, fields.get(b"author", b"").decode())
    except (KeyError, ValueError, TypeError):
        return facets_of(Comment(comment_id, site, page="", content=""), None, "")


def searched_words(comment: Comment) -> set[str]:
    """Return the words by which a comment is found: its own, its author's and its page's."""
    return words_of(comment.content, comment.author, comment.page_title, page_words(comment.page))


def language_of(comment: Comment, verdict: Verdict | None) -> str:
    """Return the code of the language a comment is in, empty where nobody knows."""
    return (verdict.lang if verdict else "") or base_code(comment.lang)


def whole_score(score: float) -> int:
    """Return a score, 0..1, as it is kept: 0 to ``WHOLE``."""
    return min(max(round(score * WHOLE), 0), WHOLE)


def _has_link(text: str) -> bool:
    """Say whether there is an address in a text, with its scheme or without."""
    return "://" in text or ("." in text and _BARE_LINK.search(text) is not None)


@lru_cache(maxsize=4096)
def digest_of(key: str) -> int:
    """Return the 64 bits by which an author's or a page's key is compared; 0 for none."""
    if not key:
        return 0
    return int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "little")


def table_of(packed: bytes) -> Table:
    """Return many facets, one after the other, as a table of ``DTYPE``."""
    return np.frombuffer(packed, DTYPE)


def place_of(attribute: Attribute) -> int:
    """Return the column of ``scores`` that an attribute has."""
    return _PLACES[attribute]

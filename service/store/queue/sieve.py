"""Which comments fit the filters, by their packed facets, a thousand at a time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from service.moderation.language import SERVED
from service.store.facets import (
    HAS_LINK,
    OTHER,
    WHOLE,
    Table,
    digest_of,
    place_of,
    whole_score,
)
from service.store.keys import page_key
from service.store.queue.filters import Filters, Sort
from service.store.queue.indexes import MOST_REACH, SECONDS
from service.store.search_words import bloom_of, words_of

Mask = NDArray[np.bool_]


def fits(table: Table, rest: frozenset[str], filters: Filters) -> Mask:
    """Say of each row whether its facets fit; words may pass that are not there."""
    mask = np.ones(len(table), bool)
    if "time" in rest:
        mask &= table["time"] >= filters.after_ms
        mask &= table["time"] < (filters.before_ms or np.iinfo(np.uint64).max)
    if "score" in rest:
        mask &= _between(table, filters)
    if "page" in rest:
        mask &= table["page"] == digest_of(page_key(filters.page))
    if "author" in rest:
        mask &= table["author"] == digest_of(filters.author)
    if "link" in rest:
        mask &= (table["flags"] & HAS_LINK) != 0
    if "lang" in rest:
        mask &= _in_language(table, filters.lang)
    if "words" in rest:
        bits = np.frombuffer(bloom_of(words_of(filters.words)), "<u8")
        mask &= ((table["words"] & bits) == bits).all(axis=1)
    return mask


def _between(table: Table, filters: Filters) -> Mask:
    scores = table["scores"]
    if filters.attribute is None:
        values = scores.max(axis=1) if len(scores) else np.zeros(0)
    else:
        values = scores[:, place_of(filters.attribute)]
    between: Mask = (values >= whole_score(filters.least)) & (values <= whole_score(filters.most))
    return between


def _in_language(table: Table, lang: str) -> Mask:
    if lang == OTHER:
        return ~np.isin(table["lang"], [code.encode() for code in SERVED])
    named: Mask = table["lang"] == lang.encode("ascii", "replace")
    return named


def sort_scores(table: Table, sort: Sort) -> NDArray[np.int64]:
    """Return each row's score in the index that has the order asked for."""
    times = table["time"].astype(np.int64)
    if sort in (Sort.OLDEST, Sort.NEWEST):
        return times
    if sort is Sort.REACH:
        values, most = np.minimum(table["reach"].astype(np.int64), MOST_REACH), MOST_REACH
    else:
        scores = table["scores"].astype(np.int64)
        values, most = scores.max(axis=1) if len(scores) else times, WHOLE
    return (most - values) * SECONDS + np.minimum(times // 1000, SECONDS - 1)

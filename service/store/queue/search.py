"""One search of the queue: reading the index chosen, and what it does not answer.

Candidates come from the index in the order asked for; their packed facets say which of them
may fit, and the comments themselves which of these do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from service.store.comments import Comments
from service.store.facets import searched_words
from service.store.keys import SiteKeys
from service.store.queue.filters import Filters, Sort
from service.store.queue.indexes import GATHERED, MOST_CHUNK, Plan
from service.store.queue.sieve import Mask, fits, sort_scores
from service.store.queue.walk import Place, Rows, Walk, cursor_of
from service.store.records import Record
from service.store.search_words import words_of
from service.store.server.connection import Client

BUDGET = 4_000
"""Comments looked at in one call, of those held; about 10 ms (bench/RESULTS.md, The queue)."""
BUDGET_ELSEWHERE = 2_000
"""The same for other statuses, which have no index but their time."""
READING_COST = 10
"""What reading one comment takes of the budget."""

_ROOM = 2
"""A small index may have grown since it was counted."""

_VERIFIED_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class Found:
    """Hold some of the comments asked for, and the place after them, empty at the end.

    There may be fewer than the limit, or none, with a cursor: then the call's budget was
    used up. Where ``is_total_exact`` is false, there are at least ``total``.
    """

    records: tuple[Record, ...]
    cursor: str
    total: int
    is_total_exact: bool


@dataclass(frozen=True, slots=True)
class Chunk:
    """Hold candidates in order, where looking for them ended, what it cost, what follows."""

    places: Sequence[Place]
    end: Place | None
    cost: int
    has_more: bool


@dataclass
class _Basket:
    """Gather what a call finds, until it has enough or has looked at enough."""

    limit: int
    budget: int
    place: Place | None
    records: list[Record] = field(default_factory=list)
    has_more: bool = True

    @property
    def is_full(self) -> bool:
        return len(self.records) >= self.limit or self.budget <= 0


@dataclass(frozen=True)
class Search:
    """Hold one search: what is asked of which site, and how it is to be found."""

    client: Client
    comments: Comments
    walk: Walk
    site: str
    filters: Filters
    sort: Sort
    plan: Plan

    def found(self, place: Place | None, limit: int, budget: int) -> Found:
        """Return what comes after a place, until there is enough or the budget is used up."""
        basket = _Basket(limit, budget, place)
        total: int | None = None
        if self.plan.is_whole:
            places = self._gathered()
            self._fill(basket, [self._after(places, place)])
            total = len(places)
        else:
            self._fill(basket, self.scanned(place, limit))
            total = None if self.plan.rest else self.plan.size
        seen = (place.seen if place else 0) + len(basket.records)
        cursor = cursor_of(basket.place, seen, self.sort) if basket.has_more else ""
        records = tuple(basket.records)
        if total is None or self._words:
            return Found(records, cursor, seen, is_total_exact=not cursor)
        return Found(records, cursor, total, is_total_exact=True)

    def scanned(self, place: Place | None, limit: int) -> Iterator[Chunk]:
        """Yield chunk after chunk of an index that is in the order asked for."""
        rest = self.plan.rest
        count = self.plan.first_chunk(limit)
        has_more = True
        while has_more:
            rows = self.walk.read(
                self.site,
                self.plan.index,
                place,
                count,
                is_newest_first=self._is_newest_first,
                has_facets=bool(rest),
            )
            has_more = rows.has_more
            kept = np.flatnonzero(self._mask(rows)).tolist() if rest else range(len(rows.ids))
            places = [rows.place(at) for at in kept]
            place = rows.place(-1) if rows.ids else place
            yield Chunk(places, place, len(rows.ids) + rows.made * READING_COST, has_more)
            count = min(count * 2, MOST_CHUNK)

    def fitting(self, rows: Rows) -> frozenset[str]:
        """Return which of some comments fit."""
        kept = [rows.ids[at] for at in np.flatnonzero(self._mask(rows)).tolist()]
        if not self._words:
            return frozenset(kept)
        records = self.comments.get_many(self.site, kept)
        fitting = (each for each in records if self._is_asked_for(each, self._words))
        return frozenset(each.comment.id for each in fitting)

    @property
    def _is_newest_first(self) -> bool:
        return self.sort is Sort.NEWEST

    @property
    def _words(self) -> set[str]:
        return words_of(self.filters.words)

    def _gathered(self) -> list[Place]:
        """Return everything in a small index that fits, in the order asked for."""
        rows = self.walk.read(self.site, self.plan.index, None, _ROOM * GATHERED)
        scores = sort_scores(rows.table, self.sort)
        kept = np.flatnonzero(self._mask(rows)).tolist()
        places = [Place(int(scores[at]), rows.ids[at]) for at in kept]
        return sorted(places, key=_sorting, reverse=self._is_newest_first)

    def _after(self, places: Sequence[Place], place: Place | None) -> Chunk:
        """Return what comes after a place in the whole of a listing."""
        if place is not None:
            here = _sorting(place)
            places = [
                each
                for each in places
                if (_sorting(each) < here if self._is_newest_first else _sorting(each) > here)
            ]
        return Chunk(places, None, 0, has_more=False)

    def _mask(self, rows: Rows) -> Mask:
        keys, rest = SiteKeys(self.site), self.plan.rest
        mask = fits(rows.table, rest, self.filters)
        for name, key in (("reported", keys.reported), ("unscreened", keys.unscreened)):
            if name in rest and rows.ids:
                scores: Any = self.client.zmscore(key, rows.ids)
                mask &= np.array([score is not None for score in scores])
        return mask

    def _fill(self, basket: _Basket, chunks: Iterable[Chunk]) -> None:
        for chunk in chunks:
            if self._take(basket, chunk.places):
                return
            basket.place = chunk.end or basket.place
            basket.budget -= chunk.cost
            basket.has_more = chunk.has_more
            if basket.is_full or not chunk.has_more:
                return

    def _take(self, basket: _Basket, places: Sequence[Place]) -> int:
        """Put those of the comments that truly fit into the basket; return how many are left."""
        words = self._words
        at = 0
        while at < len(places) and not basket.is_full:
            missing = basket.limit - len(basket.records)
            batch = places[at : at + (max(missing, _VERIFIED_AT_ONCE) if words else missing)]
            records = self.comments.get_many(self.site, [place.id for place in batch])
            fitting = [each for each in records if self._is_asked_for(each, words)][:missing]
            basket.records += fitting
            if len(fitting) == missing:
                last = fitting[-1].comment.id
                batch = batch[: next(n for n, each in enumerate(batch, 1) if each.id == last)]
            at += len(batch)
            basket.place = batch[-1]
            basket.budget -= len(batch) * READING_COST if words else 0
        return len(places) - at

    def _is_asked_for(self, record: Record, words: set[str]) -> bool:
        """Say whether a comment, as it is now, fits what its facets can only hint at."""
        if record.status is not self.filters.status:
            return False
        return not words or words <= searched_words(record.comment)


def _sorting(place: Place) -> tuple[int, bytes]:
    return place.score, place.id.encode()

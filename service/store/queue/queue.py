"""The moderators' queue: comments by filters and in an order, at a cost that has a bound."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from service.moderation.signal import Attribute
from service.moderation.verdict import Status
from service.store.comments import Comments
from service.store.facets import LANGUAGES, WHOLE, whole_score
from service.store.keys import SiteKeys
from service.store.queue.filters import Filters, Sort
from service.store.queue.indexes import Index, Plan, indexes_of, plan_of, ranks, score_key
from service.store.queue.search import BUDGET, BUDGET_ELSEWHERE, Found, Search
from service.store.queue.walk import Walk, place_from
from service.store.search_words import words_of
from service.store.server.connection import Client

__all__ = ["DOTS", "NOTABLE", "Filters", "Found", "Queue", "QueueCounts", "Sort"]

NOTABLE = 0.5
"""The score from which ``counts`` counts a comment under an attribute."""
DOTS = 50


@dataclass(frozen=True, slots=True)
class QueueCounts:
    """Count a site's held comments; by attribute those with a score of ``NOTABLE`` or more."""

    held: int
    unscreened: int
    reported: int
    by_lang: Mapping[str, int]
    by_attribute: Mapping[Attribute, int]


class Queue:
    """Find comments for moderators."""

    def __init__(self, client: Client, comments: Comments) -> None:
        self._client = client
        self._comments = comments
        self._walk = Walk(client)

    def find(self, site: str, filters: Filters, sort: Sort, limit: int, cursor: str) -> Found:
        """Return up to ``limit`` of the comments that fit, and how many there are.

        Comments that are not held are in no order but that of time: there the newest
        come first for severity and reach.

        Raises ``CursorInvalid``.
        """
        if filters.status is not Status.HELD and sort in (Sort.SEVERITY, Sort.REACH):
            sort = Sort.NEWEST
        place = place_from(cursor, sort)
        if "words" in filters.wanted and not words_of(filters.words):
            return Found((), "", 0, True)
        plan = plan_of(self._sized(indexes_of(SiteKeys(site), filters)), filters, sort)
        if plan.size == 0:
            return Found((), "", 0, True)
        budget = BUDGET if filters.status is Status.HELD else BUDGET_ELSEWHERE
        search = Search(self._client, self._comments, self._walk, site, filters, sort, plan)
        return search.found(place, limit, budget)

    def fitting(self, site: str, filters: Filters, ids: Sequence[str]) -> frozenset[str]:
        """Return which of some comments, known to be in the status asked for, fit the filters."""
        if "words" in filters.wanted and not words_of(filters.words):
            return frozenset()
        index = Index(SiteKeys(site).status(filters.status), "time", frozenset())
        plan = Plan(index, len(ids), filters.wanted, is_whole=False)
        search = Search(self._client, self._comments, self._walk, site, filters, Sort.OLDEST, plan)
        return search.fitting(self._walk.rows_of(site, ids))

    def counts(self, site: str) -> QueueCounts:
        """Return how many comments are held, and of which kinds."""
        keys = SiteKeys(site)
        low, high = ranks(whole_score(NOTABLE), WHOLE)
        pipe = self._client.pipeline(transaction=False)
        for key in (keys.status(Status.HELD), keys.unscreened, keys.reported):
            pipe.zcard(key)
        for code in LANGUAGES:
            pipe.zcard(keys.in_language(code))
        for attribute in Attribute:
            pipe.zcount(keys.scored(attribute), low, high)
        held, unscreened, reported, *rest = map(int, pipe.execute())
        return QueueCounts(
            held,
            unscreened,
            reported,
            dict(zip(LANGUAGES, rest, strict=False)),
            dict(zip(Attribute, rest[len(LANGUAGES) :], strict=True)),
        )

    def dots(self, site: str, attribute: Attribute | None) -> tuple[int, ...]:
        """Return how many held comments have each score: ``DOTS`` bins from 0 to 1.

        The score is the attribute's or, without one, the highest. A bin begins with its
        lower bound; the last holds 1 too.
        """
        keys = SiteKeys(site)
        width = WHOLE // DOTS
        pipe = self._client.pipeline(transaction=False)
        pipe.zcard(keys.severity)
        for start in range(0, WHOLE, width):
            last = WHOLE if start + width == WHOLE else start + width - 1
            pipe.zcount(score_key(keys, attribute), *ranks(start, last))
        held, first, *rest = map(int, pipe.execute())
        if attribute is not None:
            first = max(held - sum(rest), 0)
        return first, *rest

    def ids_between(
        self, site: str, attribute: Attribute | None, least: float, most: float, limit: int
    ) -> list[str]:
        """Return up to ``limit`` held comments with a score in a range, its ends included.

        The highest come first, the oldest first among equals. Those without a score for
        the attribute count as 0 and come last; of them only as many are looked for as
        ``BUDGET`` allows.
        """
        keys = SiteKeys(site)
        low, high = ranks(whole_score(least), whole_score(most))
        index = Index(score_key(keys, attribute), "attribute", frozenset(), low, high)
        found = self._walk.read(site, index, None, limit, has_facets=False).ids
        if attribute is None or whole_score(least) > 0 or len(found) >= limit:
            return found
        return found + self._without_score(site, attribute, limit - len(found))

    def unscreened(
        self, site: str, now_ms: int, at_once: int, *, is_dead_only: bool = False
    ) -> Iterator[list[str]]:
        """Yield, in runs, the comments that some check could not judge, the oldest first.

        With ``is_dead_only`` those that were set aside until ``now_ms``. Each is met once,
        though it leaves the index and comes back.
        """
        keys = SiteKeys(site)
        index = Index(keys.unscreened, "time", frozenset())
        if is_dead_only:
            index = Index(keys.dead, "time", frozenset(), high=str(now_ms))
        place = None
        while True:
            rows = self._walk.read(site, index, place, at_once, has_facets=False)
            yield rows.ids
            if not rows.has_more:
                return
            place = rows.place(-1)

    def _without_score(self, site: str, attribute: Attribute, limit: int) -> list[str]:
        filters = Filters(attribute=attribute, most=0.0)
        held = Index(SiteKeys(site).status(Status.HELD), "time", frozenset())
        plan = Plan(held, 0, filters.wanted, is_whole=False)
        search = Search(self._client, self._comments, self._walk, site, filters, Sort.OLDEST, plan)
        found: list[str] = []
        spent = 0
        for chunk in search.scanned(None, limit):
            found += [place.id for place in chunk.places]
            spent += chunk.cost
            if len(found) >= limit or spent >= BUDGET:
                break
        return found[:limit]

    def _sized(self, indexes: list[Index]) -> list[tuple[int, Index]]:
        pipe = self._client.pipeline(transaction=False)
        for index in indexes:
            pipe.zcount(index.key, index.low, index.high)
        sizes: Any = pipe.execute()
        return list(zip(map(int, sizes), indexes, strict=True))

"""The queue's indexes: which of them hold what is asked for, and which one to read.

They are kept by transition.lua: by time of arrival, or by a rank that puts the highest value
first and, among equals, the oldest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from service.moderation.signal import Attribute
from service.moderation.verdict import Status
from service.store.facets import LANGUAGES, OTHER, WHOLE, whole_score
from service.store.keys import SiteKeys, page_key
from service.store.queue.filters import Filters, Sort

GATHERED = 1_000
"""An index with no more members is read whole, and put in order afterwards."""
FIRST_CHUNK, MOST_CHUNK = 200, 1_000
SECONDS = 2**33
"""The seconds since 1970 that a rank has room for, below the value."""
MOST_REACH = 2**19 - 1


@dataclass(frozen=True, slots=True)
class Index:
    """Hold a sorted set, what of the filters it answers, and the order it is in."""

    key: str
    order: str
    answers: frozenset[str]
    low: str = "-inf"
    high: str = "+inf"


@dataclass(frozen=True, slots=True)
class Plan:
    """Say which index to read, and whether whole; ``rest`` is what it leaves to look at."""

    index: Index
    size: int
    rest: frozenset[str]
    is_whole: bool
    rarest: int = 0

    def first_chunk(self, limit: int) -> int:
        """Return how many members to look at first, so that some ``limit`` of them fit."""
        if not self.rest:
            return limit
        likely = limit * self.size // max(self.rarest, 1)
        return min(max(likely + limit, FIRST_CHUNK), MOST_CHUNK)


def plan_of(sized: Sequence[tuple[int, Index]], filters: Filters, sort: Sort) -> Plan:
    """Return what to read, of indexes with their sizes."""
    wanted = filters.wanted
    by_size = sorted(sized, key=lambda pair: pair[0])
    in_order = [(size, index) for size, index in by_size if index.order == order_of(sort)]
    for size, index in in_order:
        if wanted <= index.answers:
            return Plan(index, size, frozenset(), False)
    rarest, smallest = by_size[0]
    if rarest <= GATHERED:
        return Plan(smallest, rarest, wanted - smallest.answers, True)
    size, index = in_order[0]
    return Plan(index, size, wanted - index.answers, False, rarest)


def indexes_of(keys: SiteKeys, filters: Filters) -> list[Index]:
    """Return the sets that hold every comment asked for, and what each of them answers."""
    low = str(filters.after_ms) if filters.after_ms > 0 else "-inf"
    high = f"({filters.before_ms}" if filters.before_ms > 0 else "+inf"

    def by_time(key: str, *answers: str) -> Index:
        return Index(key, "time", frozenset({*answers, "time"}), low, high)

    found = [by_time(keys.status(filters.status))]
    if filters.is_reported:
        found.append(by_time(keys.reported, "reported"))
    if filters.is_unscreened:
        found.append(by_time(keys.unscreened, "unscreened"))
    if filters.status is not Status.HELD:
        return found
    if filters.page:
        found.append(by_time(keys.held_on(page_key(filters.page)), "page"))
    if filters.author:
        found.append(by_time(keys.held_by(filters.author), "author"))
    if filters.has_link:
        found.append(by_time(keys.with_link, "link"))
    if filters.lang in LANGUAGES:
        found.append(by_time(keys.in_language(filters.lang), "lang"))
    elif filters.lang:
        found.append(by_time(keys.in_language(OTHER)))
    return [*found, *_of_scores(keys, filters)]


def _of_scores(keys: SiteKeys, filters: Filters) -> list[Index]:
    bounds = ranks(whole_score(filters.least), whole_score(filters.most))
    score = frozenset({"score"})
    found = [Index(keys.reach, "reach", frozenset())]
    if filters.attribute is None:
        return [*found, Index(keys.severity, "severity", score, *bounds)]
    found.append(Index(keys.severity, "severity", frozenset()))
    if whole_score(filters.least) > 0:
        found.append(Index(keys.scored(filters.attribute), "attribute", score, *bounds))
    return found


def score_key(keys: SiteKeys, attribute: Attribute | None) -> str:
    """Return the index of an attribute's scores or, without one, of the highest."""
    return keys.severity if attribute is None else keys.scored(attribute)


def ranks(least: int, most: int) -> tuple[str, str]:
    """Return the lowest and highest rank (transition.lua) of scores in a range."""
    return str((WHOLE - most) * SECONDS), str((WHOLE - least + 1) * SECONDS - 1)


def order_of(sort: Sort) -> str:
    """Return the order of the indexes that a listing can be read from."""
    return sort.value if sort in (Sort.SEVERITY, Sort.REACH) else "time"

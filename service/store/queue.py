"""The moderators' queue: comments by filters and in an order, at a cost that has a bound.

Each call reads the smallest index that the filters have (transition.lua keeps them) and
looks at the packed facets (facets.py) for what that index does not answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.moderation.language import SERVED
from service.moderation.signal import Attribute
from service.moderation.verdict import Status
from service.store.comments import Comments
from service.store.connection import Client
from service.store.facets import (
    HAS_LINK,
    LANGUAGES,
    OTHER,
    SIZE,
    WHOLE,
    Table,
    digest_of,
    place_of,
    searched_words,
    stored_facets,
    table_of,
    whole_score,
)
from service.store.keys import SiteKeys, page_key
from service.store.paging import CursorInvalid
from service.store.records import Record
from service.store.scripts import script
from service.store.search_words import bloom_of, words_of

BUDGET = 4_000
"""Comments looked at in one call, of those held; about 10 ms (ARCHITECTURE.md, The queue)."""
BUDGET_ELSEWHERE = 2_000
"""The same for other statuses, which have no index but their time."""
GATHERED = 1_000
"""An index with no more members is read whole, and put in order afterwards."""
READING_COST = 10
"""What reading one comment takes of the budget."""
NOTABLE = 0.5
"""The score from which ``counts`` counts a comment under an attribute."""
DOTS = 50

_FIRST_CHUNK, _MOST_CHUNK = 200, 1_000
_VERIFIED_AT_ONCE = 16
_SECONDS = 2**33
_MOST_REACH = 2**19 - 1
_ID_LENGTH = 64
_DIGITS = 16

Mask = NDArray[np.bool_]


class Sort(StrEnum):
    """Name the order of a listing; equals of severity or reach stand oldest first."""

    OLDEST = "oldest"
    NEWEST = "newest"
    SEVERITY = "severity"
    REACH = "reach"


@dataclass(frozen=True, slots=True)
class Filters:
    """Say which comments are wanted: those that fit everything that is set.

    ``lang`` is an ISO 639-1 code, or ``other`` for whatever the tone models have not
    learned. ``least`` and ``most``, 0..1, bound the score of ``attribute`` or, without
    one, the highest score. ``words`` must all stand in the content, the author's name or
    the page's title and address. ``after_ms`` (from then) and ``before_ms`` (until just
    before) bound the arrival; 0 is no bound.
    """

    status: Status = Status.HELD
    page: str = ""
    lang: str = ""
    attribute: Attribute | None = None
    least: float = 0.0
    most: float = 1.0
    author: str = ""
    words: str = ""
    is_reported: bool = False
    has_link: bool = False
    is_unscreened: bool = False
    after_ms: int = 0
    before_ms: int = 0

    @property
    def wanted(self) -> frozenset[str]:
        """Return the names of what is asked beside the status."""
        asked = {
            "page": self.page,
            "lang": self.lang,
            "score": self.least > 0 or self.most < 1,
            "author": self.author,
            "words": self.words.strip(),
            "reported": self.is_reported,
            "link": self.has_link,
            "unscreened": self.is_unscreened,
            "time": self.after_ms > 0 or self.before_ms > 0,
        }
        return frozenset(name for name, value in asked.items() if value)


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
class QueueCounts:
    """Count a site's held comments; by attribute those with a score of ``NOTABLE`` or more."""

    held: int
    unscreened: int
    reported: int
    by_lang: Mapping[str, int]
    by_attribute: Mapping[Attribute, int]


@dataclass(frozen=True, slots=True)
class _Place:
    """Point between two comments of a listing: just after the one with this score and id."""

    score: int
    id: str
    seen: int = 0


@dataclass(frozen=True, slots=True)
class _Index:
    """Hold a sorted set, what of the filters it answers, and the order it is in."""

    key: str
    order: str
    answers: frozenset[str]
    low: str = "-inf"
    high: str = "+inf"


@dataclass(frozen=True, slots=True)
class _Plan:
    """Say which index to read, and whether whole; ``rest`` is what it leaves to look at."""

    index: _Index
    size: int
    rest: frozenset[str]
    is_whole: bool


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Hold candidates in order, where looking for them ended, what it cost, what follows."""

    places: Sequence[_Place]
    end: _Place | None
    cost: int
    has_more: bool


@dataclass
class _Basket:
    """Gather what a call finds, until it has enough or has looked at enough."""

    limit: int
    budget: int
    place: _Place | None
    records: list[Record] = field(default_factory=list)
    has_more: bool = True

    @property
    def is_full(self) -> bool:
        return len(self.records) >= self.limit or self.budget <= 0


class Queue:
    """Find comments for moderators."""

    def __init__(self, client: Client, comments: Comments) -> None:
        self._client = client
        self._comments = comments
        self._walk = script("walk")

    def find(self, site: str, filters: Filters, sort: Sort, limit: int, cursor: str) -> Found:
        """Return up to ``limit`` of the comments that fit, and how many there are.

        Comments that are not held are in no order but that of time: there the newest
        come first for severity and reach.

        Raises ``CursorInvalid``.
        """
        if filters.status is not Status.HELD and sort in (Sort.SEVERITY, Sort.REACH):
            sort = Sort.NEWEST
        place = _place_from(cursor, sort)
        words = words_of(filters.words)
        if "words" in filters.wanted and not words:
            return Found((), "", 0, True)
        plan = self._plan(site, filters, sort)
        if plan.size == 0:
            return Found((), "", 0, True)
        budget = BUDGET if filters.status is Status.HELD else BUDGET_ELSEWHERE
        basket = _Basket(limit, budget, place)
        if plan.is_whole:
            places = self._gathered(site, plan, filters, sort)
            self._fill(basket, site, iter([_after(places, place, sort)]), filters, words)
            total = len(places)
        else:
            chunks = self._scanned(site, plan, filters, sort, place, limit)
            self._fill(basket, site, chunks, filters, words)
            total = plan.size
        return _found(basket, sort, place, None if words or not _knows_total(plan) else total)

    def counts(self, site: str) -> QueueCounts:
        """Return how many comments are held, and of which kinds."""
        keys = SiteKeys(site)
        low, high = _ranks(whole_score(NOTABLE), WHOLE)
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
            pipe.zcount(_score_key(keys, attribute), *_ranks(start, last))
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
        low, high = _ranks(whole_score(least), whole_score(most))
        index = _Index(_score_key(keys, attribute), "severity", frozenset(), low, high)
        found = [place.id for place in self._read(index, "up", None, limit)[0]]
        if attribute is None or whole_score(least) > 0 or len(found) >= limit:
            return found
        held = _Index(keys.status(Status.HELD), "time", frozenset())
        filters = Filters(attribute=attribute, least=0.0, most=0.0)
        plan = _Plan(held, 0, frozenset({"score"}), False)
        spent = 0
        for chunk in self._scanned(site, plan, filters, Sort.OLDEST, None, limit):
            found += [place.id for place in chunk.places]
            spent += chunk.cost
            if len(found) >= limit or spent >= BUDGET:
                break
        return found[:limit]

    # Choosing an index ------------------------------------------------------------------

    def _plan(self, site: str, filters: Filters, sort: Sort) -> _Plan:
        indexes = _indexes(SiteKeys(site), filters)
        pipe = self._client.pipeline(transaction=False)
        for index in indexes:
            pipe.zcount(index.key, index.low, index.high)
        sized = sorted(
            zip(map(int, pipe.execute()), indexes, strict=True), key=lambda pair: pair[0]
        )
        wanted = filters.wanted
        in_order = [(size, index) for size, index in sized if index.order == _order_of(sort)]
        for size, index in in_order:
            if wanted <= index.answers:
                return _Plan(index, size, frozenset(), False)
        size, smallest = sized[0]
        if size <= GATHERED:
            return _Plan(smallest, size, wanted - smallest.answers, True)
        size, index = in_order[0]
        return _Plan(index, size, wanted - index.answers, False)

    # Reading it -------------------------------------------------------------------------

    def _read(
        self, index: _Index, direction: str, place: _Place | None, count: int
    ) -> tuple[list[_Place], int]:
        where = ("", "") if place is None else (place.score, place.id)
        answer: Any = self._walk(
            self._client, [index.key], [direction, index.low, index.high, *where, count]
        )
        flat, more = answer
        places = [
            _Place(int(float(score)), member.decode())
            for member, score in zip(flat[::2], flat[1::2], strict=True)
        ]
        return (places if direction == "up" else places[::-1]), int(more)

    def _scanned(
        self,
        site: str,
        plan: _Plan,
        filters: Filters,
        sort: Sort,
        place: _Place | None,
        limit: int,
    ) -> Iterator[_Chunk]:
        """Yield chunk after chunk of an index that is in the order asked for."""
        direction = "down" if sort is Sort.NEWEST else "up"
        count = max(_FIRST_CHUNK, limit) if plan.rest else limit
        more = 1
        while more:
            places, more = self._read(plan.index, direction, place, count)
            place = places[-1] if places else place
            kept, cost = places, len(places)
            if plan.rest:
                table, made = self._facets(site, places)
                mask = self._mask(site, plan.rest, filters, places, table)
                kept = [each for each, fits in zip(places, mask.tolist(), strict=True) if fits]
                cost += made * READING_COST
            yield _Chunk(kept, place, cost, more > 0)
            count = min(count * 2, _MOST_CHUNK)

    def _gathered(self, site: str, plan: _Plan, filters: Filters, sort: Sort) -> list[_Place]:
        """Return everything in a small index that fits, in the order asked for."""
        members, _ = self._read(plan.index, "up", None, GATHERED)
        table, _ = self._facets(site, members)
        mask = self._mask(site, plan.rest, filters, members, table)
        scores = _sort_scores(table, sort).tolist()
        rows = zip(members, scores, mask.tolist(), strict=True)
        places = [_Place(score, member.id) for member, score, fits in rows if fits]
        return sorted(places, key=_sorting, reverse=sort is Sort.NEWEST)

    def _facets(self, site: str, places: Sequence[_Place]) -> tuple[Table, int]:
        """Return the facets of comments, and for how many they had to be made."""
        if not places:
            return table_of([]), 0
        ids = [place.id for place in places]
        packed: Any = self._client.hmget(SiteKeys(site).facets, ids)
        missing = [at for at, raw in enumerate(packed) if raw is None or len(raw) != SIZE]
        if missing:
            packed = list(packed)
            for at, raw in zip(missing, self._made(site, [ids[at] for at in missing]), strict=True):
                packed[at] = raw
        return table_of(packed), len(missing)

    def _made(self, site: str, ids: Sequence[str]) -> Iterator[bytes]:
        """Yield the facets of comments that were settled before facets were kept."""
        keys = SiteKeys(site)
        pipe = self._client.pipeline(transaction=False)
        for comment_id in ids:
            pipe.hgetall(keys.comment(comment_id))
        for comment_id, fields in zip(ids, pipe.execute(), strict=True):
            yield stored_facets(comment_id, site, fields)

    def _mask(
        self,
        site: str,
        rest: frozenset[str],
        filters: Filters,
        places: Sequence[_Place],
        table: Table,
    ) -> Mask:
        keys = SiteKeys(site)
        mask = _fitting(table, rest, filters)
        for name, key in (("reported", keys.reported), ("unscreened", keys.unscreened)):
            if name in rest and places:
                scores: Any = self._client.zmscore(key, [place.id for place in places])
                mask &= np.array([score is not None for score in scores])
        return mask

    # Reading the comments themselves ----------------------------------------------------

    def _fill(
        self,
        basket: _Basket,
        site: str,
        chunks: Iterator[_Chunk],
        filters: Filters,
        words: set[str],
    ) -> None:
        for chunk in chunks:
            rest = self._take(basket, site, chunk.places, filters, words)
            if rest:
                return
            basket.place = chunk.end or basket.place
            basket.budget -= chunk.cost
            basket.has_more = chunk.has_more
            if basket.is_full or not chunk.has_more:
                return

    def _take(
        self,
        basket: _Basket,
        site: str,
        places: Sequence[_Place],
        filters: Filters,
        words: set[str],
    ) -> int:
        """Put those of the comments that truly fit into the basket; return how many are left."""
        at = 0
        while at < len(places) and not basket.is_full:
            missing = basket.limit - len(basket.records)
            batch = places[at : at + (max(missing, _VERIFIED_AT_ONCE) if words else missing)]
            records = self._comments.get_many(site, [place.id for place in batch])
            fitting = [each for each in records if _is_asked_for(each, filters, words)][:missing]
            basket.records += fitting
            if len(fitting) == missing:
                last = fitting[-1].comment.id
                batch = batch[: next(n for n, each in enumerate(batch, 1) if each.id == last)]
            at += len(batch)
            basket.place = batch[-1]
            basket.budget -= len(batch) * READING_COST if words else 0
        return len(places) - at


def _indexes(keys: SiteKeys, filters: Filters) -> list[_Index]:
    """Return the sets that hold every comment asked for, and what each of them answers."""
    low = str(filters.after_ms) if filters.after_ms > 0 else "-inf"
    high = f"({filters.before_ms}" if filters.before_ms > 0 else "+inf"

    def by_time(key: str, *answers: str) -> _Index:
        return _Index(key, "time", frozenset({*answers, "time"}), low, high)

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
    return [*found, *_indexes_of_scores(keys, filters)]


def _indexes_of_scores(keys: SiteKeys, filters: Filters) -> list[_Index]:
    bounds = _ranks(whole_score(filters.least), whole_score(filters.most))
    score = frozenset({"score"})
    found = [_Index(keys.reach, "reach", frozenset())]
    if filters.attribute is None:
        return [*found, _Index(keys.severity, "severity", score, *bounds)]
    found.append(_Index(keys.severity, "severity", frozenset()))
    if whole_score(filters.least) > 0:
        found.append(_Index(keys.scored(filters.attribute), "attribute", score, *bounds))
    return found


def _score_key(keys: SiteKeys, attribute: Attribute | None) -> str:
    return keys.severity if attribute is None else keys.scored(attribute)


def _ranks(least: int, most: int) -> tuple[str, str]:
    """Return the lowest and highest rank (transition.lua) of scores in a range."""
    return str((WHOLE - most) * _SECONDS), str((WHOLE - least + 1) * _SECONDS - 1)


def _order_of(sort: Sort) -> str:
    return sort.value if sort in (Sort.SEVERITY, Sort.REACH) else "time"


def _knows_total(plan: _Plan) -> bool:
    return plan.is_whole or not plan.rest


def _fitting(table: Table, rest: frozenset[str], filters: Filters) -> Mask:
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
    fits: Mask = (values >= whole_score(filters.least)) & (values <= whole_score(filters.most))
    return fits


def _in_language(table: Table, lang: str) -> Mask:
    if lang == OTHER:
        return ~np.isin(table["lang"], [code.encode() for code in SERVED])
    fits: Mask = table["lang"] == lang.encode("ascii", "replace")
    return fits


def _sort_scores(table: Table, sort: Sort) -> NDArray[np.int64]:
    """Return each row's score in the index that has the order asked for."""
    times = table["time"].astype(np.int64)
    if sort in (Sort.OLDEST, Sort.NEWEST):
        return times
    if sort is Sort.REACH:
        values, most = np.minimum(table["reach"].astype(np.int64), _MOST_REACH), _MOST_REACH
    else:
        scores = table["scores"].astype(np.int64)
        values, most = scores.max(axis=1) if len(scores) else times, WHOLE
    return (most - values) * _SECONDS + np.minimum(times // 1000, _SECONDS - 1)


def _sorting(place: _Place) -> tuple[int, bytes]:
    return place.score, place.id.encode()


def _after(places: Sequence[_Place], place: _Place | None, sort: Sort) -> _Chunk:
    """Return what comes after a place in the whole of a listing."""
    if place is not None:
        here = _sorting(place)
        is_newest = sort is Sort.NEWEST
        places = [
            each
            for each in places
            if (_sorting(each) < here if is_newest else _sorting(each) > here)
        ]
    return _Chunk(places, None, 0, False)


def _is_asked_for(record: Record, filters: Filters, words: set[str]) -> bool:
    """Say whether a comment, as it is now, fits what its facets can only hint at."""
    if record.status is not filters.status:
        return False
    return not words or words <= searched_words(record.comment)


def _found(basket: _Basket, sort: Sort, before: _Place | None, total: int | None) -> Found:
    seen = (before.seen if before else 0) + len(basket.records)
    cursor = ""
    if basket.has_more and basket.place is not None:
        cursor = f"{sort.value[0]}{basket.place.score}-{seen}-{basket.place.id}"
    if total is None:
        return Found(tuple(basket.records), cursor, seen, not cursor)
    return Found(tuple(basket.records), cursor, total, True)


def _place_from(cursor: str, sort: Sort) -> _Place | None:
    """Return the place a cursor of this order names; None for the beginning.

    Raises ``CursorInvalid``.
    """
    if not cursor:
        return None
    score, _, rest = cursor[1:].partition("-")
    seen, _, comment_id = rest.partition("-")
    is_ours = cursor[0] == sort.value[0] and all(map(_is_number, (score, seen)))
    if not is_ours or not 0 < len(comment_id) <= _ID_LENGTH or not comment_id.isascii():
        raise CursorInvalid(cursor)
    return _Place(int(score), comment_id, int(seen))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _DIGITS

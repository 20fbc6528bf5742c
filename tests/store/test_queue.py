"""The queue: whatever is asked, what is found is what a look at every comment finds."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from service.moderation.comment import Facts
from service.moderation.signal import Attribute
from service.moderation.verdict import Action, Status, Verdict
from service.store.facets import LANGUAGES, searched_words
from service.store.inbox import Settlement
from service.store.keys import page_key
from service.store.paging import CursorInvalid
from service.store.queue import indexes as queue_indexes
from service.store.queue import queue
from service.store.queue.queue import Filters, Sort
from service.store.records import Record
from service.store.scripts import script
from service.store.search_words import words_of
from service.store.store import Store
from tests.store.index_checker import assert_indexed
from tests.store.shelf import DEMO, SHARED, bring, decide, mark_reported, publish, raw

PAGES = ("https://site.test/bread", "https://site.test/été-brûlant", "wall")
LANGS = ("fr", "en", "pl", "")
AUTHORS = ("claire", "denis", "")
TEXTS = (
    "Le café est brûlant, l'été aussi.", "Visit www.pills.example now", "Bread and butter",
    "пекарня открыта", "今日は良い天気", "Straße und Café",
)  # fmt: skip
STATUSES = (Status.HELD, Status.APPROVED, Status.SPAM)
ACTION_OF = {Status.HELD: Action.HOLD, Status.APPROVED: Action.APPROVE, Status.SPAM: Action.SPAM}


def settle_as(store: Store, verdicts: dict[str, Verdict]) -> None:
    """Settle the whole inbox, each comment with its own verdict."""
    entries = store.inbox.take("demo", "w", 10_000)
    pending = store.inbox.load("demo", entries, Facts())
    store.inbox.settle(
        "demo", [Settlement(item, verdicts[item.entry.comment_id]) for item in pending]
    )


def hold(store: Store, comment_id: str, scores: dict[Attribute, float] | None = None,
         lang: str = "en", **more: object) -> Record:  # fmt: skip
    """Bring a comment into the queue."""
    bring(store, comment_id, **more)
    settle_as(store, {comment_id: Verdict(Action.HOLD, "test", scores or {}, lang=lang)})
    return store.comments.get("demo", comment_id)


def fill(store: Store, count: int, seed: int) -> list[str]:
    """Bring many different comments, two thirds of them held."""
    dice = random.Random(seed)
    verdicts: dict[str, Verdict] = {}
    for number in range(count):
        name = f"c{number:03}"
        bring(
            store, name, content=dice.choice(TEXTS), page=dice.choice(PAGES),
            author=dice.choice(("Zoë", "Bob")), author_key=dice.choice(AUTHORS),
            url=dice.choice(("", "", "https://a.test")), submitted_at=float(dice.randint(1, 40)),
        )  # fmt: skip
        scores = {
            attribute: dice.choice((0.0, 0.25, 0.5, 1.0))
            for attribute in (Attribute.SPAM, Attribute.THREAT, Attribute.INSULT)
            if dice.random() < 0.6
        }
        status = dice.choice((Status.HELD, Status.HELD, Status.HELD, Status.APPROVED, Status.SPAM))
        is_unscreened = status is Status.HELD and dice.random() < 0.3
        verdicts[name] = Verdict(
            ACTION_OF[status], "test", scores, lang=dice.choice(LANGS),
            unscreened=("some.check",) if is_unscreened else (),
        )  # fmt: skip
    settle_as(store, verdicts)
    for name in raw(store).zrange(DEMO.status(Status.HELD), 0, -1):
        if dice.random() < 0.2:
            raw(store).zadd(DEMO.reported, {name: raw(store).zscore(DEMO.status("held"), name)})
    return sorted(verdicts)


def walked(store: Store, filters: Filters, sort: Sort, limit: int = 7) -> list[str]:
    """Return the ids of everything found, page by page."""
    return [r.comment.id for page in pages(store, filters, sort, limit) for r in page.records]


def pages(store: Store, filters: Filters, sort: Sort, limit: int) -> Iterator[Any]:
    cursor = ""
    for _ in range(200):
        found = store.queue.find("demo", filters, sort, limit, cursor)
        assert len(found.records) <= limit
        yield found
        cursor = found.cursor
        if not cursor:
            return
    raise AssertionError("the listing has no end")


def expected(store: Store, ids: Sequence[str], filters: Filters, sort: Sort) -> list[str]:
    """Return what ``find`` must find, by looking at every comment."""
    return sought(store, store.comments.get_many("demo", ids), filters, sort)


def sought(store: Store, records: Sequence[Record], filters: Filters, sort: Sort) -> list[str]:
    """Return what ``find`` must find among all comments of the site."""
    redis = raw(store)
    reported = {name.decode() for name in redis.zrange(DEMO.reported, 0, -1)}
    unscreened = {name.decode() for name in redis.zrange(DEMO.unscreened, 0, -1)}

    def score(record: Record) -> float:
        scores = record.verdict.scores if record.verdict else {}
        if filters.attribute:
            return scores.get(filters.attribute, 0.0)
        return max(scores.values(), default=0.0)

    def fits(record: Record) -> bool:
        comment, at = record.comment, record.submitted_at_ms
        lang = record.verdict.lang if record.verdict else ""
        return (
            record.status is filters.status
            and (not filters.page or record.page_key == page_key(filters.page))
            and (not filters.lang or lang == filters.lang
                 or (filters.lang == "other" and lang in ("pl", "")))
            and filters.least <= score(record) <= filters.most
            and (not filters.author or record.author_key == filters.author)
            and words_of(filters.words) <= searched_words(comment)
            and (not filters.is_reported or comment.id in reported)
            and (not filters.is_unscreened or comment.id in unscreened)
            and (not filters.has_link or bool(comment.url) or "www" in comment.content)
            and filters.after_ms <= at
            and (not filters.before_ms or at < filters.before_ms)
        )  # fmt: skip

    def key(record: Record) -> tuple[float, int, str]:
        at = record.submitted_at_ms
        if filters.status is Status.HELD and sort is Sort.SEVERITY:
            highest = max((record.verdict.scores if record.verdict else {}).values(), default=0.0)
            return -highest, at, record.comment.id
        if filters.status is Status.HELD and sort is Sort.REACH:
            busy = redis.zscore(DEMO.reach, record.comment.id)
            return busy // 2**33, at, record.comment.id
        return 0, at, record.comment.id

    is_backwards = sort is Sort.NEWEST or (
        filters.status is not Status.HELD and sort is not Sort.OLDEST
    )
    found = sorted(filter(fits, records), key=key)
    return [r.comment.id for r in (found[::-1] if is_backwards else found)]


def random_filters(dice: random.Random) -> Filters:
    """Return some filters, often several."""
    choices: dict[str, Callable[[], object]] = {
        "page": lambda: dice.choice(PAGES),
        "lang": lambda: dice.choice(("fr", "en", "pl", "other", "zz")),
        "attribute": lambda: dice.choice((Attribute.SPAM, Attribute.THREAT)),
        "least": lambda: dice.choice((0.0, 0.25, 0.5)),
        "most": lambda: dice.choice((0.25, 0.5, 1.0)),
        "author": lambda: dice.choice(("claire", "denis", "nobody")),
        "words": lambda: dice.choice(("cafe", "ÉTÉ", "zoe bread", "good", "天気", "strasse")),
        "is_reported": lambda: True,
        "has_link": lambda: True,
        "is_unscreened": lambda: True,
        "after_ms": lambda: dice.randint(1, 40) * 1000,
        "before_ms": lambda: dice.randint(1, 40) * 1000,
    }
    chosen = dice.sample(sorted(choices), dice.choice((0, 1, 1, 2, 2, 3)))
    status = dice.choice((Status.HELD, Status.HELD, *STATUSES))
    return Filters(status, **{name: choices[name]() for name in chosen})  # type: ignore[arg-type]


@pytest.mark.parametrize("gathered", [1_000, 0], ids=["whole", "scanned"])
def test_any_filters_in_any_order_find_what_a_look_at_every_comment_finds(
    store: Store, monkeypatch: pytest.MonkeyPatch, gathered: int
) -> None:
    monkeypatch.setattr(queue_indexes, "GATHERED", gathered)
    ids = fill(store, 120, seed=gathered)
    records = store.comments.get_many("demo", ids)
    dice = random.Random(5)
    sizes = []
    for _ in range(150):
        filters, sort = random_filters(dice), dice.choice(list(Sort))
        found = walked(store, filters, sort, limit=12)
        assert found == sought(store, records, filters, sort), (filters, sort)
        came = [record.comment.id for record in records if record.status is filters.status]
        assert store.queue.fitting("demo", filters, came) == set(found), filters
        sizes.append(len(found))
    assert sum(size > 0 for size in sizes) > 60
    assert_indexed(store, "demo", ids)


def test_a_comment_is_found_by_the_words_it_has_now(store: Store) -> None:
    hold(store, "c1", content="Old words at www.pills.example/now")
    edited = store.decisions.edit_and_approve(
        "demo", "c1", "Other ones", None, "account:mo", "", 1_790_000_000_000
    )
    assert edited.status == Status.APPROVED

    def found(words: str, status: Status, *, has_link: bool = False) -> bool:
        filters = Filters(status=status, words=words, has_link=has_link)
        return bool(store.queue.find("demo", filters, Sort.OLDEST, 9, "").records)

    assert found("other", Status.APPROVED)
    assert not found("other", Status.APPROVED, has_link=True)
    assert not found("old", Status.APPROVED)
    store.decisions.undo("demo", "c1", "account:mo", 1_790_000_001_000)
    assert found("old", Status.HELD, has_link=True)
    assert not found("other", Status.HELD)
    assert_indexed(store, "demo", ["c1"])


def test_a_cursor_goes_on_where_it_was_when_comments_come_and_go(store: Store) -> None:
    for sort in Sort:
        raw(store).flushdb()
        scores = {Attribute.SPAM: 0.5}
        for number in range(12):
            hold(store, f"c{number:02}", scores, submitted_at=10.0)
        first = store.queue.find("demo", Filters(), sort, 4, "")
        seen = [r.comment.id for r in first.records]
        for name in seen:
            decide(store, name, Status.REJECTED)
        for name in ("a00", "d00"):
            hold(store, name, scores, submitted_at=10.0)
        rest = [
            r.comment.id
            for r in store.queue.find("demo", Filters(), sort, 50, first.cursor).records
        ]
        late = "a00" if sort is Sort.NEWEST else "d00"
        assert sorted(seen + rest) == sorted([*(f"c{n:02}" for n in range(12)), late]), sort


@pytest.mark.parametrize("cursor", [
    "x", "o", "o1", "o1-1", "o1-1-", "n1-1-c1", "o1-x-c1", "o-1-1-c1", "o1-1-é", "o²-1-c1",
    "o1-1-" + "c" * 65, "o" + "9" * 17 + "-1-c1", "1-1",
])  # fmt: skip
def test_a_cursor_that_is_not_ours_is_refused(store: Store, cursor: str) -> None:
    with pytest.raises(CursorInvalid):
        store.queue.find("demo", Filters(), Sort.OLDEST, 5, cursor)


def test_the_total_is_exact_where_one_index_knows_it_and_at_the_end(store: Store) -> None:
    ids = fill(store, 120, seed=3)
    for filters in (Filters(), Filters(lang="fr"), Filters(least=0.5), Filters(has_link=True)):
        count = len(expected(store, ids, filters, Sort.OLDEST))
        for page in pages(store, filters, Sort.OLDEST, 10):
            assert (page.total, page.is_total_exact) == (count, True)


def test_a_total_that_nobody_counted_is_a_lower_bound_until_the_end(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_indexes, "GATHERED", 0)
    ids = fill(store, 120, seed=4)
    filters = Filters(lang="fr", has_link=True)
    count = len(expected(store, ids, filters, Sort.OLDEST))
    found = list(pages(store, filters, Sort.OLDEST, 4))
    assert [page.total for page in found] == [*range(4, count, 4), count]
    assert [page.is_total_exact for page in found] == [False] * (len(found) - 1) + [True]


def test_a_call_looks_at_a_bounded_number_of_comments_and_goes_on_by_its_cursor(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_indexes, "GATHERED", 0)
    monkeypatch.setattr(queue_indexes, "FIRST_CHUNK", 10)
    monkeypatch.setattr(queue_indexes, "MOST_CHUNK", 10)
    monkeypatch.setattr(queue, "BUDGET", 30)
    ids = fill(store, 150, seed=6)
    held = len(expected(store, ids, Filters(), Sort.OLDEST))
    found = list(pages(store, Filters(words="nowhere"), Sort.OLDEST, 10))
    assert len(found) == -(-held // 30)
    assert all(not page.records for page in found)
    assert (found[-1].total, found[-1].is_total_exact) == (0, True)


def test_a_word_that_only_seems_to_be_there_is_not_found(store: Store) -> None:
    many = " ".join(f"word{number}" for number in range(600))  # every bit is set
    hold(store, "c1", content=many)
    hold(store, "c2", content="word7 alone")
    assert walked(store, Filters(words="absent"), Sort.OLDEST) == []
    assert walked(store, Filters(words="word7"), Sort.OLDEST) == ["c1", "c2"]
    assert walked(store, Filters(words="word7 alone"), Sort.OLDEST) == ["c2"]


def test_words_that_are_none_find_nothing(store: Store) -> None:
    hold(store, "c1", content="a ! 😀")
    for words in ("a", "!", "😀"):
        assert store.queue.find("demo", Filters(words=words), Sort.OLDEST, 5, "").total == 0
    assert walked(store, Filters(words="  "), Sort.OLDEST) == ["c1"]


def test_the_dots_count_every_held_comment_once(store: Store) -> None:
    for number, score in enumerate((0.0, 0.0199, 0.02, 0.5, 0.98, 1.0)):
        hold(store, f"c{number}", {Attribute.SPAM: score})
    hold(store, "other", {Attribute.THREAT: 0.5})
    expected_bins = {0: 3, 1: 1, 25: 1, 49: 2}
    dots = store.queue.dots("demo", Attribute.SPAM)
    assert dots == tuple(expected_bins.get(n, 0) for n in range(50))
    highest = store.queue.dots("demo", None)
    assert (highest[0], highest[25], sum(highest)) == (2, 2, 7)


def test_the_comments_of_a_range_come_the_highest_first(store: Store) -> None:
    for number, score in enumerate((0.0, 0.2, 0.5, 0.5, 0.9)):
        hold(store, f"c{number}", {Attribute.SPAM: score}, submitted_at=float(9 - number))
    hold(store, "other", {Attribute.THREAT: 0.7})

    def between(attribute: Attribute | None, least: float, most: float, limit: int = 9) -> Any:
        return store.queue.ids_between("demo", attribute, least, most, limit)

    assert between(Attribute.SPAM, 0.2, 0.5) == ["c3", "c2", "c1"]
    assert between(Attribute.SPAM, 0.2, 0.5, 2) == ["c3", "c2"]
    assert between(Attribute.SPAM, 0.0, 0.2) == ["c1", "c0", "other"]
    assert between(Attribute.SPAM, 0.0, 0.2, 2) == ["c1", "c0"]
    assert between(None, 0.5, 0.8) == ["other", "c3", "c2"]
    assert between(None, 0.0, 0.0) == ["c0"]


def test_the_counts_are_those_of_the_held_comments(store: Store) -> None:
    hold(store, "c1", {Attribute.SPAM: 0.5, Attribute.INSULT: 0.49}, lang="fr")
    hold(store, "c2", {Attribute.SPAM: 0.9}, lang="pl")
    hold(store, "gone", {Attribute.SPAM: 0.9}, lang="fr")
    decide(store, "gone", Status.APPROVED)
    mark_reported(store, "c2", 1)
    counts = store.queue.counts("demo")
    assert (counts.held, counts.unscreened, counts.reported) == (2, 0, 1)
    assert {code: n for code, n in counts.by_lang.items() if n} == {"fr": 1, "other": 1}
    assert {name: n for name, n in counts.by_attribute.items() if n} == {Attribute.SPAM: 2}


def test_reach_is_the_page_s_readership_when_the_comment_came_into_the_queue(
    store: Store,
) -> None:
    hold(store, "early", page="busy")
    for number in range(3):
        publish(store, f"p{number}", page="busy")
    hold(store, "late", page="busy")
    hold(store, "quiet", page="quiet")
    assert walked(store, Filters(), Sort.REACH) == ["late", "early", "quiet"]


def test_only_held_comments_have_an_order_of_severity(store: Store) -> None:
    publish(store, "c1", submitted_at=1.0)
    publish(store, "c2", submitted_at=2.0)
    assert walked(store, Filters(Status.APPROVED), Sort.SEVERITY) == ["c2", "c1"]


def test_a_comment_that_cannot_be_read_is_passed_over(store: Store) -> None:
    for name in ("c1", "c2", "c3"):
        hold(store, name)
    raw(store).hset(DEMO.comment("c2"), "content", "{")
    assert walked(store, Filters(), Sort.OLDEST, 1) == ["c1", "c3"]
    assert walked(store, Filters(words="article"), Sort.OLDEST, 1) == ["c1", "c3"]


def test_a_withdrawn_comment_is_found_by_none_of_its_words(store: Store) -> None:
    record = hold(store, "c1", content="Secret words")
    store.comments.withdraw(record, 0)
    assert walked(store, Filters(Status.DELETED), Sort.OLDEST) == ["c1"]
    assert walked(store, Filters(Status.DELETED, words="secret"), Sort.OLDEST) == []
    assert_indexed(store, "demo", ["c1"])


def test_scripts_and_store_name_the_same_indexes_in_the_same_order() -> None:
    text = script("transition").text
    shared = text.split("local SHARED = {")[1].split("}")[0].replace("'", "").replace(",", " ")
    names = shared.split()
    assert len(names) == len(SHARED)
    of_name = dict(zip(names, SHARED, strict=True))
    scores = [*Attribute]
    scores_named = ["spam_score" if each is Attribute.SPAM else each.value for each in scores]
    assert [of_name[name] for name in scores_named] == [DEMO.scored(each) for each in scores]
    assert [of_name[f"lang_{code}"] for code in LANGUAGES] == [
        DEMO.in_language(code) for code in LANGUAGES
    ]
    attributes = text.split("local ATTRIBUTES = {")[1].split("}")[0].replace("'", "")
    assert [name.strip() for name in attributes.split(",") if name.strip()] == scores_named

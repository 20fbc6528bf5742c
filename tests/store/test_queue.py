"""The queue: whatever is asked, what is found is what a look at every comment finds."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from service.moderation.comment import Facts
from service.moderation.signal import Attribute
from service.moderation.verdict import Action, Status, Verdict
from service.store import queue_indexes
from service.store.facets import searched_words
from service.store.inbox import Settlement
from service.store.keys import page_key
from service.store.queue import Filters, Sort
from service.store.records import Record
from service.store.search_words import words_of
from service.store.store import Store
from tests.store.index_checker import assert_indexed
from tests.store.shelf import DEMO, bring, raw

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
    found = sorted(filter(fits, store.comments.get_many("demo", ids)), key=key)
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
    ids = fill(store, 150, seed=gathered)
    dice = random.Random(5)
    sizes = []
    for _ in range(250):
        filters, sort = random_filters(dice), dice.choice(list(Sort))
        found = walked(store, filters, sort)
        assert found == expected(store, ids, filters, sort), (filters, sort)
        sizes.append(len(found))
    assert sum(size > 0 for size in sizes) > 100
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

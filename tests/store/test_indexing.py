"""A store from before the facets: all its comments are found, at once and after the sweep."""

from __future__ import annotations

import pytest

from service.moderation.signal import Attribute
from service.moderation.verdict import Status
from service.store.facets import LANGUAGES
from service.store.queue import indexing
from service.store.queue.queue import Filters, Sort
from service.store.store import Store
from tests.store.index_checker import assert_indexed
from tests.store.shelf import DEMO, bring, decide, raw
from tests.store.test_queue import expected, fill, walked
from workers.sweep import index_where_needed


def forget_indexes(store: Store) -> None:
    """Make the store look like one of an earlier release."""
    redis = raw(store)
    names = [DEMO.facets, DEMO.indexing, DEMO.severity, DEMO.reach, DEMO.with_link]
    names += [DEMO.scored(attribute) for attribute in Attribute]
    names += [DEMO.in_language(code) for code in LANGUAGES]
    for pattern in (DEMO.held_on("*"), DEMO.held_by("*")):
        found = pattern.replace("{", "[{]").replace("}", "[}]")
        names += [key.decode() for key in redis.scan_iter(found)]
    redis.delete(*names)


@pytest.fixture
def old(store: Store) -> list[str]:
    """The ids in a store that was filled by an earlier release."""
    ids = fill(store, 120, seed=8)
    forget_indexes(store)
    return ids


def test_every_comment_gets_its_facets_in_bounded_steps_once(
    store: Store, old: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "STEP", 10)
    given = [store.indexing.advance("demo", 1) for _ in range(12)]
    assert max(given) == 10
    assert not store.indexing.is_done("demo")
    while not store.indexing.is_done("demo"):
        given.append(store.indexing.advance("demo", 2))
    assert sum(given) == len(old)
    assert_indexed(store, "demo", old)
    assert store.indexing.advance("demo", 100) == 0


def test_the_sweep_does_it_for_every_site(store: Store, old: list[str]) -> None:
    assert index_where_needed(store.sites, store.indexing) == len(old)
    assert index_where_needed(store.sites, store.indexing) == 0
    assert store.indexing.is_done("demo")
    assert_indexed(store, "demo", old)


def test_filters_find_old_comments_before_anything_was_indexed(
    store: Store, old: list[str]
) -> None:
    for filters in (
        Filters(),
        Filters(Status.APPROVED, lang="fr"),
        Filters(Status.SPAM, words="cafe"),
    ):
        for sort in (Sort.OLDEST, Sort.NEWEST):
            assert walked(store, filters, sort) == expected(store, old, filters, sort)


def test_what_is_decided_in_between_is_indexed_too(
    store: Store, old: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "STEP", 10)
    moved = 0
    while not store.indexing.is_done("demo"):
        store.indexing.advance("demo", 1)
        for source, target in ((Status.APPROVED, Status.HELD), (Status.HELD, Status.APPROVED)):
            some = raw(store).zrange(DEMO.status(source), 0, 0)
            if some and moved < 40:
                decide(store, some[0].decode(), target)
                moved += 1
    assert moved == 40
    assert_indexed(store, "demo", old)


def test_a_comment_that_cannot_be_read_does_not_stop_it(store: Store, old: list[str]) -> None:
    broken = raw(store).zrange(DEMO.status(Status.HELD), 0, 0)[0].decode()
    raw(store).hset(DEMO.comment(broken), "content", "{")
    index_where_needed(store.sites, store.indexing)
    assert store.indexing.is_done("demo")
    assert_indexed(store, "demo", old)


def test_a_comment_in_the_inbox_waits_for_its_verdict(store: Store) -> None:
    bring(store, "c1")
    index_where_needed(store.sites, store.indexing)
    assert raw(store).hlen(DEMO.facets) == 0

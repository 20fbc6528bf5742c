"""The window over all sites: what it keeps, for whom, and that it is never in the way."""

from __future__ import annotations

from dataclasses import replace

import pytest

from config.settings import Settings
from service.moderation.batch import Batch
from service.moderation.comment import Case, Facts
from service.moderation.verdict import Action, Verdict
from service.store.elsewhere import Elsewhere, line_elsewhere, traces_elsewhere
from service.store.inbox import Settlement
from service.store.keys import EVERY_SITE, SiteKeys
from service.store.sites import Site
from service.store.store import Store, open_store
from service.store.window import window_lines
from tests.conftest import SECRETS, comment_of
from tests.store.shelf import bring, raw

WINDOW = SiteKeys(EVERY_SITE).recent
LONG = "La nouvelle passerelle du canal sera ouverte aux piétons dès le printemps prochain."
OTHER = "Une tout autre affaire occupe les riverains de la rue du moulin depuis une semaine."


def lines(site: str, *cases: tuple[str, str]) -> list[bytes]:
    """Return what a site shares of comments, each an id and a text."""
    made = [
        Case(comment_of(name, text, site=site), Facts(author_key="ann")) for name, text in cases
    ]
    return [line_elsewhere(site, line) for line in window_lines(Batch(made))]


def settle_on(store: Store, site: str, name: str, text: str = LONG) -> None:
    bring(store, name, content=text, site=site)
    settle_rest(store, site)


def settle_rest(store: Store, site: str) -> None:
    pending = store.inbox.load(site, store.inbox.take(site, "w", 9), Facts())
    rows = zip(pending, window_lines(Batch([item.case for item in pending])), strict=True)
    store.inbox.settle(
        site, [Settlement(item, Verdict(Action.APPROVE, "test"), line) for item, line in rows]
    )


@pytest.fixture
def sites(store: Store) -> Store:
    """The store with a second site."""
    store.sites.create(Site("other", lang="fr"))
    return store


def test_a_line_is_hashes_and_a_fingerprint(sites: Store) -> None:
    settle_on(sites, "demo", "c1")
    (line,) = raw(sites).lrange(WINDOW, 0, -1)
    assert len(line) == 56
    assert b"c1" not in line[32:]
    assert b"demo" not in line


def test_a_site_sees_the_others_comments_and_not_its_own(sites: Store) -> None:
    settle_on(sites, "demo", "c1")
    settle_on(sites, "other", "c1", OTHER)
    batch = Batch([Case(comment_of("c1", OTHER, site="other"), Facts(author_key="claire"))])
    seen = sites.inbox.elsewhere.recent("demo")
    assert seen.fingerprints.tolist() == batch.traces.fingerprints.tolist()
    assert seen.authors.tolist() == batch.traces.authors.tolist()
    assert len(sites.inbox.elsewhere.recent("other").ids) == 1


def test_of_an_edited_comment_only_the_latest_line_counts() -> None:
    first = lines("demo", ("c1", LONG), ("c2", OTHER))
    (again,) = lines("demo", ("c1", OTHER))
    seen = traces_elsewhere([*first, again], "other")
    assert len(seen.ids) == 2
    assert seen.fingerprints[0].tolist() == seen.fingerprints[1].tolist()


def test_an_edit_to_something_short_takes_the_longer_text_out(sites: Store) -> None:
    settle_on(sites, "demo", "c1")
    sites.comments.edit(sites.comments.get("demo", "c1"), comment_of("c1", "Non."), 0)
    settle_rest(sites, "demo")
    assert not sites.inbox.elsewhere.recent("other").fingerprints.any()


def test_comments_of_the_same_id_on_two_sites_are_two() -> None:
    both = [*lines("demo", ("c1", LONG)), *lines("blog", ("c1", LONG))]
    assert len(traces_elsewhere(both, "other").ids) == 2


def test_it_is_capped_and_the_newest_stay(settings: Settings) -> None:
    store = open_store(replace(settings, sites_window=3), SECRETS, settings.redis_url)
    for site in ("demo", "other"):
        store.sites.create(Site(site))
    for number in range(5):
        settle_on(store, "demo", f"c{number}")
    assert raw(store).llen(WINDOW) == 3
    store.client.close()


@pytest.mark.parametrize(("window", "sites"), [(0, 2), (100, 1)])
def test_it_is_neither_kept_nor_read_when_off_or_with_one_site(
    settings: Settings, window: int, sites: int
) -> None:
    store = open_store(replace(settings, sites_window=window), SECRETS, settings.redis_url)
    for site in ("demo", "other")[:sites]:
        store.sites.create(Site(site))
    settle_on(store, "demo", "c1")
    assert not raw(store).exists(WINDOW)
    raw(store).rpush(WINDOW, *lines("other", ("c1", LONG)))
    assert store.inbox.elsewhere.recent("demo").ids == ()
    store.client.close()


def test_a_second_site_is_noticed_within_seconds(store: Store) -> None:
    moments = iter((0.0, 0.0, 1.0, 3.0, 3.0))
    window = Elsewhere(store.client, 100, lambda: next(moments))
    raw(store).rpush(WINDOW, *lines("other", ("c1", LONG)))
    assert window.recent("demo").ids == ()
    store.sites.create(Site("other"))
    assert window.recent("demo").ids == ()
    assert len(window.recent("demo").ids) == 1


def test_a_window_that_cannot_be_used_holds_nobody_up(sites: Store) -> None:
    raw(sites).set(WINDOW, "no list")
    settle_on(sites, "demo", "c1")
    assert sites.comments.status("demo", "c1") == "approved"
    assert sites.inbox.elsewhere.recent("demo").ids == ()


def test_lines_of_another_release_are_left_out(sites: Store) -> None:
    raw(sites).rpush(WINDOW, b"short", *lines("demo", ("c1", LONG)))
    assert len(sites.inbox.elsewhere.recent("other").ids) == 1


def test_staff_and_short_texts_leave_nothing(sites: Store) -> None:
    settle_on(sites, "demo", "c1", "Merci !")
    bring(sites, "c2", content=LONG, is_staff=True)
    settle_rest(sites, "demo")
    assert not raw(sites).exists(WINDOW)

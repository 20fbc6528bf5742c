"""A campaign over several sites: known on each, and each site's own copies alone are taken back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from config.settings import Settings
from service.moderation.pipeline import Pipeline
from service.moderation.verdict import Status
from service.schemas.wording import reasons
from service.store.decisions import Order
from service.store.keys import SiteKeys
from service.store.sites import Site
from service.store.store import Store, open_store
from tests.conftest import SECRETS
from tests.store.shelf import bring, raw
from tests.workers.house import moderator_of
from tests.workers.test_campaigns import HAM, copy_of, pipeline
from workers.moderate import Moderator

__all__ = ["pipeline"]
SITES = ("demo", "blog", "shop", "news")


@pytest.fixture
def shelf(store: Store) -> Store:
    """The store with four sites."""
    for name in SITES[1:]:
        store.sites.create(Site(name, lang="fr"))
    return store


@pytest.fixture
def moderator(shelf: Store, settings: Settings, pipeline: Pipeline) -> Moderator:
    return replace(moderator_of(shelf, settings), pipeline=pipeline)


def post(store: Store, moderator: Moderator, site: str, number: int, author: str = "") -> Status:
    """Bring one copy to a site, settle it there, and return what became of it."""
    name = f"c{number:02}"
    bring(store, name, content=copy_of(number), site=site, author_key=author or f"a{number}",
          page=f"http://{site}.test/{number}")  # fmt: skip
    moderator.drain(site)
    return Status(store.comments.status(site, name))


def approved(store: Store, site: str) -> list[str]:
    return [x.decode() for x in raw(store).zrange(SiteKeys(site).status("approved"), 0, -1)]


def test_a_template_on_several_sites_is_a_campaign_on_each(
    shelf: Store, moderator: Moderator
) -> None:
    for number in range(8):
        post(shelf, moderator, SITES[number % 2 + 1], number)
    assert post(shelf, moderator, "demo", 8) is Status.SPAM
    record = shelf.comments.get("demo", "c08")
    assert record.verdict is not None
    assert any("8 autres" in sentence for sentence in reasons(record.verdict, "fr"))
    assert post(shelf, moderator, "blog", 9) is Status.SPAM


@pytest.mark.usefixtures("shelf")
def test_on_its_own_a_site_would_not_know(settings: Settings, pipeline: Pipeline) -> None:
    alone = open_store(replace(settings, sites_window=0), SECRETS, settings.redis_url)
    moderator = replace(moderator_of(alone, settings), pipeline=pipeline)
    for number in range(8):
        post(alone, moderator, SITES[number % 2 + 1], number)
    assert post(alone, moderator, "demo", 8) is Status.APPROVED
    alone.client.close()


def test_a_site_takes_back_its_own_copies_and_leaves_those_of_the_same_id_elsewhere(
    shelf: Store, moderator: Moderator
) -> None:
    bring(shelf, "c00", content=HAM[0], site="news", author_key="h")
    moderator.drain("news")
    assert post(shelf, moderator, "demo", 0) is Status.APPROVED
    for number in range(1, 9):
        post(shelf, moderator, SITES[number % 2 + 1], number)
    assert post(shelf, moderator, "demo", 9) is Status.SPAM
    first = shelf.comments.get("demo", "c00")
    assert first.status is Status.HELD
    assert first.verdict is not None
    assert first.verdict.rule == "campaign"
    assert first.verdict.signals[-1].evidence[0].params == {"times": 9}
    assert approved(shelf, "news") == ["c00"]


def test_a_copy_that_a_moderator_approved_stays_though_other_sites_are_flooded(
    shelf: Store, moderator: Moderator
) -> None:
    post(shelf, moderator, "demo", 0)
    shelf.decisions.decide("demo", [Order("c00", Status.APPROVED)], "account:mo", "", 1)
    for number in range(1, 9):
        post(shelf, moderator, "blog", number)
    assert post(shelf, moderator, "demo", 9) is Status.SPAM
    assert approved(shelf, "demo") == ["c00"]


def test_what_one_reader_sends_to_three_sites_is_let_alone(
    shelf: Store, moderator: Moderator
) -> None:
    for site in SITES[:3]:
        assert post(shelf, moderator, site, 1, "ann") is Status.APPROVED


def test_two_people_who_quote_the_same_on_two_sites_are_let_alone(
    shelf: Store, moderator: Moderator
) -> None:
    assert post(shelf, moderator, "demo", 1, "ann") is Status.APPROVED
    assert post(shelf, moderator, "blog", 1, "bob") is Status.APPROVED


def test_condolences_on_every_site_are_no_campaign(shelf: Store, moderator: Moderator) -> None:
    text = "Toutes mes condoléances à la famille et à tous ses proches, repose en paix"
    for number in range(16):
        site = SITES[number % 4]
        bring(shelf, f"c{number}", content=text, site=site, author_key=f"a{number}")
        moderator.drain(site)
    assert sum(len(approved(shelf, site)) for site in SITES) == 16


def test_ordinary_comments_on_many_sites_are_left_alone(shelf: Store, moderator: Moderator) -> None:
    for number, text in enumerate(HAM):
        bring(shelf, f"h{number}", content=text, site=SITES[number % 4], author_key=f"h{number}")
        moderator.drain(SITES[number % 4])
    assert sum(len(approved(shelf, site)) for site in SITES) == len(HAM)

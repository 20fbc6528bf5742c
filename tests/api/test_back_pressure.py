"""Back-pressure: past a limit on its inbox a site takes no more, and says when to come again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from werkzeug.test import TestResponse

from config.settings import Settings
from service.store.keys import SiteKeys
from service.store.sites import Site
from tests.api.house import INSULT, ORIGIN, PAGE, House, app_over, assert_problem, json_of, pipeline

INBOX = SiteKeys("demo").inbox
BROWSER = {"Accept": "text/html,*/*;q=0.8", "Referer": PAGE}
Build = Callable[..., House]


@pytest.fixture
def build(settings: Settings) -> Iterator[Build]:
    """Build a house with limits of its own on the inbox."""
    houses: list[House] = []

    def make(**limits: Any) -> House:
        house = House(app_over(replace(settings, **limits)))
        house.replace(pipeline=pipeline)
        house.services.store.sites.create(Site("demo", origins=(ORIGIN,), lang="fr"))
        houses.append(house)
        return house

    yield make
    for house in houses:
        house.services.store.client.close()


def full(answer: TestResponse) -> dict[str, Any]:
    problem = assert_problem(answer, 503, "inbox-full")
    assert answer.headers["Retry-After"] == "60"
    return problem


def grow_old(house: House) -> None:
    """Leave an entry in the inbox that came in 1970."""
    client: Any = house.services.store.client
    client.xadd(INBOX, {"id": "gone", "revision": 0}, id="1000-0")


def test_a_full_inbox_takes_no_more_until_it_is_drained(build: Build) -> None:
    house = build(inbox_limit=2)
    assert [house.post(content=f"Merci, {n}.").status_code for n in range(2)] == [202, 202]
    full(house.post(content="Encore un mot."))
    assert house.stored() == 2
    assert house.drain() == 2
    assert house.post(content="Encore un mot.").status_code == 202


def test_an_old_inbox_takes_no_more_until_it_is_drained(build: Build) -> None:
    house = build()
    grow_old(house)
    full(house.post())
    house.drain()
    assert house.post().status_code == 202


def test_where_there_are_no_limits_an_inbox_takes_all(build: Build) -> None:
    house = build(inbox_limit=0, inbox_age_limit_s=0)
    grow_old(house)
    assert house.post().status_code == 202


def test_the_refusal_is_said_in_the_caller_s_language(build: Build) -> None:
    house = build()
    grow_old(house)
    french = full(house.post(headers={"Accept-Language": "fr"}))
    english = full(house.post(headers={"Accept-Language": "en"}))
    assert french["title"].startswith("Trop de commentaires")
    assert english["title"].startswith("Too many comments")


def test_what_was_taken_before_is_acknowledged_again_while_full(build: Build) -> None:
    house = build(inbox_limit=1)
    again = {"Idempotency-Key": "7f3c"}
    first = json_of(house.post(headers=again))
    assert json_of(house.post(headers=again))["id"] == first["id"]
    full(house.post(content="Un autre."))


def test_a_refused_comment_uses_no_rate_limit_up(build: Build) -> None:
    house = build(inbox_limit=1)
    left = house.post().headers["RateLimit"]
    for _ in range(3):
        full(house.post(content="Un autre."))
    house.drain()
    assert [int(part.split("r=")[1].split(";")[0]) for part in left.split(",")] == [
        int(part.split("r=")[1].split(";")[0]) + 1
        for part in house.post(content="Un autre.").headers["RateLimit"].split(",")
    ]


def test_a_browser_gets_a_page_with_its_words_in_the_form(build: Build) -> None:
    house = build()
    grow_old(house)
    answer = house.post_form(headers=BROWSER, content="Des mots à garder.")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "60"
    assert "Trop de commentaires" in page
    assert "Des mots à garder." in page


def test_nobody_is_asked_to_rewrite_what_would_not_be_taken(build: Build) -> None:
    house = build()
    house.change_site(has_nudge=True)
    assert_problem(house.post(content=INSULT, lang="fr"), 422, "nudge")
    grow_old(house)
    full(house.post(content=INSULT, lang="fr"))


def test_an_accepted_comment_costs_no_command_more_for_the_limits(build: Build) -> None:
    house = build()
    house.post()  # what is asked once is asked now
    client: Any = house.services.store.client
    client.config_resetstat()
    house.post(content="Un second mot.")
    calls = client.info("commandstats")
    assert calls["cmdstat_evalsha"]["calls"] == 1
    assert calls["cmdstat_xlen"]["calls"] == 1

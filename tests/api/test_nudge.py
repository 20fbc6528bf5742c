"""A word with the author before a comment that would be held for its tone."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.api.house import INSULT, SPAM, Clock, House, assert_problem, json_of

HOUR_S = 3_600


@pytest.fixture
def kind_house(house: House) -> House:
    house.change_site(has_nudge=True)
    return house


def nudged(answer: TestResponse) -> dict[str, Any]:
    return assert_problem(answer, 422, "nudge")


def test_a_hurtful_comment_is_answered_with_the_reason_and_a_token(kind_house: House) -> None:
    said = nudged(kind_house.post(content=INSULT, lang="fr"))
    assert said["nudge_token"]
    assert said["reasons"]
    assert "errors" not in said


def test_nothing_is_stored_of_a_nudged_comment(kind_house: House) -> None:
    before = stored_keys(kind_house)
    nudged(kind_house.post(content=INSULT))
    assert stored_keys(kind_house) == before
    assert kind_house.stored() == 0


def stored_keys(house: House) -> set[bytes]:
    client: Any = house.services.store.client
    return set(client.keys("*"))


@pytest.mark.parametrize(
    "content", [INSULT, "Pardon, je voulais dire que je ne suis pas d'accord."]
)
def test_sent_again_with_the_token_it_goes_its_way_changed_or_not(
    kind_house: House, content: str
) -> None:
    token = nudged(kind_house.post(content=INSULT))["nudge_token"]
    answer = kind_house.post(content=content, nudge_token=token)
    assert answer.status_code == 202
    kind_house.drain()
    status = kind_house.record(json_of(answer)["id"]).status
    assert (status == "approved") == (content != INSULT)


def test_the_token_of_somebody_else_does_not_help(kind_house: House) -> None:
    token = nudged(kind_house.post(content=INSULT, email="paul@example.org"))["nudge_token"]
    assert nudged(kind_house.post(content=INSULT, nudge_token=token))["nudge_token"] != token


def test_the_token_of_another_site_does_not_help(kind_house: House) -> None:
    kind_house.add_site("other", origins=("http://site.test",), has_nudge=True, lang="fr")
    key = kind_house.key(site="other")
    token = nudged(kind_house.post_as_server(key, "other", content=INSULT))["nudge_token"]
    nudged(kind_house.post(content=INSULT, nudge_token=token))


def test_a_token_is_good_for_an_hour(kind_house: House) -> None:
    clock: Clock = kind_house.stop_the_clock()
    token = nudged(kind_house.post(content=INSULT))["nudge_token"]
    clock.now += HOUR_S + 2
    nudged(kind_house.post(content=INSULT, nudge_token=token))


@pytest.mark.parametrize("token", ["x", "~", "1e999~x", "é", "nan~nan"])
def test_a_made_up_token_does_not_help(kind_house: House, token: str) -> None:
    nudged(kind_house.post(content=INSULT, nudge_token=token))


def test_an_ordinary_comment_is_not_nudged(kind_house: House) -> None:
    assert kind_house.post().status_code == 202


def test_spam_is_not_asked_to_be_nicer(kind_house: House) -> None:
    assert kind_house.post(content=SPAM).status_code == 202


def test_a_site_without_the_nudge_takes_what_comes(house: House) -> None:
    assert house.post(content=INSULT).status_code == 202


def test_without_an_address_the_author_is_the_ip(kind_house: House) -> None:
    kind_house.change_site(required=frozenset())
    token = nudged(kind_house.post(content=INSULT, email=None))["nudge_token"]
    assert kind_house.post(content=INSULT, email=None, nudge_token=token).status_code == 202
    nudged(kind_house.post_as_server(content=INSULT, email=None, nudge_token=token, ip="192.0.2.9"))


def test_reasons_are_in_the_authors_language(kind_house: House) -> None:
    said = {
        language: nudged(kind_house.post({"Accept-Language": language}, content=INSULT))
        for language in ("fr", "en")
    }
    assert said["fr"]["title"] != said["en"]["title"]
    assert said["fr"]["reasons"] != said["en"]["reasons"]

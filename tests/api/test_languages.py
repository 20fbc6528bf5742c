"""In which language a caller is answered."""

from __future__ import annotations

import pytest

from service.schemas.messages import translate
from service.schemas.text import REQUIRED
from tests.api.house import House, assert_problem, bearer, errors_of

FRENCH = translate(REQUIRED, "fr")


def test_the_two_languages_differ() -> None:
    assert FRENCH != REQUIRED


@pytest.mark.parametrize(
    ("accepted", "expected"),
    [
        ("fr", FRENCH),
        ("en-GB,en;q=0.9", REQUIRED),
        ("de, en;q=0.5, fr;q=0.4", REQUIRED),
        ("de, fr;q=0.5, en;q=0.4", FRENCH),
        ("fr-CH", FRENCH),
        ("en;q=0, fr", FRENCH),
        ("zz", FRENCH),
        ("*", FRENCH),
        ("", FRENCH),
        (";;;q=,,", FRENCH),
    ],
)
def test_messages_follow_accept_language_and_else_the_site(
    house: House, accepted: str, expected: str
) -> None:
    answer = house.post(headers={"Accept-Language": accepted}, content=None)
    assert errors_of(answer) == {"content": expected}


def test_any_language_means_the_sites_own(house: House) -> None:
    house.change_site(lang="en")
    answer = house.post(headers={"Accept-Language": "*"}, content=None)
    assert errors_of(answer) == {"content": REQUIRED}


def test_the_query_goes_before_accept_language(house: House) -> None:
    answer = house.post({"Accept-Language": "fr"}, content=None, query={"lang": "en"})
    assert errors_of(answer) == {"content": REQUIRED}


def test_the_body_goes_before_the_query(house: House) -> None:
    answer = house.post(content=None, lang="fr", query={"lang": "en"})
    assert errors_of(answer) == {"content": FRENCH}


def test_a_form_may_name_its_language(house: House) -> None:
    answer = house.post_form(content=None, lang="en")
    assert errors_of(answer) == {"content": REQUIRED}


def test_the_answer_says_its_language(house: House) -> None:
    assert house.post(lang="en").headers["Content-Language"] == "en"
    assert house.post(lang="fr", content=None).headers["Content-Language"] == "fr"


def test_titles_and_details_are_translated_too(house: House) -> None:
    said = {
        language: assert_problem(
            house.client.post("/v1/sites/demo/comments", query_string={"lang": language}, json={}),
            401,
            "unauthorised",
        )
        for language in ("fr", "en")
    }
    assert said["fr"]["title"] != said["en"]["title"]
    assert said["fr"]["detail"] != said["en"]["detail"]


WRONG_STAFF_BODIES = [
    ("/v1/moderation/decisions", {}),
    ("/v1/moderation/decisions", []),
    ("/v1/moderation/decisions", {"id": 5, "action": "explode", "version": "x", "colour": 1}),
    ("/v1/moderation/decisions", {"ids": "x", "action": None, "reason": 5, "site": 5}),
    ("/v1/moderation/decisions", {"ids": [None], "action": 7, "version": 1}),
    ("/v1/ops/dead-letters/retry", {}),
    ("/v1/ops/dead-letters/retry", {"ids": 5, "site": []}),
    ("/v1/sessions", {}),
    ("/v1/sessions", {"name": 5, "password": 5, "new_password": "x" * 1001}),
    ("/v1/sessions", "a text"),
    ("/v1/sites/demo/counts", {}),
    ("/v1/sites/demo/counts", {"pages": "http://site.test/a"}),
    ("/v1/sites/demo/counts", {"pages": []}),
]


@pytest.mark.parametrize(("path", "body"), WRONG_STAFF_BODIES)
def test_every_route_says_what_is_wrong_in_both_languages(
    house: House, path: str, body: object
) -> None:
    key = house.key()
    said = {
        language: errors_of(
            house.client.post(path, json=body, headers={**bearer(key), "Accept-Language": language})
        )
        for language in ("fr", "en")
    }
    assert said["fr"].keys() == said["en"].keys()
    for name, message in said["en"].items():
        assert said["fr"][name] != message


WRONG_QUERIES = [
    ("/v1/moderation/queue", {"status": "x", "order": "x", "limit": "x", "unscreened": "x"}),
    ("/v1/moderation/queue", {"limit": "0", "colour": "red"}),
    ("/v1/moderation/queue", {"attribute": "x", "least": "x", "most": "2", "language": "French"}),
    ("/v1/moderation/queue", {"after": "x", "reported": "x", "author": "x" * 101, "before": "x"}),
    ("/v1/moderation/queue", {"least": "0.5", "most": "0.4"}),
    ("/v1/moderation/queue", {"status": "approved", "order": "severity"}),
    ("/v1/moderation/queue", {"after": "2026-01-02", "before": "2026-01-01"}),
    ("/v1/ops/summary", {"colour": "red"}),
    ("/v1/sites/demo/pages/x/comments", {"order": "x", "limit": "1000"}),
    ("/v1/sites/demo/pages/x/comments", {"limit": "ten"}),
    ("/v1/sites/demo/counts", {}),
]


@pytest.mark.parametrize(("path", "query"), WRONG_QUERIES)
def test_every_query_is_answered_in_both_languages(
    house: House, path: str, query: dict[str, str]
) -> None:
    key = house.key()
    said = {
        language: errors_of(
            house.client.get(
                path,
                query_string=query,
                headers={**bearer(key), "Accept-Language": language},
            )
        )
        for language in ("fr", "en")
    }
    assert said["fr"].keys() == said["en"].keys()
    for name, message in said["en"].items():
        assert said["fr"][name] != message

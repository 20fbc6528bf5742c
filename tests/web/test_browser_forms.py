"""A form posted without script: back to the article, or the form again with nothing lost."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from service.api.browser_forms import landing, with_message
from service.api.callers import origin_of
from service.moderation.verdict import Status
from service.store.sites import Limit
from tests.api.house import INSULT, ORIGIN, PAGE, House, comment_fields
from tests.web.markup import Page

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "Origin": ORIGIN, "Referer": PAGE}
HOSTILE = "\n<script>alert(1)</script> \"double\" 'single' & &amp; </textarea> {{ 7 * 7 }}"
ID = "01JZ8Q6Q3D5W8W1XK2T9F4M7NB"


def send(house: House, headers: dict[str, str] | None = None, **fields: Any) -> TestResponse:
    """Post a comment as a browser without script does."""
    return house.client.post(
        "/v1/sites/demo/comments",
        data=comment_fields(**fields),
        headers={**BROWSER, **(headers or {})},
    )


def page_of(answer: TestResponse) -> Page:
    assert answer.mimetype == "text/html"
    return Page(answer.get_data(as_text=True))


# Back to the article


def test_a_posted_form_leads_back_to_its_article(house: House) -> None:
    answer = send(house)
    assert answer.status_code == 303
    target = urlsplit(answer.headers["Location"])
    assert f"{target.scheme}://{target.netloc}{target.path}" == PAGE
    query = parse_qs(target.query)
    assert query["ecluse_status"] == ["received"]
    assert house.record(query["ecluse_comment"][0]).comment.content
    assert target.fragment == "ecluse-received"


def test_the_articles_own_query_is_kept_as_it_was() -> None:
    target = with_message("http://site.test/a?p=12&q=a%20b+c#comments", ID, Status.HELD)
    assert target == (
        f"http://site.test/a?p=12&q=a%20b+c&ecluse_comment={ID}&ecluse_status=held#ecluse-held"
    )


def test_a_second_message_takes_the_place_of_the_first() -> None:
    first = with_message("http://site.test/a?p=1", ID, Status.HELD)
    second = with_message(first, ID, Status.APPROVED)
    assert second == with_message("http://site.test/a?p=1", ID, Status.APPROVED)


@pytest.mark.parametrize(
    "page",
    [
        "https://evil.example/",
        "https://site.test/a",
        "http://site.test.evil.example/",
        "http://site.test@evil.example/",
        "http://evil.example\\@site.test/",
        "http://site.test:81/",
        "//evil.example/",
        "/\\evil.example/",
        "javascript:alert(1)",
        "data:text/html,x",
        "article-42",
        "/2025/04/ecluse",
    ],
)
def test_no_page_leads_to_another_origin(page: str) -> None:
    assert landing(page, "http://site.test/from", ORIGIN) == "http://site.test/from"
    assert landing(page, "https://evil.example/", ORIGIN) == "http://site.test/"
    assert landing(page, "", ORIGIN) == "http://site.test/"


@given(page=st.text(), came_from=st.text())
def test_a_browser_always_lands_on_the_admitted_origin(page: str, came_from: str) -> None:
    assert origin_of(with_message(landing(page, came_from, ORIGIN), ID, Status.SPAM)) == ORIGIN


def test_a_hostile_page_is_not_followed(house: House) -> None:
    answer = send(house, page="https://evil.example/phishing")
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("http://site.test/a?")


def test_a_script_that_sends_a_form_is_answered_in_json(house: House) -> None:
    assert house.post_form().mimetype == "application/json"


# The form again


def test_what_was_written_comes_back_in_the_form(house: House) -> None:
    written: dict[str, Any] = {
        "content": HOSTILE,
        "author": HOSTILE[1:],
        "email": "<b>no</b>",
        "url": '"><i>',
    }
    page = page_of(send(house, **written))
    values = page.values()
    assert {name: values[name] for name in written} == written
    assert page.all("script") == []
    assert page.all("b") == page.all("i") == []


def test_nothing_written_is_evaluated_or_left_unescaped(house: House) -> None:
    html = send(house, content=HOSTILE, email="x").get_data(as_text=True)
    assert "<script" not in html
    assert "{{ 7 * 7 }}" in html


def test_each_wrong_field_has_its_message_in_french(house: House) -> None:
    answer = send(house, content=" ", email="claire", url="ftp://x.example")
    assert answer.status_code == 422
    assert page_of(answer).errors() == {
        "content": "Ce champ est obligatoire.",
        "email": "Une adresse e-mail comporte un signe @, comme nom@example.org.",
        "url": "Ce n’est pas une adresse web (http:// ou https://).",
    }


def test_a_wrong_field_is_tied_to_its_message_and_has_the_focus(house: House) -> None:
    page = page_of(send(house, email="claire"))
    email = page.by_id("email").attributes
    assert email["aria-invalid"] == "true"
    assert email["aria-describedby"] == "email-error"
    assert "autofocus" in email
    assert sum("autofocus" in element.attributes for element in page.elements) == 1


def test_every_visible_field_has_its_label(house: House) -> None:
    page = page_of(send(house, email="claire"))
    labelled = {label.attributes["for"] for label in page.all("label")}
    fields = [
        e for e in page.all("input") + page.all("textarea") if e.attributes.get("type") != "hidden"
    ]
    assert {field.attributes["id"] for field in fields} == labelled


def test_the_page_speaks_the_language_of_the_browser(house: House) -> None:
    answer = send(house, {"Accept-Language": "en-GB,en;q=0.9"}, email="claire")
    assert answer.headers["Content-Language"] == "en"
    assert page_of(answer).all("html")[0].attributes["lang"] == "en"
    assert "An e-mail address has an @ sign" in answer.get_data(as_text=True)


def test_the_language_named_in_the_form_comes_first(house: House) -> None:
    answer = send(house, {"Accept-Language": "en"}, email="claire", lang="fr")
    assert answer.headers["Content-Language"] == "fr"


def test_what_the_form_carried_unseen_is_carried_on(house: House) -> None:
    hidden: dict[str, Any] = {
        "form_token": "t~s",
        "idempotency_key": "k1",
        "lang": "fr",
        "website": "trap",
    }
    values = page_of(send(house, email="claire", parent="", **hidden)).values()
    assert {name: values[name] for name in hidden} == hidden
    assert values["page"] == PAGE


def test_an_error_in_an_unseen_field_is_told_above(house: House) -> None:
    html = send(house, parent="not an id").get_data(as_text=True)
    assert "Ce n’est pas l’identifiant d’un commentaire." in html


def test_too_many_comments_are_told_when_to_come_back(house: House) -> None:
    house.change_site(limits={"ip": Limit(1, 600)})
    send(house)
    answer = send(house, content="Encore un mot.")
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert page_of(answer).values()["content"] == "Encore un mot."


def test_a_form_too_large_to_read_is_still_answered_with_a_page(house: House) -> None:
    answer = send(house, content="é" * 100_000)
    assert answer.status_code == 413
    page = page_of(answer)
    assert page.all("form") == []
    assert "bouton Retour" in answer.get_data(as_text=True)


def test_a_form_that_cannot_be_read_is_answered_with_a_page(house: House) -> None:
    answer = house.client.post(
        "/v1/sites/demo/comments",
        data=b"content=%ff%fe",
        content_type="application/x-www-form-urlencoded",
        headers=BROWSER,
    )
    assert answer.status_code == 400
    assert page_of(answer).all("form")


def test_a_foreign_page_is_refused_and_the_text_can_be_copied(house: House) -> None:
    answer = send(house, {"Origin": "http://other.test"}, content=HOSTILE)
    assert answer.status_code == 403
    page = page_of(answer)
    assert page.all("form") == []
    assert page.by_id("kept").text.removeprefix("\n") == HOSTILE
    assert "Les pages de cette origine ne peuvent pas publier ici." in page.html


def test_an_unknown_site_is_answered_with_a_page(house: House) -> None:
    answer = house.client.post("/v1/sites/none/comments", data={"content": "x"}, headers=BROWSER)
    assert answer.status_code == 404
    assert page_of(answer).all("form") == []


def test_a_nudge_shows_its_reasons_and_the_same_form_goes_on(house: House) -> None:
    house.change_site(has_nudge=True)
    answer = send(house, content=INSULT)
    assert answer.status_code == 422
    page = page_of(answer)
    assert any("insulte" in item.text for item in page.all("li"))
    assert page.values()["content"] == INSULT
    again = house.client.post("/v1/sites/demo/comments", data=page.values(), headers=BROWSER)
    assert again.status_code == 303


# What the page lets a browser do


def test_the_page_runs_no_script_and_may_post_to_itself_and_land_on_the_site(
    house: House,
) -> None:
    policy = send(house, email="claire").headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert policy.endswith("form-action 'self' http://site.test")


def test_a_hostile_referer_cannot_widen_the_policy(house: House) -> None:
    hostile = {"Referer": "http://x;script-src * 'unsafe-inline'/"}
    policy = send(house, hostile, email="claire").headers["Content-Security-Policy"]
    assert policy.endswith("form-action 'self'")


def test_the_way_back_is_never_a_script(house: House) -> None:
    page = page_of(send(house, {"Referer": "javascript:alert(1)"}, email="claire"))
    assert page.all("a") == []


# The second try, sent from our own error page


def second_try(house: House, **changes: str) -> TestResponse:
    """Fill in the error page's form and send it, as a browser on that page does."""
    values = page_of(send(house, email="claire", page="article-42")).values()
    headers = {**BROWSER, "Origin": "http://localhost", "Referer": "http://localhost/v1/sites/demo"}
    house.change_site(origins=(ORIGIN,))
    return house.client.post(
        "/v1/sites/demo/comments",
        data={**values, "email": "claire@example.org", **changes},
        headers=headers,
    )


def test_a_second_try_is_admitted_for_the_page_it_came_from(house: House) -> None:
    answer = second_try(house)
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith(f"{PAGE}?ecluse_comment=")


def test_a_second_try_still_wrong_keeps_the_way_back(house: House) -> None:
    answer = second_try(house, email="claire")
    assert answer.status_code == 422
    assert page_of(answer).values()["return_to"] == PAGE


def test_the_page_a_second_try_came_from_cannot_be_made_up(house: House) -> None:
    assert second_try(house, return_to="http://evil.example/").status_code == 403

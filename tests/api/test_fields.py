"""What a submission may hold: fields, limits, all errors at once."""

from __future__ import annotations

from typing import Any

import pytest

from service.schemas.text import REQUIRED
from tests.api.house import PAGE, House, assert_problem, comment_fields, errors_of, json_of

TRUSTED: dict[str, Any] = {
    "ip": "203.0.113.9",
    "user_agent": "Mozilla/5.0",
    "referrer": "http://site.test/before",
    "submitted_at": "2024-05-06T07:08:09Z",
    "author_id": "u-17",
    "is_staff": True,
}


def test_a_comment_is_accepted_with_id_status_edit_token_and_links(house: House) -> None:
    answer = house.post()
    assert answer.status_code == 202
    body = json_of(answer)
    assert body["status"] == "received"
    assert len(body["id"]) == 26
    assert body["edit_token"]
    assert body["links"]["self"] == f"/v1/sites/demo/comments/{body['id']}"
    assert answer.headers["Location"] == body["links"]["self"]
    assert house.client.get(body["links"]["page"]).status_code == 200


def test_every_public_field_is_stored_as_sent(house: House) -> None:
    parent = house.publish()
    sent = comment_fields(page_title="Un titre", url="claire.example", parent=parent, lang="fr-CA")
    comment_id = json_of(house.post(**sent))["id"]
    record = house.record(comment_id)
    stored = record.comment
    assert (stored.author, stored.content, stored.page) == ("Claire", sent["content"], PAGE)
    assert (stored.page_title, stored.parent, stored.lang) == ("Un titre", parent, "fr")
    assert stored.url == "https://claire.example"
    assert house.services.store.comments.personal(record).email == "claire@example.org"


def test_a_server_may_say_what_it_saw(house: House) -> None:
    answer = house.post_as_server(**TRUSTED)
    record = house.record(json_of(answer)["id"])
    assert record.comment.user_agent == "Mozilla/5.0"
    assert record.comment.referrer == "http://site.test/before"
    assert record.comment.author_id == "u-17"
    assert record.comment.is_staff
    assert record.submitted_at_ms == 1_714_979_289_000
    assert house.services.store.comments.personal(record).ip == "203.0.113.9"


@pytest.mark.parametrize("name", sorted(TRUSTED))
def test_a_browser_may_not_send_what_only_a_server_knows(house: House, name: str) -> None:
    answer = house.post(**{name: TRUSTED[name]}, lang="en")
    assert errors_of(answer) == {name: "Only a server with a key may send this field."}
    assert house.stored() == 0


def test_trusted_fields_of_a_browsers_form_are_ignored(house: House) -> None:
    answer = house.post_form(**TRUSTED)
    record = house.record(json_of(answer)["id"])
    assert house.services.store.comments.personal(record).ip == "127.0.0.1"
    assert not record.comment.is_staff
    assert record.comment.author_id == ""


def test_what_a_browser_sends_of_itself_comes_from_its_headers(house: House) -> None:
    answer = house.post(headers={"User-Agent": "Lynx/2.9", "Referer": PAGE})
    record = house.record(json_of(answer)["id"])
    assert (record.comment.user_agent, record.comment.referrer) == ("Lynx/2.9", PAGE)


def test_unknown_fields_are_refused_by_name_from_a_server(house: House) -> None:
    answer = house.post_as_server(colour="red", lang="en")
    assert errors_of(answer) == {"colour": "There is no such field."}


def test_unknown_fields_of_a_form_are_ignored(house: House) -> None:
    assert house.post_form(colour="red", submit="Envoyer").status_code == 202


def test_a_field_that_is_null_is_a_field_not_sent(house: House) -> None:
    body = {**comment_fields(), "url": None, "parent": None, "is_staff": None, "website": None}
    key = house.key()
    answer = house.client.post(
        "/v1/sites/demo/comments", json=body, headers={"Authorization": f"Bearer {key}"}
    )
    assert answer.status_code == 202


def test_a_required_field_that_is_null_is_missing(house: House) -> None:
    body = {**comment_fields(), "author": None, "content": None}
    answer = house.client.post(
        "/v1/sites/demo/comments?lang=en", json=body, headers={"Origin": "http://site.test"}
    )
    assert errors_of(answer) == {"author": REQUIRED, "content": REQUIRED}


def test_all_errors_come_at_once_with_one_message_for_each_field(house: House) -> None:
    answer = house.post_as_server(
        author="x" * 121,
        email="nobody",
        content="",
        page=None,
        page_title="t" * 301,
        url="javascript:alert(1)",
        parent="the first one",
        lang="fr!",
        idempotency_key="k" * 256,
        ip="1.2.3",
        user_agent="u" * 1001,
        referrer="r" * 2001,
        submitted_at="yesterday",
        author_id="a" * 129,
        is_staff="perhaps",
        colour="red",
    )
    errors = errors_of(answer)
    assert set(errors) == {
        "author", "email", "content", "page", "page_title", "url", "parent", "lang",
        "idempotency_key", "ip", "user_agent", "referrer", "submitted_at", "author_id",
        "is_staff", "colour",
    }  # fmt: skip
    assert all(isinstance(message, str) and message for message in errors.values())
    assert house.stored() == 0


@pytest.mark.parametrize(
    ("name", "limit"),
    [("author", 120), ("page_title", 300), ("content", 15_000), ("idempotency_key", 255)],
)
def test_a_field_may_be_as_long_as_its_limit_and_no_longer(
    house: House, name: str, limit: int
) -> None:
    character = "k" if name == "idempotency_key" else "é"
    assert house.post(None, **{name: character * limit}).status_code == 202
    answer = house.post(None, **{name: "e" * (limit + 1)}, lang="en")
    assert list(errors_of(answer)) == [name]
    assert str(limit) in errors_of(answer)[name]


@pytest.mark.parametrize("name", ["author", "email", "content", "page"])
def test_what_a_site_requires_may_not_be_left_out_or_blank(house: House, name: str) -> None:
    for value in (None, "", " \t ", "\u200b\u2060"):
        assert name in errors_of(house.post(None, **{name: value}))


def test_an_anonymous_site_takes_comments_without_name_and_address(house: House) -> None:
    house.change_site(required=frozenset())
    assert house.post(author=None, email=None).status_code == 202
    assert house.post(author="", email="").status_code == 202


def test_an_anonymous_site_still_validates_an_address_that_is_given(house: House) -> None:
    house.change_site(required=frozenset())
    assert list(errors_of(house.post(email="nobody"))) == ["email"]


def test_a_site_may_require_more(house: House) -> None:
    house.change_site(required=frozenset({"author", "url", "page_title"}))
    assert set(errors_of(house.post(email=None))) == {"url", "page_title"}


@pytest.mark.parametrize(
    "name",
    [
        "AKPANRI Komla",
        "O'Neil",
        "李",
        "X",
        "José-María Ñ",
        "محمد",
        "Nguyễn Thị Ánh",
        "d’Alembert",
        "Σ",
    ],
)
def test_names_are_peoples(house: House, name: str) -> None:
    answer = house.post(author=name)
    assert house.record(json_of(answer)["id"]).comment.author == name


@pytest.mark.parametrize(
    "address",
    ["claire@exämple.fr", "δοκιμή@παράδειγμα.gr", "用户@例子.cn", "o'neil+tag@example.org"],
)
def test_internationalised_addresses_are_accepted(house: House, address: str) -> None:
    answer = house.post(email=address)
    record = house.record(json_of(answer)["id"])
    assert house.services.store.comments.personal(record).email == address


def test_an_address_of_a_throwaway_domain_is_noted_and_not_refused(house: House) -> None:
    answer = house.post(email="x@mailinator.com")
    assert answer.status_code == 202
    assert house.record(json_of(answer)["id"]).facts.email_is_disposable
    ordinary = house.post(email="x@example.org")
    assert not house.record(json_of(ordinary)["id"]).facts.email_is_disposable


def test_a_slip_in_an_address_is_answered_with_a_suggestion_never_a_refusal(house: House) -> None:
    answer = house.post(email="claire@gmial.com", lang="fr")
    assert answer.status_code == 202
    suggestion = json_of(answer)["suggestions"][0]
    assert suggestion["field"] == "email"
    assert suggestion["value"] == "claire@gmail.com"
    assert "claire@gmail.com" in suggestion["message"]


def test_a_good_address_gets_no_suggestion(house: House) -> None:
    assert "suggestions" not in json_of(house.post(email="claire@gmail.com"))


def test_a_parent_that_does_not_stand_there_is_an_error_of_its_field(house: House) -> None:
    elsewhere = house.publish(page="http://site.test/b")
    for parent in ("01JZ8Q6Q3D5W8W1XK2T9F4M7NB", elsewhere):
        assert list(errors_of(house.post(parent=parent))) == ["parent"]


def test_an_unknown_site_is_a_problem_of_its_own(house: House) -> None:
    answer = house.client.post("/v1/sites/nowhere/comments", json=comment_fields())
    assert_problem(answer, 404, "site-unknown")

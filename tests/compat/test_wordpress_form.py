"""A static copy of a WordPress site keeps its comment form: only the form's address changes."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from werkzeug.test import TestResponse

from service.exchange.arriving import Customs
from service.exchange.importing import Import
from service.exchange.scratch import Scratch
from service.exchange.wordpress import wxr
from service.moderation.verdict import Status
from service.store.sites import Limit
from tests.api.house import ORIGIN, PAGE, House
from tests.exchange.files import WXR

PATH = "/wp-comments-post.php"
FORM = {
    "comment": "Merci pour cet article très clair.",
    "author": "Zoé",
    "email": "zoe@example.org",
    "url": "",
    "submit": "Laisser un commentaire",
    "comment_post_ID": "1",
    "comment_parent": "0",
    "wp-comment-cookies-consent": "yes",
    "akismet_comment_nonce": "5f2a",
    "ak_hp_textarea": "",
}


def send(house: House, **changes: Any) -> TestResponse:
    """Send a form from an article; ``None`` leaves a field out."""
    headers = changes.pop("headers", {"Origin": ORIGIN, "Referer": PAGE})
    query = changes.pop("query", "")
    form = {name: value for name, value in {**FORM, **changes}.items() if value is not None}
    return house.client.post(PATH + query, data=form, headers=headers)


def only(house: House) -> Any:
    [[record]] = house.services.store.whole.by_time("demo")
    return record


def test_a_form_becomes_a_comment_on_its_page_and_leads_back_to_it(house: House) -> None:
    answer = send(house)
    assert answer.status_code == 302
    record = only(house)
    target = urlsplit(answer.headers["Location"])
    assert (target.path, target.fragment) == ("/a", f"comment-{record.comment.id}")
    told = parse_qs(target.query)
    assert told["unapproved"] == [record.comment.id]
    assert len(told["moderation-hash"][0]) == 32
    comment = record.comment
    assert (comment.page, comment.author, comment.content) == (PAGE, "Zoé", FORM["comment"])
    assert house.services.store.comments.personal(record).email == "zoe@example.org"
    house.drain()
    assert only(house).status is Status.APPROVED


def test_an_approved_comment_is_not_said_to_wait(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    from service.compat.wordpress import views

    def judged(_site: str, _comment_id: str) -> Status:
        house.drain()
        return only(house).told_status  # type: ignore[no-any-return]

    monkeypatch.setattr(views, "_status", judged)
    location = send(house).headers["Location"]
    assert location == f"{PAGE}#comment-{only(house).comment.id}"


@pytest.mark.parametrize(
    ("changes", "page"),
    [
        ({"redirect_to": f"{ORIGIN}/b?x=1"}, f"{ORIGIN}/b?x=1"),
        ({"redirect_to": "http://evil.test/b"}, PAGE),
        ({"headers": {"Origin": ORIGIN}}, f"{ORIGIN}/?p=1"),
        ({"headers": {"Origin": ORIGIN, "Referer": f"{ORIGIN}/"}}, f"{ORIGIN}/?p=1"),
        ({"headers": {"Referer": f"{PAGE}/comment-page-2/?replytocom=7#respond"}}, f"{PAGE}/"),
    ],
)
def test_the_page_is_told_by_where_the_form_leads_or_stands(
    house: House, changes: dict[str, Any], page: str
) -> None:
    answer = send(house, **changes)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith(f"{ORIGIN}/")
    assert only(house).comment.page == page


@pytest.mark.parametrize(
    ("said", "target"),
    [
        ("/merci/", f"{ORIGIN}/merci/"),
        ("merci?x=1", f"{ORIGIN}/merci?x=1"),
        (f"{ORIGIN}/merci/#oui", f"{ORIGIN}/merci/"),
        *((said, PAGE) for said in (
            "//evil.test/a", "///evil.test\\a", "/\\evil.test", "\\\\evil.test", "/a\r\nX-Evil: 1",
            "/\t/evil.test", "http://evil.test/", "javascript:alert(1)", "http://[", "",
            f"{ORIGIN}@evil.test/", f"{ORIGIN}.evil.test/",
        )),
    ],
)  # fmt: skip
def test_a_form_may_lead_to_a_page_of_thanks_on_its_own_origin(
    house: House, said: str, target: str
) -> None:
    answer = send(house, redirect_to=said)
    assert answer.status_code == 302
    assert only(house).comment.page == (target if "://" in said and target != PAGE else PAGE)
    parts = urlsplit(answer.headers["Location"])
    query = {
        name for name in parse_qs(parts.query) if name not in ("unapproved", "moderation-hash")
    }
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == target.partition("?")[0]
    assert query == set(parse_qs(urlsplit(target).query))


def test_a_path_to_go_on_to_names_the_page_where_nothing_else_does(house: House) -> None:
    send(house, redirect_to="/b/", headers={"Origin": ORIGIN})
    assert only(house).comment.page == f"{ORIGIN}/b/"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"comment": "long " * 4000}, "15000 characters at most"),
        ({"email": "nowhere"}, "an @ sign"),
        ({"author": "Zoé " * 200}, "characters at most"),
    ],
)
def test_what_was_filled_in_is_not_said_to_be_missing(
    house: House, changes: dict[str, Any], said: str
) -> None:
    text = send(house, query="?lang=en", **changes).get_data(as_text=True)
    assert said in text
    assert "required" not in text
    both = send(house, query="?lang=en", **{"author": None, "email": None, **changes})
    assert "Please fill the required fields." in both.get_data(as_text=True)


def test_a_number_answers_the_comment_that_was_imported_under_it(house: House) -> None:
    store = house.services.store
    document = WXR.replace("http://blog.test", ORIGIN).encode()
    customs = Customs("demo", store.vault)
    Import(store.imports, customs, Scratch(), lambda: 1).run(wxr([document]), lambda _report: None)
    headers = {"Referer": f"{ORIGIN}/quai/"}
    for above, expected in (("3", "Je réponds."), ("999", "")):
        answer = send(house, comment=f"À {above}", comment_parent=above, headers=headers)
        comment_id = urlsplit(answer.headers["Location"]).fragment.removeprefix("comment-")
        parent = house.record(comment_id).comment.parent
        found = store.comments.get("demo", parent).comment.content if parent else ""
        assert found == expected


@pytest.mark.parametrize(
    ("changes", "status", "said"),
    [
        ({"comment": " "}, 200, "Please fill the required fields."),
        ({"email": "nowhere"}, 200, "an @ sign"),
        ({"author": None}, 200, "Please fill the required fields."),
        ({"headers": {"Origin": "http://evil.test"}}, 403, "closed"),
        ({"headers": {}}, 403, "closed"),
        ({"query": "?site=nowhere"}, 404, "nothing by this address"),
        ({"comment_post_ID": "x", "headers": {"Origin": ORIGIN}}, 404, "nothing by this address"),
    ],
)
def test_what_is_wrong_is_said_on_a_plain_page(
    house: House, changes: dict[str, Any], status: int, said: str
) -> None:
    answer = send(house, **{"query": "?lang=en", **changes})
    text = answer.get_data(as_text=True)
    assert (answer.status_code, answer.mimetype) == (status, "text/html")
    assert '<body id="error-page">' in text
    assert house.stored() == 0
    if "lang" in changes.get("query", "lang"):
        assert said in text


def test_the_way_back_leads_to_the_form_and_nowhere_else(house: House) -> None:
    assert f'href="{PAGE}"' in send(house, comment="").get_data(as_text=True)
    headers = {"Origin": ORIGIN, "Referer": "http://evil.test/x"}
    assert "evil" not in send(house, comment="", headers=headers).get_data(as_text=True)


def test_the_same_again_is_a_duplicate_in_the_language_of_the_site(house: House) -> None:
    assert send(house).status_code == 302
    again = send(house)
    assert again.status_code == 409
    assert "Détection d’un doublon" in again.get_data(as_text=True)
    assert house.stored() == 1


def test_too_many_at_once_are_told_to_slow_down(house: House) -> None:
    house.change_site(limits={"ip": Limit(1, 600)})
    assert send(house).status_code == 302
    flood = send(house, comment="Et encore un mot.")
    assert flood.status_code == 429
    assert "trop rapidement" in flood.get_data(as_text=True)
    assert int(flood.headers["Retry-After"]) > 0


def test_other_methods_and_bodies_are_refused_as_wordpress_would(house: House) -> None:
    for method in ("get", "put", "delete"):
        answer = getattr(house.client, method)(PATH)
        assert answer.status_code == 405
        assert "POST" in answer.headers["Allow"]
        assert answer.mimetype == "text/html"
    headers = {"Origin": ORIGIN, "Referer": PAGE}
    assert house.client.post(PATH, json=FORM, headers=headers).status_code == 400
    huge = house.client.post(PATH, data={**FORM, "comment": "x" * 2_000_000}, headers=headers)
    assert (huge.status_code, huge.mimetype) == (413, "text/html")


def test_sites_that_share_an_origin_are_told_apart_by_the_forms_address(house: House) -> None:
    house.add_site("second", origins=(ORIGIN,))
    assert send(house).status_code == 403
    assert send(house, query="?site=demo").status_code == 302
    assert house.stored() == 1


def test_a_machine_that_fills_the_hidden_field_is_caught(house: House) -> None:
    send(house, ak_hp_textarea="buy")
    house.drain()
    assert only(house).status is not Status.APPROVED

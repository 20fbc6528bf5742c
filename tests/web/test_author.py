"""The author's page: opened by its link, without script, and by nobody else."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service.api.own import COOKIE
from service.moderation.verdict import Status
from service.store.keys import SiteKeys
from service.store.sites import Scope
from tests.api.house import ORIGIN, SPAM, House, comment_fields, json_of

EMAIL = "secret.author@example.org"
TEXT = "C'était une citation."
FRENCH = {"Accept-Language": "fr"}


class Author:
    """An author's browser, which sent a comment and kept the link."""

    def __init__(self, house: House, **fields: Any) -> None:
        receipt = json_of(house.post_as_server(email=EMAIL, ip="203.0.113.5", **fields))
        self.house, self.id = house, str(receipt["id"])
        self.link, self.path = str(receipt["links"]["author"]), f"/c/demo/{receipt['id']}"
        self.client: FlaskClient = house.app.test_client()
        house.drain()

    def enter(self) -> TestResponse:
        return self.client.get(self.link, headers=FRENCH, follow_redirects=True)

    def page(self, **headers: str) -> str:
        return self.get(**headers).get_data(as_text=True)

    def get(self, **headers: str) -> TestResponse:
        return self.client.get(self.path, headers={**FRENCH, **headers})

    def send(self, action: str, **fields: str) -> TestResponse:
        found = re.search(r'name="form_key" value="([^"]+)"', self.page())
        assert found is not None
        data = {"form_key": unescape(found[1]), **fields}
        return self.client.post(f"{self.path}/{action}", data=data, headers=FRENCH)


@pytest.fixture
def author(house: House) -> Author:
    made = Author(house)
    made.enter()
    return made


def refused(house: House) -> Author:
    made = Author(house, content=SPAM)
    assert house.record(made.id).status is Status.SPAM
    made.enter()
    return made


def test_the_link_opens_the_page_and_leaves_the_address_bar(house: House) -> None:
    author = Author(house)
    first = author.client.get(author.link)
    assert (first.status_code, first.headers["Location"]) == (303, author.path)
    cookie = first.headers["Set-Cookie"]
    for part in ("HttpOnly", "SameSite=Strict", f"Path={author.path}", "Max-Age=3600"):
        assert part in cookie
    shown = author.get()
    assert shown.status_code == 200
    assert "Votre commentaire est publié" in shown.get_data(as_text=True)
    assert "Merci pour cet article très clair." in shown.get_data(as_text=True)


def test_nothing_keeps_or_passes_on_the_page(author: Author) -> None:
    for answer in (
        author.get(),
        author.client.get(f"{author.path}/data"),
        author.client.get(author.link),
    ):
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Robots-Tag"] == "noindex"
        assert "script-src" not in answer.headers["Content-Security-Policy"]
        assert "Access-Control-Allow-Origin" not in answer.headers


def test_the_page_has_no_script_and_no_style_of_its_own(author: Author) -> None:
    page = author.page()
    assert "<script" not in page
    assert " style=" not in page
    assert 'name="robots" content="noindex"' in page


def test_another_site_s_page_may_not_read_it(author: Author) -> None:
    assert "Access-Control-Allow-Origin" not in author.get(Origin=ORIGIN).headers


@pytest.mark.parametrize("token", ["", "x", "é", "a" * 4000])
def test_without_the_token_the_page_stays_shut(house: House, token: str) -> None:
    author = Author(house)
    stranger = house.app.test_client()
    answer = stranger.get(author.path, query_string={"token": token, "again": "1"})
    assert answer.status_code == 403
    assert "Set-Cookie" not in answer.headers
    stranger.set_cookie(COOKIE, token.encode("ascii", "ignore").decode(), path=author.path)
    assert stranger.get(f"{author.path}?again=1").status_code == 403
    assert "Merci pour cet article" not in answer.get_data(as_text=True)


def test_a_comment_that_never_was_answers_like_one_that_is_not_yours(house: House) -> None:
    author = Author(house)
    stranger = house.app.test_client()
    answers = {
        (found.status_code, found.get_data())
        for path in (author.path, "/c/demo/01JZ8Q6Q3D5W8W1XK2T9F4M7NB", "/c/none/x", "/c/demo/x")
        if (found := stranger.get(f"{path}?again=1"))
    }
    assert len(answers) == 1


def test_the_token_of_one_comment_opens_no_other(house: House) -> None:
    author, other = Author(house), Author(house)
    token = author.link.partition("token=")[2]
    assert author.client.get(f"{other.path}?token={token}&again=1").status_code == 403


def test_coming_from_another_site_the_browser_is_asked_to_load_once_more(house: House) -> None:
    author = Author(house)
    first = author.client.get(author.path, headers={"Sec-Fetch-Site": "cross-site"})
    assert (first.status_code, first.headers["Refresh"]) == (200, f"0; url={author.path}?again=1")
    typed = author.client.get(author.path, headers={"Sec-Fetch-Site": "none"})
    assert typed.status_code == 403


def test_a_form_without_script_gives_the_browser_its_author_s_page(house: House) -> None:
    browser = house.app.test_client()
    posted = browser.post(
        "/v1/sites/demo/comments",
        data=comment_fields(),
        headers={"Origin": ORIGIN, "Accept": "text/html"},
    )
    comment_id = re.search(r"ecluse_comment=(\w+)", posted.headers["Location"])
    assert comment_id is not None
    assert "token" not in posted.headers["Location"]
    assert browser.get(f"/c/demo/{comment_id[1]}").status_code == 200


def test_the_demo_links_to_it(house: House) -> None:
    author = Author(house)
    query = {"ecluse_comment": author.id, "ecluse_status": "held"}
    assert f'href="{author.path}"' in house.client.get("/demo", query_string=query).get_data(
        as_text=True
    )
    query["ecluse_comment"] = "x"
    assert 'href="/c/' not in house.client.get("/demo", query_string=query).get_data(as_text=True)


def test_a_comment_is_changed_and_checked_again(house: House, author: Author) -> None:
    sent = author.send("edit", content="Encore mieux à la relecture.", author="Claire", url="")
    assert (sent.status_code, sent.headers["Location"]) == (303, f"{author.path}?done=edited")
    record = house.record(author.id)
    assert (record.status, record.comment.content) == (
        Status.RECEIVED, "Encore mieux à la relecture.",
    )  # fmt: skip
    assert "Vos modifications sont enregistrées" in author.client.get(
        sent.headers["Location"], headers=FRENCH
    ).get_data(as_text=True)


def test_what_is_wrong_stands_beside_its_field_and_nothing_written_is_lost(
    author: Author,
) -> None:
    sent = author.send("edit", content="   ", author="Une autre", url="")
    page = sent.get_data(as_text=True)
    assert sent.status_code == 422
    assert 'id="content-error">Ce champ est obligatoire' in page
    assert 'value="Une autre"' in page


def test_after_fifteen_minutes_edits_are_over_and_the_page_says_so(
    house: House, author: Author
) -> None:
    clock = house.stop_the_clock()
    key = re.search(r'name="form_key" value="([^"]+)"', author.page())
    assert key is not None
    clock.now += 901
    assert "/edit" not in author.page()
    assert "/withdraw" not in author.page()
    for action in ("edit", "withdraw"):
        data = {"form_key": unescape(key[1]), "content": "Trop tard."}
        sent = author.client.post(f"{author.path}/{action}", data=data, headers=FRENCH)
        assert sent.status_code == 409
        assert "ne peut plus être modifié" in sent.get_data(as_text=True)


def test_a_comment_is_withdrawn(house: House, author: Author) -> None:
    assert author.send("withdraw").status_code == 303
    assert house.record(author.id).is_withdrawn
    assert "Merci pour cet article" not in author.page()


def test_a_refused_author_reads_why_and_appeals(house: House) -> None:
    author = refused(house)
    page = author.page()
    assert "publicité" in page
    assert "/appeal" in page
    assert "/edit" not in page
    assert author.send("appeal", text="").status_code == 422
    assert author.send("appeal", text=TEXT).headers["Location"].endswith("?done=appealed")
    page = author.page()
    assert "Un modérateur doit encore y répondre" in page
    assert "/appeal" not in page
    assert house.services.store.appeals.count("demo") == 1


def test_a_decision_is_told_without_a_name(house: House) -> None:
    author = Author(house)
    author.enter()
    key = house.key(Scope.MODERATE)
    house.decide(key, id=author.id, action="reject", reason="hors sujet, dit Mo")
    page = author.page()
    assert "Un modérateur l’a refusé." in page
    assert "Mo" not in re.sub(r"<[^>]+>", "", page).replace("Modifier", "")
    assert "key:" not in page


def test_all_that_is_kept_is_downloaded(author: Author) -> None:
    answer = author.client.get(f"{author.path}/data")
    assert json_of(answer)["email"] == EMAIL
    assert "attachment" in answer.headers["Content-Disposition"]
    assert EMAIL not in author.page()


def test_erasing_asks_to_be_sure_and_is_for_good(house: House, author: Author) -> None:
    sent = author.send("erase")
    assert sent.status_code == 422
    assert "Cochez la case" in sent.get_data(as_text=True)
    assert not house.record(author.id).is_erased
    assert author.send("erase", sure="yes").headers["Location"].endswith("?done=erased")
    assert house.record(author.id).is_erased
    page = author.page()
    assert "Il ne reste rien de personnel" in page
    assert "/erase" not in page
    assert "Merci pour cet article" not in page


@pytest.mark.parametrize("action", ["edit", "withdraw", "appeal", "erase"])
def test_a_form_that_another_page_made_up_changes_nothing(
    house: House, author: Author, action: str
) -> None:
    before = house.record(author.id).version
    data = {"content": "x", "text": "x", "sure": "yes"}
    assert author.client.post(f"{author.path}/{action}", data=data).status_code == 403
    stranger = house.app.test_client()
    assert stranger.post(f"{author.path}/{action}", data=data).status_code == 403
    assert house.record(author.id).version == before


def test_there_is_no_other_action(author: Author) -> None:
    assert author.client.post(f"{author.path}/approve").status_code in {404, 405}


def test_markup_in_a_comment_stays_text(house: House) -> None:
    author = Author(house, content="<img src=x onerror=alert(1)> & <b>gras</b>", author="<i>")
    author.enter()
    page = author.page()
    assert "<img src=x" not in page
    assert "&lt;img src=x" in page


def test_a_ban_in_the_shadow_does_not_show(house: House) -> None:
    author = refused(house)
    client: Any = house.services.store.client
    key = SiteKeys("demo").comment(author.id)
    raw = client.hget(key, "verdict").replace(b'"spam.refuse"', b'"ban.shadow"')
    client.hset(key, "verdict", raw)
    page = author.page()
    assert "Un modérateur lira votre commentaire" in page
    assert "/appeal" not in page
    assert "/edit" in page
    assert "banni" not in page


def test_the_page_speaks_the_browser_s_language(author: Author) -> None:
    english = author.get(**{"Accept-Language": "en"})
    assert 'lang="en"' in english.get_data(as_text=True)
    assert english.headers["Content-Language"] == "en"
    assert "Votre commentaire" not in english.get_data(as_text=True)

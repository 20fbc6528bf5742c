"""The demo page as the server makes it: what a reader without script sees."""

from __future__ import annotations

from typing import Any

import pytest

from service.api.tokens import read_form_token
from service.moderation.comment import FormToken
from tests.api.house import PAGE, House, comment_fields
from tests.web.markup import Page

DEMO = "http://localhost/demo"
EMAIL = "claire.secret@example.org"


def demo(house: House, **query: str) -> Page:
    answer = house.client.get("/demo", query_string=query)
    assert answer.status_code == 200
    return Page(answer.get_data(as_text=True))


def publish(house: House, **fields: Any) -> str:
    return house.publish(**{"page": DEMO, "email": EMAIL, **fields})


def test_the_form_is_the_one_readers_know(house: House) -> None:
    page = demo(house)
    assert "Laisser un commentaire" in page.html
    assert "Votre adresse e-mail ne sera pas publiée." in page.html
    labels = [label.text.strip() for label in page.all("label")]
    assert labels[:4] == ["Commentaire", "Nom", "E-mail", "Site web"]


def test_the_form_as_it_stands_is_accepted_without_script(house: House) -> None:
    filled = {**demo(house).values(), **comment_fields(page=DEMO)}
    answer = house.client.post(
        "/v1/sites/demo/comments",
        data=filled,
        headers={"Origin": "http://localhost", "Accept": "text/html"},
    )
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith(f"{DEMO}?ecluse_comment=")


def test_the_form_carries_a_signed_time_and_a_trap_nobody_sees(house: House) -> None:
    page = demo(house)
    services = house.services
    token = page.values()["form_token"]
    found, age_s = read_form_token(services.store.vault, "demo", token, services.clock())
    assert found is FormToken.VALID
    assert age_s is not None
    trap = page.by_id("website").attributes
    assert trap["tabindex"] == "-1"
    assert any("aria-hidden" in element.attributes for element in page.all("div"))


def test_only_approved_comments_are_shown(house: House) -> None:
    publish(house, content="Un commentaire approuvé.")
    house.post_as_server(page=DEMO, content="Un commentaire en attente.")
    page = demo(house)
    assert "Un commentaire approuvé." in page.html
    assert "en attente" not in page.html
    assert page.by_id("count").text == "1"


def test_an_email_never_appears(house: House) -> None:
    publish(house)
    assert EMAIL not in demo(house).html


def test_what_visitors_wrote_is_escaped(house: House) -> None:
    publish(house, content="<script>alert(1)</script>", author='"><img src=x>')
    page = demo(house)
    assert [e.attributes["src"] for e in page.all("script")] == ["/static/demo.js"]
    assert page.all("img") == []


def test_a_comment_deleted_above_a_reply_leaves_its_place(house: House) -> None:
    parent = publish(house, content="Le premier.")
    publish(house, content="La réponse.", parent=parent, email="b@example.org")
    house.decide(house.key(), id=parent, action="delete")
    page = demo(house)
    assert "Le premier." not in page.html
    assert "Ce commentaire a été supprimé." in page.html
    assert "La réponse." in page.html


def test_a_reply_can_be_written_without_script(house: House) -> None:
    parent = publish(house, author="Claire <C>")
    page = demo(house, reply_to=parent)
    assert page.values()["parent"] == parent
    assert page.by_id("answered").text == "Claire <C>"
    assert "hidden" not in page.by_id("answering").attributes


@pytest.mark.parametrize("reply_to", ["", "x", "01JZ8Q6Q3D5W8W1XK2T9F4M7NB", "<script>"])
def test_a_reply_to_nothing_is_a_comment(house: House, reply_to: str) -> None:
    page = demo(house, reply_to=reply_to)
    assert page.values()["parent"] == ""
    assert "hidden" in page.by_id("answering").attributes


def test_a_reply_to_a_comment_of_another_page_is_a_comment(house: House) -> None:
    elsewhere = house.publish(page=PAGE)
    assert demo(house, reply_to=elsewhere).values()["parent"] == ""


def test_the_message_after_posting_is_shown_where_the_address_points(house: House) -> None:
    page = demo(house, ecluse_comment="x", ecluse_status="held")
    assert page.by_id("ecluse-held").attributes["role"] == "status"
    assert "Un modérateur lira votre commentaire" in page.html


def test_a_message_nobody_could_have_sent_is_not_shown(house: House) -> None:
    page = demo(house, ecluse_status="<b>hacked</b>")
    assert "hacked" not in page.html


def test_older_comments_are_a_link_away(house: House) -> None:
    house.change_site(limits={})
    for number in range(21):
        publish(house, content=f"Le message numéro {number} de cette longue série.")
    page = demo(house)
    older = next(a for a in page.all("a") if a.text == "Commentaires plus anciens")
    answer = house.client.get(older.attributes["href"])
    assert "Le message numéro 0 de" in answer.get_data(as_text=True)


def test_a_cursor_that_is_not_ours_shows_the_newest(house: House) -> None:
    publish(house, content="Le plus récent.")
    assert "Le plus récent." in demo(house, cursor="nonsense").html


def test_without_the_site_the_page_says_how_to_make_it(house: House) -> None:
    store = house.services.store
    store.client.flushdb()
    store.sites._known.clear()
    answer = house.client.get("/demo")
    assert answer.status_code == 404
    assert "ecluse sites create demo --origin http://localhost" in answer.get_data(as_text=True)


def test_an_origin_the_site_does_not_list_is_told_with_the_remedy(house: House) -> None:
    assert "ecluse sites update" not in demo(house).html
    house.change_site(origins=("http://site.test",))
    expected = "ecluse sites update demo --origin http://site.test --origin http://localhost"
    assert expected in demo(house).html


def test_the_page_is_never_kept_and_runs_only_our_script(house: House) -> None:
    headers = house.client.get("/demo").headers
    assert headers["Cache-Control"] == "no-store"
    assert "script-src 'self';" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]

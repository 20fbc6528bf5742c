"""The room of appeals: who sees it, what stands there, and how an answer is given."""

from __future__ import annotations

from typing import Any

import pytest

from service.moderation.verdict import Status
from service.store.staff.accounts import Role
from tests.api.house import SPAM, House, json_of
from tests.web.staff import Staffer, staffer

TEXT = "C'était une citation <b>du maire</b>."
ROOM = "/moderate/appeals"


def appealed(house: House, **fields: Any) -> str:
    sent = {"content": SPAM, "email": "secret@example.org", **fields}
    receipt = json_of(house.post_as_server(**sent))
    house.drain()
    house.client.post(
        f"/v1/sites/demo/comments/{receipt['id']}/appeal",
        json={"text": TEXT},
        headers={"Edit-Token": receipt["edit_token"]},
    )
    return str(receipt["id"])


@pytest.fixture
def mo(house: House) -> Staffer:
    made = staffer(house, "Mo")
    made.client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "fr"
    return made


def test_open_appeals_stand_with_comment_reasons_and_sentence(house: House, mo: Staffer) -> None:
    appealed(house)
    page = mo.get(ROOM).get_data(as_text=True)
    for said in ("casino bonus", "Les contrôles automatiques l’ont refusé.", "publicit"):
        assert said in page
    assert "citation &lt;b&gt;du maire" in page
    assert "secret@example.org" not in page


def test_granting_publishes_the_comment_and_comes_back(house: House, mo: Staffer) -> None:
    comment_id = appealed(house)
    sent = mo.post(f"{ROOM}/{comment_id}", {"site": "demo", "outcome": "granted"})
    assert (sent.status_code, sent.headers["Location"]) == (
        303, f"{ROOM}/?site=demo&done=granted",
    )  # fmt: skip
    assert house.record(comment_id).status is Status.APPROVED
    page = mo.get(sent.headers["Location"]).get_data(as_text=True)
    assert "Contestation acceptée" in page
    assert "Personne n’attend de réponse." in page
    assert "refus annulés\u00a0: 100" in page


def test_upholding_leaves_it_refused(house: House, mo: Staffer) -> None:
    comment_id = appealed(house)
    mo.post(f"{ROOM}/{comment_id}", {"site": "demo", "outcome": "upheld"})
    assert house.record(comment_id).status is Status.SPAM
    assert house.services.store.appeals.count("demo") == 0


def test_who_refused_sees_it_but_cannot_answer(house: House, mo: Staffer) -> None:
    receipt = json_of(house.post_as_server())
    house.drain()
    house.decide(mo.token, id=receipt["id"], action="reject", reason="hors sujet")
    house.client.post(
        f"/v1/sites/demo/comments/{receipt['id']}/appeal",
        json={"text": TEXT},
        headers={"Edit-Token": receipt["edit_token"]},
    )
    page = mo.get(ROOM).get_data(as_text=True)
    assert "Vous l’avez refusé vous-même" in page
    assert "hors sujet" in page
    assert 'value="granted"' not in page
    sent = mo.post(f"{ROOM}/{receipt['id']}", {"site": "demo", "outcome": "granted"})
    assert sent.status_code == 409
    assert "Qui a refusé un commentaire ne répond pas" in sent.get_data(as_text=True)
    assert 'value="granted"' in staffer(house, "Léa").get(ROOM).get_data(as_text=True)


def test_an_answer_that_is_none_or_comes_late_is_told(house: House, mo: Staffer) -> None:
    comment_id = appealed(house)
    assert mo.post(f"{ROOM}/{comment_id}", {"site": "demo"}).status_code == 422
    sent = {"site": "demo", "outcome": "upheld"}
    assert mo.post(f"{ROOM}/{comment_id}", sent).status_code == 303
    assert mo.post(f"{ROOM}/{comment_id}", sent).status_code == 404
    assert mo.post(f"{ROOM}/x", sent).status_code == 404


def test_an_answer_without_the_form_s_token_is_refused(house: House, mo: Staffer) -> None:
    comment_id = appealed(house)
    sent = mo.client.post(f"{ROOM}/{comment_id}", data={"site": "demo", "outcome": "granted"})
    assert sent.status_code == 403
    assert house.record(comment_id).status is Status.SPAM


def test_only_those_who_moderate_the_site_see_it(house: House) -> None:
    comment_id = appealed(house)
    house.add_site("other")
    assert staffer(house, "Ops", Role.OPS).get(ROOM).status_code == 403
    stranger = staffer(house, "Else", sites=frozenset({"other"}))
    assert "casino" not in stranger.get(ROOM).get_data(as_text=True)
    assert stranger.get(f"{ROOM}?site=demo").status_code == 404
    sent = stranger.post(f"{ROOM}/{comment_id}", {"site": "demo", "outcome": "granted"})
    assert sent.status_code == 404
    assert house.app.test_client().get(ROOM).status_code == 303


def test_many_appeals_are_shown_a_page_at_a_time(house: House, mo: Staffer) -> None:
    for number in range(21):
        appealed(house, author=f"Auteur {number}", email=f"a{number}@example.org")
    page = mo.get(ROOM).get_data(as_text=True)
    assert page.count("<article") == 20
    assert "cursor=" in page

"""Imported comments on the pages: nobody judged them, and they are shown all the same."""

from __future__ import annotations

from service.moderation.comment import Facts
from service.moderation.verdict import Status
from service.store.imports import Imported
from service.store.sealing import Personal
from service.store.staff.accounts import Role
from tests.api.house import House
from tests.conftest import comment_of
from tests.web.staff import staffer

NAME = "01JZ8Q6Q3D5W8W1XK2T9F4M7NB"


def test_a_held_comment_without_verdict_has_its_card_and_is_decided(house: House) -> None:
    comment = comment_of(NAME, "Importé, à relire.", submitted_at=1_795_000_000.0)
    item = Imported(comment, Personal(), Facts(), Status.HELD, 1, 1)
    house.services.store.imports.write("demo", [item])
    browser = staffer(house, "mo", Role.MODERATOR)
    assert "Importé, à relire." in browser.get("/moderate?site=demo").get_data(as_text=True)
    done = house.decide(house.key(), id=NAME, action="spam")
    assert done.status_code == 200
    assert house.record(NAME).status is Status.SPAM

"""The settings' page of the keys for clients of others' APIs: made, rotated, revoked; audited."""

from __future__ import annotations

import re

import pytest
from werkzeug.test import TestResponse

from service.store.doors.door_keys import Door, DoorKey
from service.store.staff.accounts import Role
from tests.api.house import House
from tests.compat.akismet import Blog
from tests.web.markup import Page
from tests.web.staff import Staffer, staffer
from tests.web.test_settings_pages import text_of, told

PATH = "/settings/demo/doors"
SHOWN = re.compile(r'<code class="token">([^<]+)</code>')


@pytest.fixture
def ann(house: House) -> Staffer:
    return staffer(house, "Ann", Role.ADMINISTRATOR)


def shown_in(answer: TestResponse) -> str:
    assert answer.status_code == 200, text_of(answer)
    assert answer.headers["Cache-Control"] == "no-store"
    found = SHOWN.search(text_of(answer))
    assert found is not None
    return found[1]


def made(ann: Staffer, door: str = "akismet") -> str:
    return shown_in(ann.post(PATH, {"door": door, "label": "Blog"}))


def kept(house: House) -> list[DoorKey]:
    return house.services.store.door_keys.of_site("demo")


def opens(house: House, token: str) -> bool:
    return bool(Blog(house, token).call("/1.1/verify-key", key=token).data == b"valid")


def test_a_key_is_shown_once_and_opens_its_door(house: House, ann: Staffer) -> None:
    token = made(ann)
    assert re.fullmatch("[0-9a-f]{12}", token)
    assert opens(house, token)
    listed = text_of(ann.get(PATH))
    assert "Blog" in listed
    assert "Akismet" in listed
    assert token not in listed
    [change] = told(house)
    assert (change["field"], change["actor"]) == ("key", "account:Ann")
    assert change["after"]["for"] == "akismet"
    assert token not in repr(change)


def test_a_rotated_key_works_beside_its_successor_until_it_is_revoked(
    house: House, ann: Staffer
) -> None:
    old = made(ann)
    [key] = kept(house)
    new = shown_in(ann.post(f"{PATH}/{key.id}/rotate", {"overlap_s": "86400"}))
    assert (opens(house, old), opens(house, new)) == (True, True)
    assert "éteinte le" not in text_of(ann.get(PATH))
    assert ann.post(f"{PATH}/{key.id}/revoke").status_code == 303
    assert (opens(house, old), opens(house, new)) == (False, True)
    assert len(told(house)) == 4
    assert ann.post(f"{PATH}/{key.id}/rotate", {"overlap_s": "0"}).status_code == 404


def test_a_key_rotated_with_no_overlap_ends_at_once(house: House, ann: Staffer) -> None:
    old = made(ann)
    [key] = kept(house)
    new = shown_in(ann.post(f"{PATH}/{key.id}/rotate", {"overlap_s": "0"}))
    assert (opens(house, old), opens(house, new)) == (False, True)


def test_no_other_overlap_than_those_offered_is_taken(house: House, ann: Staffer) -> None:
    made(ann)
    answer = ann.post(f"{PATH}/{kept(house)[0].id}/rotate", {"overlap_s": "99999999"})
    assert answer.status_code == 422
    assert len(kept(house)) == 1


def test_corals_secret_is_taken_and_never_shown_and_has_no_successor_of_ours(
    house: House, ann: Staffer
) -> None:
    sent = {"door": "coral", "label": "Journal", "secret": " made-by-coral "}
    assert ann.post(PATH, sent).status_code == 303
    assert house.services.store.door_keys.tokens("demo", Door.CORAL) == ["made-by-coral"]
    [key] = kept(house)
    listed = text_of(ann.get(PATH))
    assert "made-by-coral" not in listed + repr(told(house))
    assert f"{key.id}/rotate" not in listed
    assert ann.post(f"{PATH}/{key.id}/rotate").status_code == 409


@pytest.mark.parametrize(
    ("sent", "at"),
    [
        ({"door": "coral"}, "secret"),
        ({"door": "akismet", "secret": "mine"}, "secret"),
        ({"door": "coral", "secret": "x" * 257}, "secret"),
        ({"door": "mollom"}, "door"),
        ({}, "door"),
        ({"door": "openai", "label": "x" * 61}, "label"),
    ],
)
def test_a_wrong_field_is_told_beside_it_and_makes_no_key(
    house: House, ann: Staffer, sent: dict[str, str], at: str
) -> None:
    answer = ann.post(PATH, sent)
    assert answer.status_code == 422
    assert Page(text_of(answer)).errors().keys() == {at}
    assert "mine" not in text_of(answer)
    assert kept(house) == []


def test_moderators_and_administrators_of_other_sites_change_no_key(
    house: House, ann: Staffer
) -> None:
    made(ann)
    [key] = kept(house)
    house.add_site("other", origins=("https://other.test",))
    moderator = staffer(house, "Mo", Role.MODERATOR)
    elsewhere = staffer(house, "Uma", Role.ADMINISTRATOR, frozenset({"other"}))
    for deed in ("rotate", "revoke"):
        assert moderator.post(f"{PATH}/{key.id}/{deed}").status_code == 403
        assert elsewhere.post(f"{PATH}/{key.id}/{deed}").status_code == 404
        assert elsewhere.post(f"/settings/other/doors/{key.id}/{deed}").status_code == 404
    assert "revoke" not in text_of(moderator.get(PATH))
    assert kept(house) == [key]

"""One's own account: preferences, password, sessions, second factor."""

from __future__ import annotations

import re

import pyotp
import pytest

from service.store.staff.accounts import Role
from service.store.staff.door import SecondFactorNeeded
from service.store.staff.sessions import Visit
from service.web.staff.cookies import HALF_COOKIE
from service.web.staff.guard import COOKIE
from tests.api.house import PASSWORD, House
from tests.web.markup import Page
from tests.web.staff import Staffer, staffer

NEW = "an even better password"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
FACTOR = "/account/second-factor"


def visit(house: House) -> Visit:
    return Visit(int(house.services.clock() * 1000))


def is_open(house: House, token: str) -> bool:
    return house.services.store.door.signed_in(token, visit(house).now_ms) is not None


def another_session(house: House, name: str = "Aïcha") -> str:
    return house.services.store.door.sign_in(name, PASSWORD, visit(house))


def enrol(browser: Staffer, house: House) -> tuple[pyotp.TOTP, list[str]]:
    """Set a second factor up by the pages; return the app and the recovery codes."""
    begun = browser.post(f"{FACTOR}/begin", {"password": PASSWORD})
    assert begun.status_code == 303
    shown = Page(browser.get(begun.headers["Location"]).get_data(as_text=True))
    app = pyotp.TOTP(shown.by_id("secret").text.replace(" ", ""))
    answer = browser.post(f"{FACTOR}/confirm", {"code": app.at(int(house.services.clock()))})
    assert answer.status_code == 200
    codes = re.findall(r"<code>(.{19})</code>", answer.get_data(as_text=True))
    return app, codes


def test_preferences_change_the_pages_and_leave_the_keys_alone(house: House) -> None:
    browser = staffer(house)
    accounts = house.services.store.accounts
    before = accounts.get("Aïcha").preferences
    assert before.is_blurred
    wanted = {"lang": "fr", "theme": "dark", "is_greyscale": "on"}
    saved = browser.post("/account/preferences", wanted)
    assert saved.status_code == 303
    page = browser.get(saved.headers["Location"]).get_data(as_text=True)
    assert '<html lang="fr" dir="ltr" data-theme="dark" data-grey>' in page
    assert "Vos réglages sont enregistrés" in page
    kept = accounts.get("Aïcha").preferences
    assert (kept.is_blurred, kept.is_greyscale, kept.has_breaks) == (False, True, False)
    assert kept.keys == before.keys


def test_preferences_that_do_not_exist_are_none(house: House) -> None:
    browser = staffer(house)
    browser.post("/account/preferences", {"lang": "xx", "theme": "pink"})
    kept = house.services.store.accounts.get("Aïcha").preferences
    assert (kept.lang, kept.theme) == ("", "")


def test_a_new_password_ends_the_other_sessions_and_rotates_this_one(house: House) -> None:
    browser = staffer(house)
    other = another_session(house)
    answer = browser.post("/account/password", {"password": PASSWORD, "new_password": NEW})
    assert answer.status_code == 303
    assert not is_open(house, other)
    assert not is_open(house, browser.token)
    assert browser.get("/account/").status_code == 200
    assert house.services.store.door.sign_in("Aïcha", NEW, visit(house))


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [("wrong", NEW, "password"), (PASSWORD, "short", "new_password")],
)
def test_a_password_is_not_changed_by_mistake(house: House, old: str, new: str, field: str) -> None:
    browser = staffer(house)
    answer = browser.post("/account/password", {"password": old, "new_password": new})
    assert answer.status_code == 422
    assert list(Page(answer.get_data(as_text=True)).errors()) == [field]
    assert is_open(house, browser.token)


def test_guessing_the_password_of_an_open_session_is_throttled(house: House) -> None:
    browser = staffer(house)
    wrong = {"password": "wrong", "new_password": NEW}
    answers = [browser.post("/account/password", wrong).status_code for _ in range(9)]
    assert answers == [422] * 8 + [429]


def test_sessions_are_shown_with_their_browser_and_ended_one_by_one(house: House) -> None:
    browser = staffer(house)
    client = house.app.test_client()
    fields = {"name": "Aïcha", "password": PASSWORD}
    client.post("/sign-in", data=fields, headers={"User-Agent": FIREFOX})
    page = browser.get("/account/").get_data(as_text=True)
    assert "Firefox 140, Linux" in page
    [other] = re.findall(r'name="id" value="(\w+)"', page)
    assert browser.post("/account/sessions/end", {"id": other}).status_code == 303
    assert client.get("/account/").status_code == 303
    assert browser.post("/account/sessions/end", {"id": other}).status_code == 404
    assert is_open(house, browser.token)


def test_all_other_sessions_end_at_once(house: House) -> None:
    browser = staffer(house)
    others = [another_session(house) for _ in range(3)]
    browser.post("/account/sessions/end-others")
    assert [is_open(house, each) for each in others] == [False] * 3
    assert is_open(house, browser.token)


def test_nobody_ends_anothers_session(house: House) -> None:
    mine, theirs = staffer(house), staffer(house, "Zoé")
    found = house.services.store.door.signed_in(theirs.token, visit(house).now_ms)
    assert found is not None
    assert mine.post("/account/sessions/end", {"id": found.session.id}).status_code == 404
    assert is_open(house, theirs.token)


def test_a_session_ends_with_the_time(house: House) -> None:
    browser = staffer(house)
    clock = house.stop_the_clock()
    clock.now += house.services.settings.session_idle_s + 60
    assert browser.get("/account/").status_code == 303


def test_the_second_factor_is_set_up_by_text_address_or_picture(house: House) -> None:
    browser = staffer(house)
    browser.post(f"{FACTOR}/begin", {"password": PASSWORD})
    answer = browser.get(f"{FACTOR}/")
    html = answer.get_data(as_text=True)
    page = Page(html)
    secret = page.by_id("secret").text.replace(" ", "")
    uri = f"otpauth://totp/%C3%89cluse:A%C3%AFcha?secret={secret}&amp;issuer=%C3%89cluse"
    assert uri in html
    [svg] = page.all("svg")
    assert svg.attributes["role"] == "img"
    assert svg.attributes["aria-label"]
    assert "style" not in html.split("<body")[1]
    assert "unsafe" not in answer.headers["Content-Security-Policy"]


def test_signing_in_takes_two_steps_once_it_is_on(house: House) -> None:
    clock = house.stop_the_clock()
    browser = staffer(house)
    app, codes = enrol(browser, house)
    assert len(codes) == 10
    clock.now += 60
    client = house.app.test_client()
    fields = {"name": "Aïcha", "password": PASSWORD, "next": "/account/?a=1"}
    first = client.post("/sign-in", data=fields)
    assert first.status_code == 303
    assert first.headers["Location"].startswith("/sign-in/code")
    assert f"{COOKIE}=" not in first.headers["Set-Cookie"]
    assert f"{HALF_COOKIE}=" in first.headers["Set-Cookie"]
    assert client.get("/account/").status_code == 303
    asked = client.get(first.headers["Location"]).get_data(as_text=True)
    assert Page(asked).values()["next"] == "/account/?a=1"
    assert client.post("/sign-in/code", data={"code": "000000"}).status_code == 401
    code = {"code": app.at(int(clock.now)), "next": "/account/?a=1"}
    entered = client.post("/sign-in/code", data=code)
    assert entered.headers["Location"] == "/account/?a=1"
    assert client.get("/account/").status_code == 200


def test_the_code_page_sends_whoever_owes_none_to_the_beginning(house: House) -> None:
    assert house.client.get("/sign-in/code").headers["Location"] == "/sign-in"
    assert house.client.post("/sign-in/code", data={"code": "1"}).status_code == 401


def test_neither_setting_up_nor_taking_away_goes_without_the_password(house: House) -> None:
    browser = staffer(house)
    assert browser.post(f"{FACTOR}/begin", {"password": "wrong"}).status_code == 422
    enrol(browser, house)
    for path in ("off", "begin", "recovery-codes"):
        assert browser.post(f"{FACTOR}/{path}", {"password": "wrong"}).status_code == 422
    with pytest.raises(SecondFactorNeeded):
        another_session(house)
    assert browser.post(f"{FACTOR}/off", {"password": PASSWORD}).status_code == 303
    assert another_session(house)


def test_new_recovery_codes_are_shown_once(house: House) -> None:
    browser = staffer(house)
    _, old = enrol(browser, house)
    answer = browser.post(f"{FACTOR}/recovery-codes", {"password": PASSWORD})
    new = re.findall(r"<code>(.{19})</code>", answer.get_data(as_text=True))
    assert len(new) == 10
    assert not set(new) & set(old)
    assert new[0] not in browser.get(f"{FACTOR}/").get_data(as_text=True)


def test_signing_in_ends_the_session_the_browser_had(house: House) -> None:
    browser = staffer(house)
    browser.client.post("/sign-in", data={"name": "Aïcha", "password": PASSWORD})
    assert not is_open(house, browser.token)
    assert browser.get("/account/").status_code == 200


def test_every_role_has_an_account_page_in_its_language(house: House) -> None:
    for role, named in (
        (Role.ADMINISTRATOR, "Administration"),
        (Role.MODERATOR, "Modération"),
        (Role.OPS, "Exploitation"),
    ):
        answer = staffer(house, role.value, role).get(
            "/account/", headers={"Accept-Language": "fr"}
        )
        assert named in answer.get_data(as_text=True)

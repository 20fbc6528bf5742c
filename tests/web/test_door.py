"""The door of the staff's pages: who comes in, what a page may do, where one lands."""

from __future__ import annotations

import pytest

from service.store.staff.accounts import Account, Role
from service.store.staff.sessions import Visit
from service.store.staff.sign_in_limits import MAX_FAILURES
from service.web.staff.guard import COOKIE
from tests.api.house import PASSWORD, House
from tests.web.staff import staffer

ONE_TIME = "one time password"


def make_account(house: House, name: str = "Aïcha") -> None:
    house.services.store.accounts.create(Account(name, Role.MODERATOR), ONE_TIME)


def set_password(house: House) -> None:
    house.services.store.door.sign_in("Aïcha", ONE_TIME, now(house), PASSWORD)


def now(house: House) -> Visit:
    return Visit(int(house.services.clock() * 1000))


def is_open(house: House, token: str) -> bool:
    return house.services.store.door.signed_in(token, now(house).now_ms) is not None


def test_a_page_sends_a_stranger_to_sign_in_and_back(house: House) -> None:
    answer = house.client.get("/account/?a=1")
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/sign-in?next=/account/?a%3D1"


def test_the_bare_address_leads_in(house: House) -> None:
    answer = house.client.get("/")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in")
    moderator = staffer(house, "Ada", Role.MODERATOR)
    assert (
        moderator.get("/").headers["Location"]
        == moderator.get("/sign-in/onward").headers["Location"]
    )


def test_a_one_time_password_asks_for_a_new_one_in_the_same_form(house: House) -> None:
    make_account(house)
    client = house.app.test_client()
    asked = client.post("/sign-in", data={"name": "Aïcha", "password": ONE_TIME})
    assert asked.status_code == 403
    assert 'name="new_password"' in asked.get_data(as_text=True)
    fields = {"name": "Aïcha", "password": ONE_TIME, "new_password": PASSWORD}
    entered = client.post("/sign-in", data=fields)
    assert entered.status_code == 303
    landed = client.get(entered.headers["Location"], follow_redirects=True)
    assert "Aïcha" in landed.get_data(as_text=True)


def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(house: House) -> None:
    make_account(house)
    set_password(house)
    answer = house.app.test_client().post(
        "/sign-in", data={"name": "Aïcha", "password": PASSWORD}, base_url="https://localhost"
    )
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith(f"{COOKIE}=es_")
    assert all(word in cookie for word in ("HttpOnly", "Secure", "SameSite=Lax", "Path=/"))


def test_a_wrong_password_is_told_in_the_readers_language(house: House) -> None:
    make_account(house)
    answer = house.client.post(
        "/sign-in",
        data={"name": "Aïcha", "password": "wrong"},
        headers={"Accept-Language": "fr"},
    )
    assert answer.status_code == 401
    assert "ne correspondent pas" in answer.get_data(as_text=True)


def test_failed_sign_ins_are_throttled(house: House) -> None:
    make_account(house)
    wrong = {"name": "Aïcha", "password": "wrong"}
    for _ in range(MAX_FAILURES):
        house.client.post("/sign-in", data=wrong)
    answer = house.client.post("/sign-in", data=wrong)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/", "//evil.example", "/\\evil.example", "javascript:x",
        "/\t\\evil.example", "/\nevil.example",
    ],
)  # fmt: skip
def test_nobody_is_sent_to_another_host_after_signing_in(house: House, address: str) -> None:
    make_account(house)
    set_password(house)
    fields = {"name": "Aïcha", "password": PASSWORD, "next": address}
    answer = house.client.post("/sign-in", data=fields)
    assert answer.headers["Location"] == "/sign-in/onward"


def test_another_sites_page_cannot_sign_somebody_in(house: House) -> None:
    make_account(house)
    answer = house.client.post(
        "/sign-in",
        data={"name": "Aïcha", "password": ONE_TIME},
        headers={"Sec-Fetch-Site": "cross-site"},
    )
    assert answer.status_code == 403


def test_signing_out_ends_the_session(house: House) -> None:
    browser = staffer(house)
    assert browser.post("/sign-out").status_code == 303
    assert not is_open(house, browser.token)


def test_a_change_without_the_forms_token_is_refused(house: House) -> None:
    browser = staffer(house)
    assert browser.client.post("/sign-out", data={"csrf": "x"}).status_code == 403
    assert is_open(house, browser.token)


def test_every_page_forbids_scripts_and_frames_of_others(house: House) -> None:
    answer = staffer(house).get("/account/")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Cache-Control"] == "no-store"


def test_an_unknown_address_below_the_pages_is_answered_by_a_page(house: House) -> None:
    answer = staffer(house).get("/account/nothing", headers={"Accept-Language": "fr"})
    assert answer.status_code == 404
    assert answer.mimetype == "text/html"
    assert "<h1>" in answer.get_data(as_text=True)

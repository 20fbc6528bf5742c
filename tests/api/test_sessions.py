"""Signing in with a name and a password, and out again."""

from __future__ import annotations

import pyotp
import pytest
from werkzeug.test import TestResponse

from service.api.visits import browser_of
from service.store.staff.accounts import Account, Role
from service.store.staff.sign_in_limits import MAX_FAILURES
from tests.api.house import PASSWORD, House, assert_problem, bearer, errors_of, json_of

SESSIONS, QUEUE = "/v1/sessions", "/v1/moderation/queue"
ONCE = "one time password"


def sign_in(house: House, name: str, password: str, **more: str) -> TestResponse:
    return house.client.post(SESSIONS, json={"name": name, "password": password, **more})


@pytest.fixture
def manned(house: House) -> House:
    """A service with a moderator who has never signed in."""
    house.services.store.accounts.create(Account("komla", Role.MODERATOR), ONCE)
    return house


def test_a_one_time_password_opens_with_a_new_one_beside_it(manned: House) -> None:
    answer = sign_in(manned, "komla", ONCE, new_password=PASSWORD)
    assert answer.status_code == 201
    assert answer.headers["Cache-Control"] == "no-store"
    assert json_of(answer)["expires_in"] == manned.services.settings.session_ttl_s
    token = json_of(answer)["token"]
    assert manned.client.get(QUEUE, headers=bearer(token)).status_code == 200


def test_a_one_time_password_alone_opens_nothing(manned: House) -> None:
    assert_problem(sign_in(manned, "komla", ONCE), 403, "password-change-needed")


def test_a_one_time_password_opens_once(manned: House) -> None:
    sign_in(manned, "komla", ONCE, new_password=PASSWORD)
    assert_problem(sign_in(manned, "komla", ONCE, new_password=PASSWORD), 401, "sign-in-refused")
    assert sign_in(manned, "komla", PASSWORD).status_code == 201


@pytest.mark.parametrize("new", ["short", "eleven char", ONCE])
def test_a_new_password_is_long_and_new(manned: House, new: str) -> None:
    assert list(errors_of(sign_in(manned, "komla", ONCE, new_password=new))) == ["new_password"]
    assert_problem(sign_in(manned, "komla", ONCE), 403, "password-change-needed")


def test_a_wrong_name_and_a_wrong_password_are_answered_alike(manned: House) -> None:
    answers = [
        json_of(sign_in(manned, name, password))
        for name, password in (("komla", "wrong"), ("nobody", "wrong"), ("nobody", ONCE))
    ]
    for answer in answers:
        del answer["request_id"]
    assert answers[0] == answers[1] == answers[2]
    assert answers[0]["status"] == 401


def test_guessing_is_throttled_also_for_the_right_password(manned: House) -> None:
    for _ in range(MAX_FAILURES):
        assert sign_in(manned, "komla", "wrong").status_code == 401
    answer = sign_in(manned, "komla", ONCE, new_password=PASSWORD)
    assert_problem(answer, 429, "sign-in-throttled")
    assert 1 <= int(answer.headers["Retry-After"]) <= 900


def test_one_accounts_failures_do_not_lock_another(manned: House) -> None:
    for _ in range(MAX_FAILURES):
        sign_in(manned, "nobody", "wrong")
    assert sign_in(manned, "komla", ONCE, new_password=PASSWORD).status_code == 201


def test_after_signing_out_the_token_opens_nothing(manned: House) -> None:
    tokens = [
        json_of(sign_in(manned, "komla", password, **more))["token"]
        for password, more in ((ONCE, {"new_password": PASSWORD}), (PASSWORD, {}))
    ]
    assert manned.client.delete(SESSIONS, headers=bearer(tokens[0])).status_code == 204
    assert_problem(manned.client.get(QUEUE, headers=bearer(tokens[0])), 401, "unauthorised")
    assert manned.client.get(QUEUE, headers=bearer(tokens[1])).status_code == 200


@pytest.mark.parametrize("token", ["es_", "es_x", "es_" + "\xff" * 43, "es_" + "x" * 5_000])
def test_a_made_up_session_opens_nothing(manned: House, token: str) -> None:
    assert_problem(manned.client.get(QUEUE, headers=bearer(token)), 401, "unauthorised")


def test_a_session_is_no_key_to_post_with(manned: House) -> None:
    token = json_of(sign_in(manned, "komla", ONCE, new_password=PASSWORD))["token"]
    assert manned.post_as_server(token).status_code == 401


def test_no_password_lies_open_in_the_store(manned: House) -> None:
    sign_in(manned, "komla", ONCE, new_password=PASSWORD)
    stored = repr(manned.services.store.client.hgetall("ecluse:user:komla"))
    assert PASSWORD not in stored
    assert "argon2id" in stored


def enrol(house: House, name: str) -> pyotp.TOTP:
    """Give an account a second factor, set up ten minutes ago; return the app."""
    now_ms = int(house.services.clock() * 1000) - 600_000
    factor = house.services.store.second_factor
    app = pyotp.TOTP(factor.begin(name))
    factor.confirm(name, app.at(now_ms // 1000), now_ms)
    return app


def test_a_second_factor_wants_its_code_beside_the_password(manned: House) -> None:
    sign_in(manned, "komla", ONCE, new_password=PASSWORD)
    app = enrol(manned, "komla")
    assert_problem(sign_in(manned, "komla", PASSWORD), 401, "second-factor-needed")
    assert_problem(sign_in(manned, "komla", PASSWORD, code="000000"), 401, "code-refused")
    code = app.at(int(manned.services.clock()))
    assert_problem(sign_in(manned, "komla", "wrong", code=code), 401, "sign-in-refused")
    answer = sign_in(manned, "komla", PASSWORD, code=code)
    assert answer.status_code == 201
    assert manned.client.get(QUEUE, headers=bearer(json_of(answer)["token"])).status_code == 200
    assert_problem(sign_in(manned, "komla", PASSWORD, code=code), 401, "code-refused")


def test_sessions_of_programs_are_those_of_the_account_page(manned: House) -> None:
    sign_in(manned, "komla", ONCE, new_password=PASSWORD)
    headers = {"User-Agent": "curl/8.5.0"}
    fields = {"name": "komla", "password": PASSWORD}
    answer = manned.client.post(SESSIONS, json=fields, headers=headers)
    store, now_ms = manned.services.store, int(manned.services.clock() * 1000)
    kept = store.accounts.find("komla")
    assert kept is not None
    found = store.sessions.of("komla", kept.generation, now_ms)
    assert "curl/8.5.0" in {each.browser for each in found}
    store.sessions.end_all("komla")
    token = json_of(answer)["token"]
    assert manned.client.get(QUEUE, headers=bearer(token)).status_code == 401


ENGINE = "AppleWebKit/537.36 (KHTML, like Gecko)"
X11, WINDOWS = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0)", "Mozilla/5.0 (Windows NT 10.0; Win64)"
IPHONE, PHONE = "Mozilla/5.0 (iPhone; like Mac OS X)", "Mozilla/5.0 (Linux; Android 16)"


@pytest.mark.parametrize(
    ("user_agent", "named"),
    [
        (f"{X11} Gecko/20100101 Firefox/140.0", "Firefox 140, Linux"),
        (f"{WINDOWS} {ENGINE} Chrome/150.0.0.0 Safari/537.36 Edg/150.0.0.0", "Edge 150, Windows"),
        (f"{IPHONE} {ENGINE} Version/19.0 Mobile/15E148 Safari/604.1", "Safari 19, iPhone"),
        (f"{PHONE} {ENGINE} Chrome/150.0.0.0 Mobile Safari/537.36", "Chrome 150, Android"),
        ("python-requests/2.34.2", "python-requests/2.34.2"),
        ("<script>", ""),
        ("", ""),
    ],
)
def test_a_browser_is_named_in_a_few_words(user_agent: str, named: str) -> None:
    assert browser_of(user_agent) == named

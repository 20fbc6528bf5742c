"""Signing in with a name and a password, and out again."""

from __future__ import annotations

import pytest
from werkzeug.test import TestResponse

from service.store.accounts import MAX_FAILURES, Account, Role
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

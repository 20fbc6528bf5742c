"""Signing in with a provider: a real one, a process that the tests start."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from config.settings import Settings, SettingsInvalid
from service.provider import Provider, provider_of
from service.store.keys import sign_in_attempts_from
from service.store.staff.accounts import Account, Role
from service.store.staff.sign_in_limits import MAX_FAILURES_FROM
from tests.api.house import House
from tests.conftest import free_port
from tests.web.oidc_provider import CLIENT, SECRET, running

CLAIRE = {"sub": "u1", "email": "claire@example.org", "email_verified": True}
BACK = "/sign-in/oidc/back"
ISSUER = "https://id.example"


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """A provider that answers."""
    with running(free_port()) as address:
        yield address


@pytest.fixture
def joined(house: House, issuer: str) -> House:
    """A service that knows the provider, and an account for Claire."""
    house.replace(provider=Provider(issuer, CLIENT, SECRET, "Chez nous"))
    house.services.store.accounts.create_with(Account("claire@example.org", Role.MODERATOR), "")
    return house


def consent(client: FlaskClient, claims: dict[str, Any], fault: str = "", query: str = "") -> str:
    """Go to the provider and say who one is; return the address it sends the browser back to."""
    started = client.get(f"/sign-in/oidc{query}")
    assert started.status_code == 303, started.get_data(as_text=True)
    form = {"claims": json.dumps(claims), "fault": fault}
    agreed = requests.post(
        started.headers["Location"], data=form, allow_redirects=False, timeout=10
    )
    parts = urlsplit(agreed.headers["Location"])
    assert parts.path == BACK
    return f"{parts.path}?{parts.query}"


def come_back(
    house: House, claims: dict[str, Any], fault: str = ""
) -> tuple[FlaskClient, TestResponse]:
    client = house.app.test_client()
    return client, client.get(consent(client, claims, fault))


def is_in(client: FlaskClient) -> bool:
    return client.get("/account/").status_code == 200


def test_the_sign_in_page_leads_to_the_provider(joined: House) -> None:
    html = joined.client.get("/sign-in?next=/people/").get_data(as_text=True)
    assert "Sign in with Chez nous" in html
    assert 'href="/sign-in/oidc?next=/people/"' in html
    started = joined.client.get("/sign-in/oidc")
    sent = parse_qs(urlsplit(started.headers["Location"]).query)
    assert sent["client_id"] == [CLIENT]
    assert sent["code_challenge_method"] == ["S256"]
    assert sent["redirect_uri"] == [f"http://localhost{BACK}"]
    assert len(sent["state"][0]) == len(sent["nonce"][0]) == 43
    cookie = started.headers["Set-Cookie"]
    assert all(word in cookie for word in ("HttpOnly", "SameSite=Lax", "Path=/sign-in/oidc"))
    assert sent["state"][0] not in cookie


def test_whom_the_provider_vouches_for_is_in(joined: House) -> None:
    client = joined.app.test_client()
    answer = client.get(consent(client, CLAIRE, query="?next=/account/?a=1"))
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/account/?a=1"
    assert "claire@example.org" in client.get("/account/").get_data(as_text=True)


def test_a_user_name_is_matched_where_there_is_no_address(joined: House) -> None:
    joined.services.store.accounts.create_with(Account("ada", Role.OPS), "")
    client, _ = come_back(joined, {"sub": "u2", "preferred_username": "ada"})
    assert is_in(client)


@pytest.mark.parametrize(
    "fault",
    ["nonce", "audience", "issuer", "expired", "key", "unsigned", "denied", "mixed up"],
)  # fmt: skip
def test_a_word_that_does_not_hold_opens_nothing(joined: House, fault: str) -> None:
    client, answer = come_back(joined, CLAIRE, fault)
    assert answer.status_code == 403
    assert not is_in(client)


def test_an_address_nobody_verified_is_none(joined: House) -> None:
    for claims in ({**CLAIRE, "email_verified": False}, {"sub": "u1", "email": CLAIRE["email"]}):
        client, answer = come_back(joined, claims)
        assert answer.status_code == 403
        assert not is_in(client)


def test_an_answer_counts_once_and_in_the_browser_that_asked(joined: House) -> None:
    client, other = joined.app.test_client(), joined.app.test_client()
    other.get("/sign-in/oidc")
    address = consent(client, CLAIRE)
    assert other.get(address).status_code == 400
    assert joined.client.get(address).status_code == 400
    assert client.get(address).status_code == 303
    assert client.get(address).status_code == 400
    assert not is_in(other)


def test_a_cookie_we_did_not_sign_is_none(joined: House) -> None:
    client = joined.app.test_client()
    address = consent(client, CLAIRE)
    kept = client.get_cookie("ecluse_errand", path="/sign-in/oidc")
    assert kept is not None
    client.set_cookie("ecluse_errand", f"{kept.value}x", path="/sign-in/oidc")
    assert client.get(address).status_code == 400


def test_an_account_belongs_to_the_first_who_came_by_its_name(joined: House) -> None:
    come_back(joined, CLAIRE)
    client, answer = come_back(joined, {**CLAIRE, "sub": "somebody else"})
    assert answer.status_code == 403
    assert not is_in(client)
    assert is_in(come_back(joined, CLAIRE)[0])
    kinds = [each.kind for each in joined.services.store.general_audit.newest()]
    assert "oidc-other-subject" in kinds


def test_nobody_gets_an_account_unless_a_setting_names_a_role(joined: House) -> None:
    zoe = {"sub": "u3", "email": "zoe@example.org", "email_verified": True}
    assert come_back(joined, zoe)[1].status_code == 403
    assert not joined.services.store.accounts.is_known("zoe@example.org")
    joined.replace(settings=replace(joined.services.settings, oidc_role="ops"))
    assert is_in(come_back(joined, zoe)[0])
    assert joined.services.store.accounts.get("zoe@example.org").role is Role.OPS


def test_a_disabled_account_stays_out(joined: House) -> None:
    joined.services.store.people.disable("claire@example.org", "cli", 0)
    client, answer = come_back(joined, CLAIRE)
    assert answer.status_code == 403
    assert not is_in(client)


def test_a_deleted_account_does_not_come_back_by_itself(joined: House) -> None:
    joined.replace(settings=replace(joined.services.settings, oidc_role="ops"))
    joined.services.store.people.delete("claire@example.org", "cli", 0)
    assert come_back(joined, CLAIRE)[1].status_code == 403
    assert not joined.services.store.accounts.is_known("claire@example.org")


def test_a_second_factor_set_up_here_is_asked_for_all_the_same(joined: House) -> None:
    joined.services.store.client.hset("ecluse:user:claire@example.org", "totp", b"sealed")
    client, answer = come_back(joined, CLAIRE)
    assert answer.headers["Location"].startswith("/sign-in/code")
    assert not is_in(client)


def test_failing_there_is_throttled_by_address(joined: House) -> None:
    redis: Any = joined.services.store.client
    client, _ = come_back(joined, CLAIRE, "denied")
    [key] = redis.scan_iter(sign_in_attempts_from("*"))
    assert redis.get(key) == b"1"
    redis.set(key, MAX_FAILURES_FROM, keepttl=True)
    assert client.get(consent(client, CLAIRE)).status_code == 429


def test_a_provider_that_is_away_is_told_in_the_readers_language(house: House) -> None:
    house.replace(provider=Provider(f"http://127.0.0.1:{free_port()}", CLIENT, SECRET))
    answer = house.client.get("/sign-in/oidc", headers={"Accept-Language": "fr"})
    assert answer.status_code == 502
    assert "injoignable" in answer.get_data(as_text=True)


def test_another_issuer_than_the_one_set_is_none(house: House, issuer: str) -> None:
    house.replace(provider=Provider(issuer.replace("127.0.0.1", "localhost"), CLIENT, SECRET))
    assert house.client.get("/sign-in/oidc").status_code == 502


def test_without_a_provider_there_is_no_such_page(house: House) -> None:
    assert house.client.get("/sign-in/oidc").status_code == 404
    assert house.client.get(BACK).status_code == 404
    assert "/sign-in/oidc" not in house.client.get("/sign-in").get_data(as_text=True)


@pytest.mark.parametrize(
    "options",
    [
        {"oidc_issuer": "http://id.example", "oidc_client_id": "a", "oidc_client_secret": "b"},
        {"oidc_issuer": ISSUER, "oidc_client_id": "a"},
        {"oidc_issuer": ISSUER, "oidc_client_secret": "b"},
    ],
)
def test_a_provider_that_cannot_be_trusted_stops_the_start(options: dict[str, Any]) -> None:
    with pytest.raises(SettingsInvalid, match="ECLUSE_OIDC"):
        provider_of(Settings(**options))


def test_a_provider_is_called_by_its_name_or_its_host() -> None:
    options: dict[str, Any] = {
        "oidc_issuer": ISSUER,
        "oidc_client_id": "a",
        "oidc_client_secret": "b",
    }
    for name, called in (("", "id.example"), ("Chez nous", "Chez nous")):
        found = provider_of(Settings(**options, oidc_name=name))
        assert found is not None
        assert found.name == called
    assert provider_of(Settings()) is None

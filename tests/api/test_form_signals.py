"""The trap field and the form's time stamp: they speak to the checks, they never refuse."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.test import TestResponse

from service.moderation.comment import Facts, FormToken
from tests.api.house import House, json_of

DAY_S = 86_400


def form_token(house: House, site: str = "demo") -> str:
    answer = house.client.get(f"/v1/sites/{site}/form-token")
    assert answer.headers["Cache-Control"] == "no-store"
    return str(json_of(answer)["form_token"])


def facts(house: House, answer: TestResponse) -> Facts:
    assert answer.status_code == 202
    return house.record(json_of(answer)["id"]).facts


def test_a_valid_token_tells_how_long_the_form_was_open(house: House) -> None:
    clock = house.stop_the_clock()
    token = form_token(house)
    clock.now += 42
    found = facts(house, house.post_form(form_token=token))
    assert found.form_token is FormToken.VALID
    assert found.seconds_to_submit == pytest.approx(42, abs=0.11)


def test_a_form_sent_too_fast_is_a_signal(house: House) -> None:
    house.stop_the_clock()
    answer = house.post_form(form_token=form_token(house))
    assert facts(house, answer).seconds_to_submit == pytest.approx(0, abs=0.11)
    house.drain()
    verdict = house.record(json_of(answer)["id"]).verdict
    assert verdict is not None
    assert "form.too_fast" in {e.code for s in verdict.signals for e in s.evidence}


def test_a_token_of_yesterday_is_expired(house: House) -> None:
    clock = house.stop_the_clock()
    token = form_token(house)
    clock.now += DAY_S + 1
    assert facts(house, house.post(form_token=token)).form_token is FormToken.EXPIRED


@pytest.mark.parametrize(
    "forge",
    [
        lambda token: "x" + token[1:],
        lambda token: token[:-1],
        lambda token: token + "x",
        lambda token: token.replace("~", "."),
        lambda token: "nan~" + token.partition("~")[2],
        lambda _token: "~",
        lambda _token: "é",
    ],
)
def test_a_forged_token_is_noted(house: House, forge: Any) -> None:
    found = facts(house, house.post(form_token=forge(form_token(house))))
    assert found.form_token is FormToken.FORGED
    assert found.seconds_to_submit is None


def test_another_sites_token_is_forged_here(house: House) -> None:
    house.add_site("other")
    found = facts(house, house.post(form_token=form_token(house, "other")))
    assert found.form_token is FormToken.FORGED


def test_a_missing_token_is_noted_of_browsers_and_not_expected_of_servers(house: House) -> None:
    assert facts(house, house.post()).form_token is FormToken.ABSENT
    assert facts(house, house.post_as_server()).form_token is FormToken.NOT_EXPECTED


@pytest.mark.parametrize("filled", ["http://spam.example", " ", 5, ["x"], {"a": 1}, True])
def test_a_filled_trap_is_noted_and_not_refused(house: House, filled: object) -> None:
    trap = json_of(house.client.get("/v1/sites/demo/form-token"))["honeypot"]
    assert facts(house, house.post(None, **{trap: filled})).honeypot_filled


def test_an_empty_trap_is_as_it_should_be(house: House) -> None:
    trap = json_of(house.client.get("/v1/sites/demo/form-token"))["honeypot"]
    for answer in (
        house.post(),
        house.post(None, **{trap: ""}),
        house.post_form(None, **{trap: ""}),
    ):
        assert not facts(house, answer).honeypot_filled


def test_a_filled_trap_is_no_sure_approval(house: House) -> None:
    answer = house.post_form(website="http://spam.example")
    house.drain()
    assert house.record(json_of(answer)["id"]).status != "approved"

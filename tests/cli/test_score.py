"""`ecluse score`: no server at all."""

from __future__ import annotations

from tests.cli.conftest import Ecluse

FRIENDLY = "Je ne suis pas d'accord avec le troisième paragraphe, mais la source est intéressante."
SPAM = (
    "BUY CHEAP VIAGRA NOW http://pills.example.biz http://casino.example.biz "
    "http://loans.example.biz click here"
)
NOWHERE = {"REDIS_URL": "unix:///nowhere", "QUEUE_URL": "unix:///nowhere"}


def test_a_friendly_text_is_approved(ecluse: Ecluse) -> None:
    answer = ecluse("score", FRIENDLY, "--lang", "fr", "--json", **NOWHERE)
    assert answer.code == 0
    assert answer.data["action"] == "approve"
    assert answer.data["unscreened"] == []


def test_advertising_is_not_approved_and_the_reasons_are_sentences(ecluse: Ecluse) -> None:
    data = ecluse("score", SPAM, "--json", "--explain", **NOWHERE).data
    assert data["action"] != "approve"
    assert data["reasons"]
    assert all(reason[0].isupper() for reason in data["reasons"])
    assert any(signal["check"].startswith("spam.") for signal in data["signals"])


def test_the_text_comes_from_standard_input_too(ecluse: Ecluse) -> None:
    piped = ecluse("score", "-", "--json", stdin=SPAM, **NOWHERE)
    assert piped.data == ecluse("score", SPAM, "--json", **NOWHERE).data


def test_people_get_text(ecluse: Ecluse) -> None:
    assert ecluse("score", FRIENDLY, "--lang", "fr", "--explain").out.startswith("approve (clean)")

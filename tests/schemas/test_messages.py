"""Which language is chosen, and how a sentence is filled in."""

from __future__ import annotations

import pytest

from service.schemas.messages import Message, best_language, translate
from service.schemas.text import REQUIRED, TOO_LONG


def chosen(wanted: str = "", accepted: str = "", fallback: str = "en") -> str:
    return best_language(wanted, accepted, fallback)


@pytest.mark.parametrize(
    ("wanted", "accepted", "fallback", "expected"),
    [
        ("fr", "en", "en", "fr"),
        ("FR-ca", "", "en", "fr"),
        ("de", "fr", "en", "fr"),
        ("", "de, en;q=0.3", "fr", "en"),
        ("", "de", "fr", "fr"),
        ("", "*", "en", "en"),
        ("", "*", "fr", "fr"),
        ("", "de, *;q=0.5", "en", "en"),
        ("", "fr;q=0, *", "en", "en"),
        ("", "", "de", "en"),
        ("", "", "", "en"),
    ],
)
def test_the_wish_goes_first_then_the_browser_then_the_site(
    wanted: str, accepted: str, fallback: str, expected: str
) -> None:
    assert chosen(wanted, accepted, fallback) == expected


def test_a_sentence_is_filled_in_in_its_language() -> None:
    message = Message(TOO_LONG, limit=120, length=121)
    assert message == "This is too long: 120 characters at most, here 121."
    french = translate(message, "fr")
    assert french != message
    assert "120" in french
    assert "121" in french


def test_a_sentence_without_a_translation_stays_english() -> None:
    assert translate("Nobody has translated this.", "fr") == "Nobody has translated this."
    assert translate(REQUIRED, "de") == REQUIRED

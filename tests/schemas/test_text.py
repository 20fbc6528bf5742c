"""Text fields: what may pass, what is refused, and that nothing else happens to a text."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import Schema, ValidationError

from service.schemas.text import (
    HAS_CONTROLS,
    HAS_MARKS,
    HAS_OVERRIDES,
    MULTILINE,
    NOT_TEXT,
    NOT_UNICODE,
    REQUIRED,
    Text,
    is_blank,
)


class Form(Schema):
    line = Text(limit=20)
    text = Text(limit=200, multiline=True)
    needed = Text(limit=20, required=True)


def load(**fields: object) -> dict[str, str]:
    loaded: dict[str, str] = Form(partial=True).load(fields)
    return loaded


def message(**fields: object) -> str:
    with pytest.raises(ValidationError) as error:
        load(**fields)
    found: Any = error.value.messages
    ((only,),) = found.values()
    return str(only)


def test_outer_white_space_goes_and_line_ends_become_one_kind() -> None:
    assert load(text="  a\r\nb\rc\n\n") == {"text": "a\nb\nc"}


def test_the_limit_counts_characters_not_bytes_and_not_outer_space() -> None:
    assert load(line=" " + "👍" * 20 + " ") == {"line": "👍" * 20}
    assert message(line="a" * 21) == "This is too long: 20 characters at most, here 21."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\x00b", HAS_CONTROLS),
        ("a\x1bb", HAS_CONTROLS),
        ("a\x9db", HAS_CONTROLS),
        ("a\ufffab", HAS_CONTROLS),
        ("a\u202eb", HAS_OVERRIDES),
        ("a" + "\u0300" * 9, HAS_MARKS),
        ("a" + "\U000e0100" * 9, HAS_MARKS),
        ("a\ud800b", NOT_UNICODE),
    ],
)
def test_what_is_refused_is_named(text: str, expected: str) -> None:
    assert message(line=text) == expected
    assert message(text=text) == expected


def test_a_line_is_one_line() -> None:
    for breaking in ("a\nb", "a\tb", "a\u2028b"):
        assert message(line=breaking) == MULTILINE
        assert load(text=breaking) == {"text": breaking}


def test_embedded_directions_pass_in_a_text_only() -> None:
    assert load(text="a\u2067b\u2069") == {"text": "a\u2067b\u2069"}
    assert message(line="a\u2067b\u2069") == HAS_OVERRIDES


@pytest.mark.parametrize("value", [5, 1.5, True, [], {}])
def test_what_is_no_text_is_named_so(value: object) -> None:
    assert message(line=value) == NOT_TEXT


@pytest.mark.parametrize("value", ["", " \n ", "\u200b", "\u3164\u2060", None])
def test_a_required_text_can_be_seen(value: str | None) -> None:
    assert message(needed=value) == REQUIRED


def test_eight_marks_on_a_letter_are_still_writing() -> None:
    assert load(line="a" + "\u0300" * 8) == {"line": "a" + "\u0300" * 8}


@given(st.text(max_size=220))
def test_any_text_is_taken_as_it_is_or_refused(text: str) -> None:
    try:
        taken = load(text=text)["text"]
    except ValidationError:
        return
    assert taken == text.replace("\r\n", "\n").replace("\r", "\n").strip()
    assert not {unicodedata.category(c) for c in taken} & {"Cc"} or set(taken) & {"\n", "\t"}
    taken.encode()


@given(st.characters())
def test_a_text_of_one_visible_character_is_not_blank(character: str) -> None:
    if unicodedata.category(character)[0] in "LNPS" and character not in "\u115f\u1160\u3164":
        assert not is_blank(character)

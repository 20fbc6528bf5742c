"""The submission's schema as each kind of caller meets it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError

from service.schemas.submission import (
    TRUSTED,
    Moment,
    ServerSubmissionSchema,
    SubmissionSchema,
    edit_schema,
    is_comment_id,
    is_idempotency_key,
    submission_schema,
)

GOOD = {"author": "Claire", "email": "c@example.org", "content": "Merci.", "page": "p"}
REQUIRED_NAMES = frozenset({"author", "email"})


def errors(*, is_server: bool = False, is_form: bool = False, **fields: Any) -> set[str]:
    schema = submission_schema(REQUIRED_NAMES, is_server=is_server, is_form=is_form)
    return set(schema.validate({**GOOD, **fields}))


def test_what_only_servers_may_send_is_what_only_their_schema_has() -> None:
    servers, browsers = ServerSubmissionSchema().fields, SubmissionSchema().fields
    assert servers.keys() - browsers.keys() == TRUSTED


def test_one_sites_requirements_are_not_anothers() -> None:
    strict = submission_schema(frozenset({"url"}), is_server=False, is_form=False)
    free = submission_schema(frozenset(), is_server=False, is_form=False)
    assert set(strict.validate({"content": "x", "page": "p"})) == {"url"}
    assert free.validate({"content": "x", "page": "p"}) == {}
    assert not SubmissionSchema().fields["url"].required


def test_one_sites_rule_for_edits_is_not_anothers() -> None:
    blank = {"content": "x", "author": ""}
    assert set(edit_schema(frozenset({"author"}), is_form=False).validate(blank)) == {"author"}
    assert edit_schema(frozenset(), is_form=False).validate(blank) == {}


def test_an_edit_need_not_repeat_what_stays() -> None:
    loaded = edit_schema(REQUIRED_NAMES, is_form=False).load({"content": "x"})
    assert loaded == {"content": "x"}


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("2024-05-06T07:08:09Z", 1_714_979_289),
        ("2024-05-06T09:08:09+02:00", 1_714_979_289),
        ("2024-05-06T07:08:09", 1_714_979_289),
        (1_714_979_289, 1_714_979_289),
        (1_714_979_289.5, 1_714_979_289.5),
    ],
)
def test_a_moment_may_be_written_in_several_ways(written: Any, seconds: float) -> None:
    assert Moment().deserialize(written) == seconds


@given(st.one_of(st.floats(), st.integers(), st.text(), st.booleans(), st.lists(st.integers())))
def test_anything_is_a_moment_of_our_time_or_a_validation_error(value: Any) -> None:
    try:
        moment = Moment().deserialize(value)
    except ValidationError:
        return
    assert 0 < moment < 4_102_444_800


def test_an_id_is_a_ulid() -> None:
    assert is_comment_id("01JZ8Q6Q3D5W8W1XK2T9F4M7NB")
    for wrong in ("", "01jz8q6q3d5w8w1xk2t9f4m7nb", "0" * 25, "0" * 27, "U" * 26, "0" * 26 + "\n"):
        assert not is_comment_id(wrong)


def test_an_idempotency_key_is_visible_ascii() -> None:
    assert is_idempotency_key("8e03978e-40d5-43dd-bc93-6894a57f9324")
    for wrong in ("", " ", "a b", "é", "a\n", "k" * 256):
        assert not is_idempotency_key(wrong)


def test_unknown_fields_are_refused_unless_from_a_form() -> None:
    assert errors(colour="red") == {"colour"}
    assert errors(is_server=True, colour="red") == {"colour"}
    assert errors(is_form=True, colour="red") == set()

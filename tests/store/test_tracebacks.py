"""What of a traceback is kept."""

from __future__ import annotations

import traceback

from hypothesis import given
from hypothesis import strategies as st
from redis.exceptions import ConnectionError as RedisConnectionError

from service.store.tracebacks import MASK, exception_of, masked_traceback

SECRET = "You idiot, write to jane@example.org"


def raised(error: BaseException) -> str:
    try:
        raise error
    except type(error) as caught:
        return "".join(traceback.format_exception(caught))


def test_the_frames_and_the_kind_of_the_exception_are_kept() -> None:
    masked = masked_traceback(raised(ValueError(SECRET)))
    assert masked.startswith("Traceback (most recent call last):\n  File ")
    assert "in raised" in masked
    assert masked.endswith(f"\nValueError: {MASK}")
    assert exception_of(masked) == "ValueError"


def test_a_message_about_a_server_is_kept_without_addresses() -> None:
    error = RedisConnectionError("Error 111 connecting to 192.0.2.7:6379 for jane@example.org.")
    masked = masked_traceback(raised(error))
    said = masked.splitlines()[-1]
    assert said.startswith("redis.exceptions.ConnectionError: Error 111 connecting to")
    assert "192.0.2.7" not in masked
    assert "jane" not in masked


def test_a_message_about_code_is_kept() -> None:
    masked = masked_traceback(raised(AttributeError("'str' object has no attribute 'x'")))
    assert masked.endswith("AttributeError: 'str' object has no attribute 'x'")


def test_the_causes_of_an_exception_are_kept_and_masked() -> None:
    error = RuntimeError(SECRET)
    error.__cause__ = ValueError(SECRET)
    masked = masked_traceback(raised(error))
    assert f"ValueError: {MASK}" in masked
    assert "direct cause" in masked
    assert masked.endswith(f"RuntimeError: {MASK}")


@given(st.text())
def test_nothing_of_a_message_of_any_shape_is_kept(message: str) -> None:
    kept = masked_traceback(raised(ValueError(f"zebra-{message}\nzebra {message}\nzebra: z")))
    plain = masked_traceback(raised(ValueError("x")))
    said = kept.removeprefix(plain.removesuffix(f"ValueError: {MASK}"))
    assert "zebra" not in said


@given(st.text())
def test_any_text_can_be_masked_and_again(text: str) -> None:
    once = masked_traceback(text)
    assert masked_traceback(once) == once


def test_a_message_that_looks_like_a_frame_is_all_that_gets_through_of_one() -> None:
    masked = masked_traceback(raised(ValueError(f"a\nTypeError: {SECRET}\n    {SECRET}")))
    assert SECRET not in masked


def test_of_an_endless_traceback_the_end_is_kept() -> None:
    text = raised(ValueError("x")).replace("Trace", "\n" * 100_000 + "Trace", 1)
    assert masked_traceback(text).endswith(MASK)
    assert exception_of("") == ""

"""How long a server asks to be left alone: in seconds, by a date, or not at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.remote.retry_after import seconds_asked

NOW_S = 1_795_718_400.0
"""Thu, 26 Nov 2026 18:40:00 GMT"""


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        (" 0 ", 0),
        ("Thu, 26 Nov 2026 18:41:00 GMT", 61),
        ("Thursday, 26-Nov-26 18:41:00 GMT", 61),
        ("Thu, 26 Nov 2026 18:00:00 GMT", 0),
        ("9" * 5000, 10**9),
        ("", 0),
        ("-5", 0),
        ("1.5", 0),
        ("soon", 0),
        ("Thu, 99 Nov 2026 18:41:00 GMT", 0),
        ("\u0661\u0662", 0),
    ],
)
def test_a_number_or_a_date_is_understood_and_nothing_else(value: str, seconds: int) -> None:
    assert seconds_asked(value, NOW_S) == seconds


@given(st.text(max_size=200))
def test_whatever_it_says_it_is_no_fault_of_ours(value: str) -> None:
    assert seconds_asked(value, NOW_S) >= 0

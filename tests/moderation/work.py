"""How much is done, as a number that is the same on every machine: functions called."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any


def calls_in(act: Callable[[str], object], text: str) -> int:
    """Return how many functions ``act`` calls and returns from on a text, ours and built-in ones.

    It is done once before, so that what is kept from the first time does not count. What goes
    on inside one search of a regular expression is not seen here: its time is measured by
    bench/checks.py, on texts as hostile as these.
    """
    act(text)
    count = 0

    def counted(_frame: FrameType, _event: str, _argument: Any) -> None:
        nonlocal count
        count += 1

    before = sys.getprofile()
    sys.setprofile(counted)
    try:
        act(text)
    finally:
        sys.setprofile(before)
    return count


def assert_work_in_proportion(
    act: Callable[[str], object], text_of: Callable[[int], str], length: int, per_char: int
) -> None:
    """Check that a text twice as long takes twice the work, and each character a bounded part."""
    half, whole = (calls_in(act, text_of(size)) for size in (length // 2, length))
    assert whole < 2.2 * half + length / 10
    assert whole < per_char * length

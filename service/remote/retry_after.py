"""How long a server asks to be left alone: its ``Retry-After`` (RFC 9110, section 10.2.3)."""

from __future__ import annotations

import datetime as dt
from email.utils import parsedate_to_datetime

LONGEST = 100
"""Characters that are looked at; a date has 29."""
MOST_DIGITS = 9


def seconds_asked(value: str, now_s: float) -> int:
    """Return the seconds, from now on, that ``value`` asks for; 0 where it says none.

    It is a number of seconds or a date; ``now_s`` is the time, in seconds since the epoch.
    """
    text = value.strip()
    if text.isascii() and text.isdigit():
        return int(text) if len(text) <= MOST_DIGITS else 10**MOST_DIGITS
    try:
        at = parsedate_to_datetime(text[:LONGEST])
        return max(0, int(at.replace(tzinfo=at.tzinfo or dt.UTC).timestamp() - now_s) + 1)
    except (ValueError, TypeError, OverflowError):
        return 0

"""Moments and days as a page shows them."""

from __future__ import annotations

from datetime import UTC, datetime

from babel.dates import format_date, format_time


def moment(at_ms: int, tongue: str) -> str:
    """Return a moment to the minute, in Coordinated Universal Time."""
    at = datetime.fromtimestamp(at_ms / 1000, UTC)
    day, time = format_date(at, "medium", tongue), format_time(at, "short", UTC, tongue)
    return f"{day}, {time} UTC"


def machine_moment(at_ms: int) -> str:
    """Return a moment as the ``datetime`` attribute of a ``time`` element has it."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="seconds")

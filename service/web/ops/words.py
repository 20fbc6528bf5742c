"""Numbers, times and durations as an operator reads them, in the reader's language."""

from __future__ import annotations

import datetime as dt

from babel.dates import format_datetime, format_timedelta
from babel.numbers import format_decimal, format_percent
from babel.units import format_unit

from service.api.language import language

NONE = "–"
MEGABYTE = 1024 * 1024
FINE_BELOW = 10


def count(number: int | None) -> str:
    """Return a whole number with its groups."""
    return NONE if number is None else format_decimal(number, locale=language())


def rate(number: float | None) -> str:
    """Return a number with one place where it is small."""
    if number is None:
        return NONE
    pattern = "#,##0.#" if number < FINE_BELOW else "#,##0"
    return format_decimal(number, pattern, locale=language())


def fine(number: float | None) -> str:
    """Return a small number with three places."""
    return NONE if number is None else format_decimal(number, "#,##0.###", locale=language())


def share(number: float | None) -> str:
    """Return a share of 1 in percent."""
    return NONE if number is None else format_percent(number, "#,##0.#\u00a0%", locale=language())


def milliseconds(number: float | None) -> str:
    """Return a time given in ms, in ms or in seconds."""
    if number is None:
        return NONE
    if number < 1_000:
        return f"{rate(number)}\u00a0ms"
    return f"{rate(number / 1_000)}\u00a0s"


def memory(size: int | None) -> str:
    """Return a size given in bytes."""
    if not size:
        return NONE
    return format_unit(size // MEGABYTE, "digital-megabyte", "short", locale=language())


def lasting(milliseconds: float | None) -> str:
    """Return a time given in ms by its greatest unit: 40 s, 3 min, 2 days."""
    if milliseconds is None:
        return NONE
    whole = dt.timedelta(seconds=max(0, int(milliseconds / 1_000)))
    return format_timedelta(whole, threshold=1, format="short", locale=language())


def moment(at_ms: float) -> str:
    """Return a day and a time of day in UTC, where the column says so."""
    return format_datetime(_utc(at_ms), "d MMM y, HH:mm", locale=language())


def dated(at_ms: float) -> str:
    """Return a day and a time of day, and that it is UTC."""
    return f"{moment(at_ms)} UTC"


def iso_of(at_ms: float) -> str:
    """Return a moment as a program reads it."""
    return _utc(at_ms).isoformat(timespec="seconds")


def _utc(at_ms: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(at_ms / 1_000, dt.UTC)

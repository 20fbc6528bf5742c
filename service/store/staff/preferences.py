"""What people set for themselves: language, looks, keys, and what spares them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

import orjson


@dataclass(frozen=True, slots=True)
class Preferences:
    """Hold one person's settings.

    ``lang`` is ``fr``, ``en`` or empty for the browser's, ``theme`` is ``light``, ``dark`` or
    empty for the system's. ``keys`` maps an action of the queue to another key than its own;
    without ``has_keys`` none of them does anything.
    """

    lang: str = ""
    theme: str = ""
    keys: Mapping[str, str] = field(default_factory=dict)
    has_keys: bool = True
    is_blurred: bool = True
    is_greyscale: bool = False
    has_breaks: bool = True


def preferences_json(preferences: Preferences) -> bytes:
    """Return preferences as they are stored."""
    return orjson.dumps(asdict(preferences))


def preferences_from(raw: bytes | None) -> Preferences:
    """Return the preferences stored; what is not known any more is left out."""
    data: dict[str, Any] = orjson.loads(raw) if raw else {}
    known = {item.name for item in fields(Preferences)}
    return Preferences(**{name: value for name, value in data.items() if name in known})

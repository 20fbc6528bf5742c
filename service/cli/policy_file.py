"""Policy files: a preset's name or a TOML file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from config.settings import PRESETS
from service.schemas.policy_text import (
    LARGEST_TEXT,
    PolicyTextInvalid,
    beyond_default,
    entries_in,
)


class PolicyFileInvalid(ValueError):
    """Say in which file, on which line and in which entry a policy cannot be used."""


def entries_of(name: str) -> Mapping[str, Any]:
    """Return what a preset, or the file at a path, lays over the default policy.

    Raises ``PolicyFileInvalid``, also where the name is neither's, or ``OSError`` when the file
    cannot be read.
    """
    if name in PRESETS:
        return beyond_default(name)
    try:
        return entries_in(_text(name))
    except FileNotFoundError:
        presets = ", ".join(PRESETS)
        raise PolicyFileInvalid(f"{name!r} is neither a preset ({presets}) nor a file") from None
    except PolicyTextInvalid as error:
        place = f"{name}:{error.line}" if error.line else name
        raise PolicyFileInvalid(f"{place}: {error.problem}") from None


def _text(path: str) -> str:
    with Path(path).open("rb") as file:
        raw = file.read(LARGEST_TEXT + 1)
    if len(raw) > LARGEST_TEXT:
        raise PolicyFileInvalid(f"{path} has more than {LARGEST_TEXT} bytes")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise PolicyFileInvalid(f"{path} is not UTF-8") from None

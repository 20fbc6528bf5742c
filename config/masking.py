"""What a log, a trace or an error report may say of an error: where, and of what type.

An exception's own words may hold what a visitor wrote (``invalid literal for int(): '…'``),
so they are left out; what remains is searched for e-mail and IP addresses all the same.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Sequence

_HEX = r"[0-9A-Fa-f]{1,4}"
_GROUPS = rf"(?:{_HEX}(?::{_HEX})*)?"
_ADDRESS = re.compile(
    r"[^\s<>\"'(),:;@\[\]]+@[^\s<>\"'(),:;@\[\]]+"  # somebody@somewhere
    r"|(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.]*\w)"  # 192.0.2.7
    rf"|(?<![\w:])(?:(?:{_HEX}:){{7}}{_HEX}|{_GROUPS}::{_GROUPS})(?![\w:])"  # 2001:db8::7
)
MASK = "[address]"
MOST_FRAMES = 50


def masked(text: str) -> str:
    """Return a text without the e-mail and IP addresses in it."""
    return _ADDRESS.sub(MASK, text)


def frames(error: BaseException) -> Sequence[str]:
    """Return where an exception passed, the outermost first: ``file:line function``."""
    stack = traceback.extract_tb(error.__traceback__)[-MOST_FRAMES:]
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in stack]


def causes(error: BaseException) -> Sequence[str]:
    """Return the type of an exception, and those of what it came from."""
    names: list[str] = []
    current: BaseException | None = error
    while current is not None and len(names) < MOST_FRAMES:
        names.append(type(current).__name__)
        current = current.__cause__ or (
            None if current.__suppress_context__ else current.__context__
        )
    return names

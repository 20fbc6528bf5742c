"""Text fields: what a person may write, and what no text may contain."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any

from marshmallow import ValidationError, fields

from service.schemas.messages import Message

REQUIRED = "This field is required."
NOT_TEXT = "This must be text."
HAS_CONTROLS = "This contains control characters, which cannot be stored."
HAS_OVERRIDES = "This contains characters that turn the writing direction around."
HAS_MARKS = "This piles up too many accents on one letter."
NOT_UNICODE = "This is not valid Unicode text."
MULTILINE = "This must fit on one line."
TOO_LONG = "This is too long: {limit} characters at most, here {length}."

_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufff9-\ufffb\ufffe\uffff]")
_OVERRIDES = re.compile("[\u202d\u202e]")
_ANY_DIRECTION = re.compile("[\u202a-\u202e\u2066-\u2069]")
_LINE_BREAKS = re.compile("[\n\t\u2028\u2029]")
_VISIBLE = re.compile("[^\\s\u00ad\u034f\u115f\u1160\u180e\u200b-\u200f\u2060-\u206f\u3164\ufeff]")


def _ranges(points: Iterable[int]) -> str:
    """Return a regular-expression class body for sorted code points."""
    spans: list[list[int]] = []
    for point in points:
        if spans and spans[-1][1] == point - 1:
            spans[-1][1] = point
        else:
            spans.append([point, point])
    return "".join(f"{chr(low)}-{chr(high)}" for low, high in spans)


def _is_mark(point: int) -> bool:
    """Say whether a character stacks on the one before it, or joins what does."""
    return unicodedata.category(chr(point)) in {"Mn", "Me"} or point in {0x200C, 0x200D}


# All planes that hold marks: the scripts, and the variation selectors.
_MARKS = _ranges(filter(_is_mark, chain(range(0x300, 0x1F000), range(0xE0100, 0xE01F0))))
# No orthography stacks more than a handful of marks; Tibetan and biblical Hebrew reach five.
_PILED_MARKS = re.compile(f"[{_MARKS}]{{9}}")
_TOO_MANY_MARKS = re.compile(f"([{_MARKS}]{{8}})[{_MARKS}]+")
# Where no character is of these ranges no rule can object, and most text has none: a class of
# a few wide ranges costs 0.2 µs on 200 characters, one of all the marks 40 µs.
_SUSPICIOUS = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u0300-\u1fff"
    "\u200c\u200d\u202a-\u202e\u2066-\u2069\u20d0-\U0010ffff]"
)


# What a text has none of when nothing has to be looked at or put right.
_UNUSUAL = re.compile(f"[\x00-\x1f\u2028\u2029]|{_SUSPICIOUS.pattern}")


class Text(fields.String):
    """Take text as a person wrote it, without its outer white space.

    ``limit`` is in Unicode code points. What cannot be shown or stored safely is an
    error: control characters, direction overrides, piled-up marks, lone surrogates.
    """

    default_error_messages = {
        "required": REQUIRED,
        "null": REQUIRED,
        "invalid": NOT_TEXT,
        "invalid_utf8": NOT_UNICODE,
    }

    def __init__(self, *, limit: int, multiline: bool = False, **more: Any) -> None:
        super().__init__(**{"metadata": {"maxLength": limit}, **more})
        self.limit = limit
        self.multiline = multiline

    def deserialize(
        self,
        value: Any,
        attr: str | None = None,
        data: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> Any:
        """Return the text; what most people write needs none of the rules below."""
        text = value.strip() if type(value) is str else ""
        if 0 < len(text) <= self.limit and _is_ordinary(text) and not self.validators:
            return self._understood(text)
        return super().deserialize(value, attr, data, **more)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **more: Any
    ) -> str:
        text: str = super()._deserialize(value, attr, data, **more)
        text = text.replace("\r\n", "\n").replace("\r", "\n").strip()
        if len(text) > self.limit:
            raise ValidationError([Message(TOO_LONG, limit=self.limit, length=len(text))])
        self._refuse_unsafe(text)
        if self.required and is_blank(text):
            raise ValidationError([REQUIRED])
        return self._understood(text)

    def _understood(self, text: str) -> str:
        """Return what safe text means to this field; kinds of text that mean more override it.

        Raises ``ValidationError`` when it means nothing.
        """
        return text

    def _refuse_unsafe(self, text: str) -> None:
        if text.isascii() and text.isprintable():
            return
        if not self.multiline and _LINE_BREAKS.search(text):
            raise ValidationError([MULTILINE])
        if _SUSPICIOUS.search(text):
            self._refuse_suspicious(text)

    def _refuse_suspicious(self, text: str) -> None:
        if _CONTROLS.search(text):
            raise ValidationError([HAS_CONTROLS])
        direction = _OVERRIDES if self.multiline else _ANY_DIRECTION
        if direction.search(text):
            raise ValidationError([HAS_OVERRIDES])
        if _PILED_MARKS.search(text):
            raise ValidationError([HAS_MARKS])
        if not _is_unicode(text):
            raise ValidationError([NOT_UNICODE])


def made_safe(text: str, limit: int, *, multiline: bool = False) -> str:
    """Return what of a text can be shown and stored: the rest goes, and nobody is told.

    For callers that know no answer to a fault in a field. Of a text longer than ``limit``
    the first two thirds stay, and the last: what it sells often stands at its end.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = text.encode("utf-8", "replace").decode()
    if not multiline:
        text = _LINE_BREAKS.sub(" ", text)
    if _SUSPICIOUS.search(text):
        text = _CONTROLS.sub("", text)
        text = (_OVERRIDES if multiline else _ANY_DIRECTION).sub("", text)
        text = _TOO_MANY_MARKS.sub(r"\1", text)
    text = text.strip()
    if len(text) > limit:
        tail = limit // 3
        text = text[: limit - tail - 1] + "\n" + text[-tail:]
        text = text if multiline else text.replace("\n", " ")
    return text.strip()


def _is_ordinary(text: str) -> bool:
    """Say whether no rule can object to a text, nor change it."""
    if text.isascii() and text.isprintable():
        return True
    return _UNUSUAL.search(text) is None and not is_blank(text)


def is_blank(text: str) -> bool:
    """Say whether nothing of ``text`` can be seen."""
    return _VISIBLE.search(text) is None


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True

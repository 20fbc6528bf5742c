"""What clients of OpenAI's moderation endpoint send."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields

MOST_INPUTS = 64
MOST_LETTERS = 20_480
NO_INPUT = "'input' is a required property"
NOT_INPUT = "'input' must be a string, an array of strings, or an array of text parts"
TOO_MANY = f"'input' has too many entries; at most {MOST_INPUTS} are judged at once"
TOO_LONG = f"an entry of 'input' is too long; at most {MOST_LETTERS} characters are judged"
NO_PICTURES = "'input' has a part that is no text; pictures are not judged here"


class Input(fields.Field[list[str]]):
    """Take one text, several, or the parts of one; give the texts to judge, one for each result."""

    default_error_messages = {"required": NO_INPUT, "null": NO_INPUT}

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **more: Any
    ) -> list[str]:
        texts = [value] if isinstance(value, str) else _texts(value)
        if any(len(text) > MOST_LETTERS for text in texts):
            raise ValidationError([TOO_LONG])
        return texts


class ModerationSchema(Schema):
    """Describe a call; what else clients may send is let pass."""

    class Meta:
        """Take fields nobody here has heard of."""

        unknown = EXCLUDE

    input = Input(required=True)


def _texts(value: Any) -> list[str]:
    if not isinstance(value, list) or not value:
        raise ValidationError([NOT_INPUT])
    if len(value) > MOST_INPUTS:
        raise ValidationError([TOO_MANY])
    if all(isinstance(item, str) for item in value):
        return value
    return ["\n".join(map(_text_of, value))]


def _text_of(part: Any) -> str:
    if not isinstance(part, dict) or not isinstance(part.get("type"), str):
        raise ValidationError([NOT_INPUT])
    if part["type"] != "text":
        raise ValidationError([NO_PICTURES])
    text = part.get("text")
    if not isinstance(text, str):
        raise ValidationError([NOT_INPUT])
    return text

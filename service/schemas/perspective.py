"""What Perspective's clients send: proto-JSON, in camelCase or snake_case.

The messages are those of the discovery document (``service/compat/perspective/discovery.py``);
the rules are those of proto3's JSON mapping: null is unset, an enum is a name or a number.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, TypeVar

from marshmallow import RAISE, Schema, ValidationError, fields

T = TypeVar("T")
CANNOT_FIND = "CANNOT_FIND"
POPULATED_TWICE = "POPULATED_TWICE"
NOT_A_MESSAGE = "TYPE_MESSAGE"
TEXT_TYPES = ("TEXT_TYPE_UNSPECIFIED", "PLAIN_TEXT", "HTML")
SCORE_TYPES = ("SCORE_TYPE_UNSPECIFIED", "PROBABILITY", "STD_DEV_SCORE", "PERCENTILE", "RAW")
MOST_ATTRIBUTES = 100
MOST_LANGUAGES = 20
MOST_ENTRIES = 100
MOST_SPANS = 1000
TOO_MANY = "TOO_MANY"

_NOTHING: Mapping[str, Any] = MappingProxyType({})
_HUMP = re.compile("(?<=[a-z])_([a-z])")


def camel(name: str) -> str:
    """Return a name in camelCase; it may be so already."""
    return _HUMP.sub(lambda match: match[1].upper(), name)


class Plain(fields.Field[T]):
    """Take a value as it is sent: nothing is required, and null never comes as far as here.

    A kind of field is its ``_taken``, which needs the value alone.
    """

    def deserialize(self, value: Any, *_more: Any, **_named: Any) -> T:
        """Return the value read; Marshmallow's own steps would cost as much as the rest."""
        return self._taken(value)

    def _taken(self, value: Any) -> T:
        raise NotImplementedError


class Text(Plain[str]):
    """Take a string."""

    def _taken(self, value: Any) -> str:
        if not isinstance(value, str):
            raise ValidationError(["TYPE_STRING"])
        return value


class Flag(Plain[bool]):
    """Take true or false, as such or as a word."""

    def _taken(self, value: Any) -> bool:
        if isinstance(value, bool):
            return value
        if value in ("true", "false"):
            return bool(value == "true")
        raise ValidationError(["TYPE_BOOL"])


class Float(Plain[float]):
    """Take a finite number, as such or as a word."""

    def _taken(self, value: Any) -> float:
        try:
            number = float("nan" if isinstance(value, bool) else value)
        except (OverflowError, TypeError, ValueError):
            number = math.nan
        if not math.isfinite(number):
            raise ValidationError(["TYPE_FLOAT"])
        return number


class Int(Plain[int]):
    """Take a whole number, as such or as a word."""

    def _taken(self, value: Any) -> int:
        number = Float().deserialize(value)
        if number != int(number) or abs(number) >= 2**31:
            raise ValidationError(["TYPE_INT32"])
        return int(number)


class Choice(Plain[str]):
    """Take one of the names of an enum, or its number."""

    def __init__(self, kind: str, names: tuple[str, ...]) -> None:
        super().__init__(load_default=names[0])
        self.kind = kind
        self.names = names

    def _taken(self, value: Any) -> str:
        if isinstance(value, str) and value in self.names:
            return value
        if type(value) is int and 0 <= value < len(self.names):
            return self.names[value]
        raise ValidationError([self.kind])


class Message(Plain[dict[str, Any]]):
    """Take one message, by its schema."""

    def __init__(self, schema: MessageSchema) -> None:
        super().__init__(load_default=None)
        self.schema = schema

    def _taken(self, value: Any) -> dict[str, Any]:
        return self.schema.read(value)


class Several(Plain[list[Any]]):
    """Take a list of what ``inner`` takes, ``most`` at most."""

    def __init__(self, inner: fields.Field[Any], most: int) -> None:
        super().__init__(load_default=())
        self.inner = inner
        self.most = most

    def _taken(self, value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise ValidationError([NOT_A_MESSAGE])
        if len(value) > self.most:
            raise ValidationError([TOO_MANY])
        return [self._read(place, item) for place, item in enumerate(value)]

    def _read(self, place: int, item: Any) -> Any:
        try:
            return self.inner.deserialize(item)
        except ValidationError as error:
            raise ValidationError({place: error.messages}) from None


class Table(Plain[dict[str, Any]]):
    """Take an object whose names are the caller's, and whose values are messages."""

    def __init__(self, schema: MessageSchema) -> None:
        super().__init__(load_default=_NOTHING)
        self.schema = schema

    def _taken(self, value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise ValidationError([NOT_A_MESSAGE])
        if len(value) > MOST_ATTRIBUTES:
            raise ValidationError([TOO_MANY])
        return {name: self._read(name, item) for name, item in value.items()}

    def _read(self, name: str, item: Any) -> Any:
        try:
            return self.schema.read({} if item is None else item)
        except ValidationError as error:
            raise ValidationError({name: error.messages}) from None


class MessageSchema(Schema):
    """Describe a message whose fields are written in either of the two ways."""

    class Meta:
        """Refuse what is not described, as Google's front end does."""

        unknown = RAISE

    def __init__(self) -> None:
        super().__init__()
        self._names = {name: name for name in self.fields}
        self._names |= {camel(name): name for name in self.fields}
        self._defaults = {name: field.load_default for name, field in self.fields.items()}

    def read(self, data: Any) -> dict[str, Any]:
        """Return the fields, and the defaults of those not sent.

        Each field is asked by itself: Marshmallow's container around good fields costs twice
        as much as they do. Raises ``ValidationError`` for the first that objects.
        """
        if not isinstance(data, dict):
            raise ValidationError([NOT_A_MESSAGE])
        found: dict[str, Any] = {}
        for sent, value in data.items():
            name = self._names.get(sent)
            if name is None:
                raise ValidationError({sent: [CANNOT_FIND]})
            if name in found:
                raise ValidationError({sent: [POPULATED_TWICE]})
            if value is None:
                continue
            found[name] = self._field(sent, name, value)
        return {**self._defaults, **found}

    def _field(self, sent: str, name: str, value: Any) -> Any:
        try:
            return self.fields[name].deserialize(value)
        except ValidationError as error:
            raise ValidationError({sent: error.messages}) from None


class TextEntrySchema(MessageSchema):
    """Describe a text and whether it is HTML."""

    text = Text(load_default="")
    type = Choice("TextType", TEXT_TYPES)


class ArticleAndParentSchema(MessageSchema):
    """Describe what a comment stands under."""

    article = Message(TextEntrySchema())
    parent_comment = Message(TextEntrySchema())


class ContextSchema(MessageSchema):
    """Describe what surrounds a comment."""

    entries = Several(Message(TextEntrySchema()), MOST_ENTRIES)
    article_and_parent_comment = Message(ArticleAndParentSchema())


class AttributeParametersSchema(MessageSchema):
    """Describe how one attribute is asked for."""

    score_type = Choice("ScoreType", SCORE_TYPES)
    score_threshold = Float(load_default=None)


class ScoreSchema(MessageSchema):
    """Describe a score."""

    value = Float(load_default=0.0)
    type = Choice("ScoreType", SCORE_TYPES)


class SpanScoreSchema(MessageSchema):
    """Describe the score of a part of a text."""

    begin = Int(load_default=0)
    end = Int(load_default=0)
    score = Message(ScoreSchema())


class AttributeScoresSchema(MessageSchema):
    """Describe the scores of one attribute."""

    summary_score = Message(ScoreSchema())
    span_scores = Several(Message(SpanScoreSchema()), MOST_SPANS)


class SharedFields(MessageSchema):
    """Describe what both methods are asked with."""

    comment = Message(TextEntrySchema())
    context = Message(ContextSchema())
    languages = Several(Text(), MOST_LANGUAGES)
    client_token = Text(load_default="")
    session_id = Text(load_default="")
    community_id = Text(load_default="")


class AnalyzeSchema(SharedFields):
    """Describe a comment to be scored."""

    requested_attributes = Table(AttributeParametersSchema())
    span_annotations = Flag(load_default=False)
    do_not_store = Flag(load_default=False)
    drop_unsupported_attributes = Flag(load_default=False)


class SuggestSchema(SharedFields):
    """Describe a comment and what its scores ought to be."""

    attribute_scores = Table(AttributeScoresSchema())

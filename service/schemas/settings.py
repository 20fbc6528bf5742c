"""What the settings pages take: a site's values, its keys, its retention, its word lists."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from service.moderation.custom_rules import (
    ACTIONS,
    LONGEST_PATTERN,
    LONGEST_WORD,
    MOST_PATTERNS,
    MOST_WORDS,
    Rule,
    RuleInvalid,
    read_pattern,
    read_word,
)
from service.moderation.policy import PolicyInvalid
from service.moderation.verdict import Action
from service.schemas.bans import read_value
from service.schemas.messages import Message
from service.schemas.policy_text import checked
from service.schemas.site_values import REQUIRABLE, language, origin, site_name
from service.schemas.submission import BODY_ERRORS
from service.schemas.text import Text
from service.store.bans import By
from service.store.doors.door_keys import GIVEN, LONGEST_KEY, Door
from service.store.sites import (
    DEFAULT_LIMITS,
    MOST_TEMPLATES,
    Limit,
    Retention,
    Scope,
    Template,
)

T = TypeVar("T")

LABEL_LIMIT = 60
MOST_ORIGINS = 50
LONGEST_DAYS = 36_500
LARGEST_LIMIT = 999_999_999
OVERLAPS_S = (0, 3600, 86_400, 604_800)
"""For how long a rotated key may stay good."""

NO_ORIGIN = "Name at least one origin, or no page can post."
TOO_MANY_ORIGINS = "A site has at most 50 origins."
NO_SCOPE = "Choose what the key may do."
NOT_DAYS = "Days are a whole number from 0 to 36,500."
NOT_LIMIT = "A limit is two whole numbers above 0, or nothing at all."
NOT_PERCENT = "A share is a number from 0 to 100."
REASON_LIMIT = 300
TEMPLATE_KEY_LIMIT = 40
TEMPLATE_LIMIT = 300
_TEMPLATE_KEY = re.compile(r"[a-z0-9][a-z0-9-]*")
NOT_TEMPLATE_KEY = "A short name has small letters, digits and hyphens."
EMPTY_TEMPLATE = "Write the reason in one language at least."
TEMPLATE_TWICE = "Two reasons have the same short name."
TOO_MANY_TEMPLATES = "A site has at most 50 reasons."
NO_SECRET = "Coral makes its secret: copy it from there."  # noqa: S105
SECRET_MISPLACED = "Only Coral makes its own: leave this empty."  # noqa: S105
LONG_SECRET = "A secret has at most 256 characters."  # noqa: S105
NOT_OVERLAP = "Choose one of the times offered."
NOT_ONE_OF = "Choose one of those offered."
TOO_MANY_WORDS = "At most {most} words, all lists together."
TOO_MANY_PATTERNS = "At most {most} patterns, all lists together."


class Parsed(Text):
    """Take a text through a function that raises ``ValueError`` with a sentence."""

    def __init__(self, parse: Callable[[str], str], **more: Any) -> None:
        super().__init__(limit=300, **more)
        self._parse = parse

    def _understood(self, text: str) -> str:
        return _parsed(self._parse, text)


class Lines(fields.Field[list[str]]):
    """Take a text area as its lines, without empty ones and each once."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **more: Any
    ) -> list[str]:
        lines = (line.strip() for line in str(value).splitlines())
        return list(dict.fromkeys(line for line in lines if line))


class Origins(Lines):
    """Take web origins, one in each line."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **more: Any
    ) -> list[str]:
        lines = super()._deserialize(value, attr, data, **more)
        if not lines:
            raise ValidationError([NO_ORIGIN])
        if len(lines) > MOST_ORIGINS:
            raise ValidationError([TOO_MANY_ORIGINS])
        return [_parsed(origin, line) for line in lines]


class LimitSchema(Schema):
    """Describe one rate limit; two empty fields are none."""

    burst = fields.String(load_default="")
    window_s = fields.String(load_default="")

    @post_load
    def made(self, data: dict[str, str], **_more: Any) -> Limit | None:
        """Return the limit, or None."""
        values = [value.strip() for value in (data["burst"], data["window_s"])]
        if not any(values):
            return None
        if not all(value.isascii() and value.isdigit() for value in values):
            raise ValidationError(NOT_LIMIT, "burst")
        burst, window_s = map(int, values)
        if not (0 < burst <= LARGEST_LIMIT and 0 < window_s <= LARGEST_LIMIT):
            raise ValidationError(NOT_LIMIT, "burst")
        return Limit(burst, window_s)


class SiteFormSchema(Schema):
    """Describe a site's settings as its form sends them."""

    error_messages = BODY_ERRORS

    origins = Origins(load_default=list)
    lang = Parsed(language, required=True)
    required = fields.List(fields.String(validate=validate.OneOf(REQUIRABLE, error=NOT_ONE_OF)))
    has_nudge = fields.Boolean(load_default=False)
    akismet_only_checks = fields.Boolean(load_default=False)
    limits = fields.Dict(
        keys=fields.String(validate=validate.OneOf(list(DEFAULT_LIMITS), error=NOT_ONE_OF)),
        values=fields.Nested(LimitSchema),
        load_default=dict,
    )

    second_look = fields.Float(
        load_default=0.0,
        validate=validate.Range(0, 100, error=NOT_PERCENT),
        error_messages={"invalid": NOT_PERCENT, "special": NOT_PERCENT},
        metadata={"description": "Per cent of the decisions."},
    )

    @post_load
    def made(self, data: dict[str, Any], **_more: Any) -> dict[str, Any]:
        """Return the values as a site holds them."""
        limits = {name: limit for name, limit in data["limits"].items() if limit}
        return {
            **data,
            "origins": tuple(data["origins"]),
            "required": frozenset(data.get("required", ())),
            "limits": limits,
            "second_look": data["second_look"] / 100,
        }


class NewSiteFormSchema(SiteFormSchema):
    """Describe a site to be made."""

    name = Parsed(site_name, required=True)


class KeyFormSchema(Schema):
    """Describe a key to be made."""

    label = Text(limit=LABEL_LIMIT, load_default="")
    scopes = fields.List(
        fields.Enum(Scope, by_value=True, error_messages={"unknown": NOT_ONE_OF}),
        required=True,
        validate=validate.Length(min=1, error=NO_SCOPE),
        error_messages={"required": NO_SCOPE},
    )


class DoorKeyFormSchema(Schema):
    """Describe a key for a door; ``secret`` is the other side's, where that makes the key."""

    door = fields.Enum(
        Door,
        by_value=True,
        required=True,
        error_messages={"unknown": NOT_ONE_OF, "required": NOT_ONE_OF},
    )
    label = Text(limit=LABEL_LIMIT, load_default="")
    secret = fields.String(
        load_default="", validate=validate.Length(max=LONGEST_KEY, error=LONG_SECRET)
    )

    @post_load
    def made(self, data: dict[str, Any], **_more: Any) -> dict[str, Any]:
        """Return the key to be made, its secret without the spaces of a copy.

        Raises ``ValidationError`` for a secret that is missing, or one more than there is.
        """
        secret = data["secret"].strip()
        if data["door"] in GIVEN and not secret:
            raise ValidationError(NO_SECRET, "secret")
        if data["door"] not in GIVEN and secret:
            raise ValidationError(SECRET_MISPLACED, "secret")
        return {**data, "secret": secret}


class RotationSchema(Schema):
    """Describe how long a replaced key stays good, in seconds."""

    overlap_s = fields.Integer(
        load_default=0,
        validate=validate.OneOf(OVERLAPS_S, error=NOT_OVERLAP),
        error_messages={"invalid": NOT_OVERLAP},
    )


class RetentionFormSchema(Schema):
    """Describe after how many days something is forgotten."""

    personal_days = fields.Integer(
        load_default=0,
        validate=validate.Range(0, LONGEST_DAYS, error=NOT_DAYS),
        error_messages={"invalid": NOT_DAYS},
    )
    refused_days = fields.Integer(
        load_default=0,
        validate=validate.Range(0, LONGEST_DAYS, error=NOT_DAYS),
        error_messages={"invalid": NOT_DAYS},
    )

    @post_load
    def made(self, data: dict[str, int], **_more: Any) -> Retention:
        """Return the retention."""
        return Retention(**data)


class TemplatesFormSchema(Schema):
    """Describe a site's reasons for refusing: three columns, empty rows left out."""

    key = fields.List(Text(limit=TEMPLATE_KEY_LIMIT), load_default=list)
    fr = fields.List(Text(limit=TEMPLATE_LIMIT), load_default=list)
    en = fields.List(Text(limit=TEMPLATE_LIMIT), load_default=list)

    @post_load
    def made(self, data: dict[str, list[str]], **_more: Any) -> tuple[Template, ...]:
        """Return the templates.

        Raises ``ValidationError`` for a key that is missing, no key or there twice, for a
        template that says nothing, and for too many.
        """
        rows = [row for row in zip(data["key"], data["fr"], data["en"], strict=False) if any(row)]
        for place, (key, *texts) in enumerate(rows):
            if not _TEMPLATE_KEY.fullmatch(key):
                raise ValidationError(NOT_TEMPLATE_KEY, f"key.{place}")
            if not any(texts):
                raise ValidationError(EMPTY_TEMPLATE, f"fr.{place}")
        if len({key for key, *_ in rows}) < len(rows):
            raise ValidationError(TEMPLATE_TWICE, "key.0")
        if len(rows) > MOST_TEMPLATES:
            raise ValidationError(TOO_MANY_TEMPLATES, "key.0")
        return tuple(Template(*row) for row in rows)


class BanFormSchema(Schema):
    """Describe a ban; 0 days: for good."""

    by = fields.Enum(By, by_value=True, required=True, error_messages={"unknown": NOT_ONE_OF})
    value = Text(limit=320, required=True)
    is_shadow = fields.Boolean(load_default=False)
    days = fields.Integer(
        load_default=0,
        validate=validate.Range(0, LONGEST_DAYS, error=NOT_DAYS),
        error_messages={"invalid": NOT_DAYS},
    )
    reason = Text(limit=REASON_LIMIT, load_default="")

    @post_load
    def made(self, data: dict[str, Any], **_more: Any) -> dict[str, Any]:
        """Return the ban, what it bans in its one spelling.

        Raises ``ValidationError`` for what is not of the kind it is said to be.
        """
        return {**data, "value": read_value(data["by"], data["value"])}


class TrustedFormSchema(Schema):
    """Name an author by the key of their e-mail address or number."""

    author = fields.String(required=True, validate=validate.Length(1, 100, error=NOT_ONE_OF))


class ListsFormSchema(Schema):
    """Describe a site's own words and patterns, for each action one text area of lines."""

    words = fields.Dict(keys=fields.Enum(Action, by_value=True), values=Lines(), load_default=dict)
    patterns = fields.Dict(
        keys=fields.Enum(Action, by_value=True), values=Lines(), load_default=dict
    )

    @validates_schema
    def readable(self, data: dict[str, Any], **_more: Any) -> None:
        """Refuse a line that cannot be used, naming it; and too many of them."""
        faults = {
            **_faults("words", data["words"], lambda action, line: read_word(Rule(action, line))),
            **_faults("patterns", data["patterns"], lambda _, line: read_pattern(line)),
            **_too_many("words", data["words"], MOST_WORDS, TOO_MANY_WORDS),
            **_too_many("patterns", data["patterns"], MOST_PATTERNS, TOO_MANY_PATTERNS),
        }
        if faults:
            raise ValidationError(faults)

    @post_load
    def made(self, data: dict[str, Any], **_more: Any) -> dict[str, Any]:
        """Return the lists as a policy's entries.

        Raises ``ValidationError`` where all patterns together are too large.
        """
        entries = {
            kind: {action.value: data[kind].get(action, []) for action in ACTIONS}
            for kind in ("words", "patterns")
        }
        try:
            checked(entries)
        except PolicyInvalid as error:
            raise ValidationError({"patterns.spam": [_said(error)]}) from None
        return entries


def _said(error: RuleInvalid | PolicyInvalid) -> Message:
    """Return what is wrong with a rule, as a sentence that can be translated."""
    text = error.problem if isinstance(error, PolicyInvalid) else str(error)
    if text in _RULE_FAULTS:
        return _RULE_FAULTS[text]
    return Message("RE2 cannot read it: {said}", said=text.removeprefix("RE2 cannot read it: "))


_RULE_FAULTS = {
    f"a word or phrase has at most {LONGEST_WORD} characters": Message(
        "A word or phrase has at most {most} characters.", most=LONGEST_WORD
    ),
    "there is no word in it": Message("There is no word in it."),
    f"a pattern has at most {LONGEST_PATTERN} characters": Message(
        "A pattern has at most {most} characters.", most=LONGEST_PATTERN
    ),
    "it is too large; shorten its repetitions": Message(
        "It is too large: shorten its repetitions."
    ),
    "it matches every comment": Message("It matches every comment."),
    "all patterns together are too large": Message("All patterns together are too large."),
}


def _parsed(parse: Callable[[str], T], text: str) -> T:
    try:
        return parse(text)
    except ValueError as error:
        raise ValidationError([error.args[0]]) from None


def _faults(
    kind: str, lists: Mapping[Action, list[str]], read: Callable[[Action, str], object]
) -> dict[str, list[str]]:
    """Return what is wrong with the first line of each list that cannot be used."""
    found: dict[str, list[str]] = {}
    for action, lines in lists.items():
        for number, line in enumerate(lines, 1):
            try:
                read(action, line)
            except RuleInvalid as error:
                problem = Message("Line {line}: {problem}", line=number, problem=_said(error))
                found[f"{kind}.{action}"] = [problem]
                break
    return found


def _too_many(
    kind: str, lists: Mapping[Action, list[str]], most: int, said: str
) -> dict[str, list[str]]:
    if sum(map(len, lists.values())) <= most:
        return {}
    return {f"{kind}.{ACTIONS[0]}": [Message(said, most=most)]}

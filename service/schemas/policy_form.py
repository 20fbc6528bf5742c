"""A policy as a form: what each field shows, and the entries that its answers make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate

from config.settings import default_policy
from service.moderation.checks import CHECK_NAMES
from service.moderation.policy import (
    NEVER,
    THRESHOLDS,
    OtherLanguages,
    Premoderation,
    general_in,
    merged,
)
from service.moderation.signal import Attribute
from service.schemas.settings import NOT_ONE_OF
from service.schemas.submission import BODY_ERRORS

EVERY = "any"
"""What stands for every language in the name of a field."""
LISTS = ("words", "patterns")
_ENDS = ("hold", "refuse")

NOT_SCORE = "A score is above 0 and at most 1."
HOLD_ABOVE_REFUSE = "It must not be held from a higher score than it is refused from."
NOT_COUNT = "This is a whole number from 0 to 10,000."


class Score(fields.Field["float | None"]):
    """Take a score, with a point or a comma; nothing is None."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **more: Any
    ) -> float | None:
        written = str(value).strip().replace(",", ".")
        if not written:
            return None
        try:
            score = float(written)
        except ValueError:
            raise ValidationError([NOT_SCORE]) from None
        if not 0 < score <= NEVER:
            raise ValidationError([NOT_SCORE])
        return round(score, 4)


class ThresholdSchema(Schema):
    """Describe from which scores a comment is held and refused; None: not said."""

    hold = Score(load_default=None)
    refuse = Score(load_default=None)


class PolicyFormSchema(Schema):
    """Describe a policy but for its lists, as its form sends it."""

    error_messages = BODY_ERRORS

    thresholds = fields.Dict(
        keys=fields.Enum(Attribute, by_value=True),
        values=fields.Dict(
            keys=fields.String(validate=validate.Regexp("any|[a-z]{2,3}", error=NOT_ONE_OF)),
            values=fields.Nested(ThresholdSchema),
        ),
        load_default=dict,
    )
    premoderation = fields.Enum(
        Premoderation, by_value=True, required=True, error_messages={"unknown": NOT_ONE_OF}
    )
    trust_after = fields.Integer(
        load_default=1,
        validate=validate.Range(0, 10_000, error=NOT_COUNT),
        error_messages={"invalid": NOT_COUNT},
    )
    other_languages = fields.Enum(
        OtherLanguages, by_value=True, required=True, error_messages={"unknown": NOT_ONE_OF}
    )
    log_only = fields.List(
        fields.String(validate=validate.OneOf(CHECK_NAMES, error=NOT_ONE_OF)), load_default=list
    )

    @post_load
    def made(self, data: dict[str, Any], **_more: Any) -> dict[str, Any]:
        """Return the entries that these answers lay over the default policy, without lists.

        Raises ``ValidationError``.
        """
        default = default_policy()
        thresholds = {
            attribute.value: _table(attribute, by_language, default["thresholds"])
            for attribute, by_language in data["thresholds"].items()
        }
        wanted = {
            "thresholds": {name: table for name, table in thresholds.items() if table},
            "premoderation": data["premoderation"].value,
            "trust_after": data["trust_after"],
            "other_languages": data["other_languages"].value,
            "log_only": data["log_only"],
        }
        return _with_languages_kept(beyond(default, wanted), wanted)


@dataclass(frozen=True, slots=True)
class Row:
    """Show one attribute's thresholds in one language, or in every one; "" is nothing said."""

    attribute: Attribute
    language: str
    hold: str
    refuse: str

    @property
    def name(self) -> str:
        """Return how the names of its two fields begin."""
        return f"thresholds.{self.attribute}.{self.language}"


@dataclass(frozen=True, slots=True)
class Group:
    """Show the thresholds of one language, or of every one (``EVERY``)."""

    language: str
    rows: tuple[Row, ...]

    @property
    def is_special(self) -> bool:
        """Say whether this language has a threshold of its own."""
        return any(row.hold or row.refuse for row in self.rows)


def groups(entries: Mapping[str, Any], languages: Sequence[str]) -> list[Group]:
    """Return the fields of thresholds: every language, then those named or in ``entries``."""
    tables = merged(default_policy(), entries)["thresholds"]
    found = {
        code
        for table in tables.values()
        for code, value in table.items()
        if isinstance(value, Mapping)
    }
    return [
        Group(code, tuple(_row(attribute, code, tables) for attribute in Attribute))
        for code in (EVERY, *sorted(found | set(languages)))
    ]


def with_lists(entries: Mapping[str, Any], kept: Mapping[str, Any]) -> dict[str, Any]:
    """Return entries with the lists of others."""
    own = {name: value for name, value in entries.items() if name not in LISTS}
    return own | {name: kept[name] for name in LISTS if name in kept}


def beyond(base: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of ``wanted`` differs from ``base``, table by table."""
    found = {}
    for key, value in wanted.items():
        below = base.get(key)
        if isinstance(value, Mapping) and isinstance(below, Mapping):
            inner = beyond(below, value)
            if inner:
                found[key] = inner
        elif value != below:
            found[key] = value
    return found


def _with_languages_kept(entries: dict[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Say again what languages have of their own where something is said for all of them."""
    for attribute, table in entries.get(THRESHOLDS, {}).items():
        general = general_in(table)
        for language, values in wanted[THRESHOLDS][attribute].items():
            if not isinstance(values, Mapping):
                continue
            again = {end: values[end] for end in general if end in values}
            own = {
                end: value
                for end, value in {**table.pop(language, {}), **again}.items()
                if value != general.get(end)
            }
            if own:
                table[language] = own
    return entries


def _row(attribute: Attribute, code: str, tables: Mapping[str, Any]) -> Row:
    table = tables.get(attribute.value, {})
    values = table if code == EVERY else table.get(code, {})
    hold, refuse = (_shown(values.get(end), code) for end in _ENDS)
    return Row(attribute, code, hold, refuse)


def _shown(score: float | None, code: str) -> str:
    if score is None or (code == EVERY and score >= NEVER):
        return ""
    return f"{score:g}"


def _table(
    attribute: Attribute,
    by_language: Mapping[str, Mapping[str, float | None]],
    default: Mapping[str, Any],
) -> dict[str, Any]:
    """Return one attribute's entries; empty where it decides nothing and never did."""
    said = by_language.get(EVERY, {})
    general = {end: said.get(end) or NEVER for end in _ENDS}
    _check(attribute, EVERY, general)
    before = default.get(attribute.value, {})
    special = {
        code: _special(attribute, code, general, values, before.get(code, {}))
        for code, values in by_language.items()
        if code != EVERY
    }
    special = {code: values for code, values in special.items() if values}
    if not special and not before and set(general.values()) == {NEVER}:
        return {}
    return {**general, **special}


def _special(
    attribute: Attribute,
    code: str,
    general: Mapping[str, float],
    said: Mapping[str, float | None],
    before: Mapping[str, float],
) -> dict[str, float]:
    """Return what one language says itself; what the default says and this does not is undone."""
    values = {end: score for end in _ENDS if (score := said.get(end)) is not None}
    undone = {end: general[end] for end in _ENDS if end in before and end not in values}
    _check(attribute, code, {**general, **undone, **values})
    return undone | values


def _check(attribute: Attribute, code: str, values: Mapping[str, float]) -> None:
    if values["hold"] > values["refuse"]:
        name = f"thresholds.{attribute}.{code}.hold"
        raise ValidationError({name: [HOLD_ABOVE_REFUSE]})

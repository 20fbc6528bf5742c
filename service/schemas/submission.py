"""What a visitor or a site's server may submit."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from marshmallow import EXCLUDE, RAISE, Schema, ValidationError, fields, missing

from service.schemas.addresses import Email, IpAddress, Language, Page, WebAddress
from service.schemas.text import REQUIRED, Text, is_blank

NOT_TIME = "This is not a time (ISO 8601, or seconds since 1970)."
NOT_YES_NO = "This must be true or false."
NOT_ID = "This is not the id of a comment."
NOT_KEY = "An idempotency key has 1 to 255 visible ASCII characters."
UNKNOWN_FIELD = "There is no such field."
ONLY_SERVERS = "Only a server with a key may send this field."
BODY_ERRORS = {"unknown": UNKNOWN_FIELD, "type": "An object with fields is needed."}

AUTHOR_LIMIT = 120
CONTENT_LIMIT = 15_000
TITLE_LIMIT = 300
REQUIRABLE = ("author", "email", "url", "page_title")
HONEYPOT = "website"
TRUSTED = frozenset({"ip", "user_agent", "referrer", "submitted_at", "author_id", "is_staff"})
_ID = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}")
_KEY = re.compile(r"[!-~]{1,255}")


class CommentId(fields.String):
    """Take the id of a comment (a ULID)."""

    default_error_messages = {"invalid": NOT_ID, "null": NOT_ID}

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **more: Any
    ) -> str:
        text: str = super()._deserialize(value, attr, data, **more)
        if text and not is_comment_id(text):
            raise ValidationError([NOT_ID])
        return text


class Moment(fields.Field[float]):
    """Take a time, ISO 8601 or a number, as seconds since the Unix epoch."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **more: Any
    ) -> float:
        seconds = _seconds(value)
        if seconds is None or not 0 < seconds < 4_102_444_800:  # before the year 2100
            raise ValidationError([NOT_TIME])
        return seconds


class SubmissionSchema(Schema):
    """Describe a comment as anybody may send it."""

    class Meta:
        """Refuse what is not described; forms are read with EXCLUDE instead."""

        unknown = RAISE

    error_messages = BODY_ERRORS

    author = Text(limit=AUTHOR_LIMIT, load_default="")
    email = Email(load_default="")
    content = Text(limit=CONTENT_LIMIT, multiline=True, required=True)
    page = Page(required=True)
    page_title = Text(limit=TITLE_LIMIT, load_default="")
    url = WebAddress(load_default="")
    parent = CommentId(load_default="")
    lang = Language(load_default="")
    idempotency_key = Text(limit=255, load_default="")
    form_token = Text(limit=200, load_default="")
    nudge_token = Text(limit=400, load_default="")
    website = fields.Raw(
        load_default="",
        metadata={"type": "string", "description": "A trap for machines: leave it empty."},
    )

    def handle_error(self, error: ValidationError, data: Any, *, many: bool, **_more: Any) -> None:
        """Tell a browser that a field exists, but not for browsers."""
        messages: Any = error.messages
        for name in TRUSTED & messages.keys() - self.fields.keys():
            messages[name] = [ONLY_SERVERS]


class ServerSubmissionSchema(SubmissionSchema):
    """Describe a comment as a site's own server may send it, with what the server saw."""

    ip = IpAddress(load_default="")
    user_agent = Text(limit=1000, load_default="")
    referrer = Text(limit=2000, load_default="")
    submitted_at = Moment(
        load_default=lambda: 0.0,
        metadata={
            "type": ["string", "number"],
            "description": "ISO 8601, or seconds since 1970; now, when absent.",
        },
    )
    author_id = Text(limit=128, load_default="")
    is_staff = fields.Boolean(load_default=False, error_messages={"invalid": NOT_YES_NO})


class EditSchema(Schema):
    """Describe what an author may change."""

    error_messages = BODY_ERRORS

    content = Text(limit=CONTENT_LIMIT, multiline=True, required=True)
    author = Text(limit=AUTHOR_LIMIT)
    url = WebAddress()
    lang = Language()


def load_submission(
    body: Any, required: frozenset[str], *, is_server: bool, is_form: bool
) -> dict[str, Any]:
    """Return the fields of a submission, validated, and the defaults of those not sent.

    Each field that came is asked by itself first: Marshmallow's container around eight
    good fields costs twice as much as they do. Where a field objects, is unknown or is
    missing, the whole schema answers, with every message at once.

    Raises ``ValidationError``.
    """
    schema = submission_schema(required, is_server=is_server, is_form=is_form)
    loaded = _loaded_field_by_field(schema, body)
    if loaded is None or not loaded.keys() >= required | ALWAYS_REQUIRED:
        loaded = schema.load(body)
    return {**_DEFAULTS[is_server], **loaded}


def _loaded_field_by_field(schema: Schema, body: Any) -> dict[str, Any] | None:
    """Return the fields of a body that nothing is wrong with, or None."""
    known = schema.fields
    try:
        return {name: known[name].deserialize(value) for name, value in body.items()}
    except (AttributeError, KeyError, ValidationError):
        return None


@lru_cache(maxsize=256)
def submission_schema(
    required: frozenset[str], *, is_server: bool, is_form: bool
) -> SubmissionSchema:
    """Return the schema for one kind of caller at a site that requires these fields."""
    kind = ServerSubmissionSchema if is_server else SubmissionSchema
    schema = kind(unknown=EXCLUDE if is_form else RAISE)
    for name in required:
        schema.fields[name].required = True
        schema.fields[name].load_default = missing
    return schema


ALWAYS_REQUIRED = frozenset({"content", "page"})
ALL_FIELDS = frozenset(ServerSubmissionSchema._declared_fields)
_DEFAULTS = {
    is_server: kind().load({"content": "-", "page": "-"})
    for is_server, kind in ((False, SubmissionSchema), (True, ServerSubmissionSchema))
}


def edit_schema(required: frozenset[str], *, is_form: bool) -> EditSchema:
    """Return the schema of an edit: what a site requires may change but not go."""
    schema = EditSchema(unknown=EXCLUDE if is_form else RAISE)
    for name in required & schema.fields.keys():
        schema.fields[name].validators = [_not_blank]
    return schema


def _not_blank(text: str) -> None:
    if is_blank(text):
        raise ValidationError([REQUIRED])


def is_comment_id(text: str) -> bool:
    """Say whether ``text`` has the form of a comment's id."""
    return _ID.fullmatch(text) is not None


def is_idempotency_key(text: str) -> bool:
    """Say whether ``text`` may be an idempotency key."""
    return _KEY.fullmatch(text) is not None


def _seconds(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value)
    try:
        moment = dt.datetime.fromisoformat(str(value).strip())
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    return moment.timestamp()

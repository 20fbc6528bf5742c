"""What moderators send and get about bans."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from service.schemas.addresses import Email, IpRange, MailDomain
from service.schemas.staff import NOT_SIZE
from service.schemas.submission import BODY_ERRORS, NOT_YES_NO, CommentId, Moment
from service.schemas.text import REQUIRED, Text, is_blank
from service.store.bans import By
from service.store.paging import SKIP_DIGITS

VALUE_OR_COMMENT = "Send either `value` or `comment`."
NO_SUCH_WAY = "A ban is by email, ip, domain or author."
FULL = "This site has as many bans as it may: lift some first."
NOT_PLACE = "This cursor is not one of ours."
VALUES: Mapping[By, Text] = {By.EMAIL: Email(), By.IP: IpRange(), By.DOMAIN: MailDomain()}
VALUE_LIMIT = 300


class BanBodySchema(Schema):
    """Describe a ban by its `value`, or by what a comment's author showed of themselves."""

    error_messages = BODY_ERRORS

    site = fields.String(load_default="")
    by = fields.Enum(
        By,
        by_value=True,
        required=True,
        error_messages={"unknown": NO_SUCH_WAY, "required": REQUIRED, "null": REQUIRED},
    )
    value = Text(limit=VALUE_LIMIT)
    comment = CommentId()
    is_shadow = fields.Boolean(
        load_default=False,
        error_messages={"invalid": NOT_YES_NO},
        metadata={"description": "The author is not to know: comments are taken, then refused."},
    )
    until = Moment(
        metadata={
            "type": ["string", "number"],
            "description": "ISO 8601, or seconds since 1970; for good, when absent.",
        }
    )
    reason = Text(limit=1000, multiline=True, load_default="")
    lang = fields.String(load_default="")

    @validates_schema
    def one_or_the_other(self, data: dict[str, Any], **_more: Any) -> None:
        """Refuse both of, or neither of, `value` and `comment`."""
        if ("value" in data) == ("comment" in data):
            raise ValidationError(VALUE_OR_COMMENT, "value")


def read_value(by: By, value: str) -> str:
    """Return the one spelling of what is to be banned.

    Raises ``ValidationError`` naming `value`.
    """
    if is_blank(value):
        raise ValidationError([REQUIRED], "value")
    field = VALUES.get(by)
    try:
        return str(field.deserialize(value)) if field else value
    except ValidationError as error:
        raise ValidationError(error.messages, "value") from None


class BansQuerySchema(Schema):
    """Describe which part of a site's bans is wanted."""

    error_messages = BODY_ERRORS

    site = fields.String(load_default="")
    limit = fields.Integer(load_default=100, validate=validate.Range(1, 100, error=NOT_SIZE))
    cursor = fields.String(
        load_default="0",
        validate=validate.Regexp(rf"[0-9]{{1,{SKIP_DIGITS}}}\Z", error=NOT_PLACE),
    )
    lang = fields.String(load_default="")


class BanSchema(Schema):
    """Describe a ban."""

    id = fields.String()
    by = fields.String(metadata={"enum": [by.value for by in By]})
    value = fields.String()
    is_shadow = fields.Boolean()
    until = fields.String(allow_none=True)
    is_over = fields.Boolean()
    reason = fields.String()
    actor = fields.String()
    at = fields.String()


class BansSchema(Schema):
    """Describe some of a site's bans, newest first, how many there are, and the place after."""

    total = fields.Integer()
    bans = fields.List(fields.Nested(BanSchema))
    next = fields.String(allow_none=True)


class LiftedSchema(Schema):
    """Name a ban that was ended."""

    lifted = fields.String()

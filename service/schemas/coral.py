"""What Coral sends to an external moderation phase."""

from __future__ import annotations

from marshmallow import EXCLUDE, Schema, fields


class _Lenient(Schema):
    class Meta:
        """Take fields that a later Coral may add."""

        unknown = EXCLUDE


class CoralCommentSchema(_Lenient):
    """Describe the comment: its body is HTML or plain text, as the phase is set."""

    body = fields.String(load_default="", allow_none=True)


class CoralAuthorSchema(_Lenient):
    """Describe who writes; e-mail and address are not sent."""

    id = fields.String(load_default="", allow_none=True)
    role = fields.String(load_default="", allow_none=True)


class CoralStorySchema(_Lenient):
    """Describe what the comment stands under."""

    id = fields.String(load_default="", allow_none=True)
    url = fields.String(load_default="", allow_none=True)


class CoralPhaseSchema(_Lenient):
    """Describe one call."""

    action = fields.String(load_default="NEW")
    comment = fields.Nested(CoralCommentSchema, required=True)
    author = fields.Nested(CoralAuthorSchema, load_default=dict, allow_none=True)
    story = fields.Nested(CoralStorySchema, load_default=dict, allow_none=True)

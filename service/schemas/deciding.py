"""What moderators send and get beside decisions: undo, edits, claims, notes, history, trust."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from service.schemas.staff import NOT_SIZE, SiteQuerySchema, Version
from service.schemas.submission import CONTENT_LIMIT, CommentId
from service.schemas.text import REQUIRED, Text
from service.store.queue.notes import LONGEST_NOTE

CLAIMS_AT_ONCE = 100
NOT_IDS = "Name one comment at least, and at most 100."
NEEDED: dict[str, Any] = {"required": REQUIRED, "null": REQUIRED}


class UndoSchema(SiteQuerySchema):
    """Name the comment whose last decision is to be taken back."""

    id = CommentId(required=True, error_messages=NEEDED)
    version = Version()


class EditAndApproveSchema(SiteQuerySchema):
    """Describe the words that a comment is approved with."""

    content = Text(limit=CONTENT_LIMIT, multiline=True, required=True)
    reason = Text(limit=1000, multiline=True, load_default="")
    version = Version()


class ClaimSchema(Schema):
    """Describe who has a comment in hand, and until when unless they show themselves."""

    id = fields.String()
    actor = fields.String()
    until = fields.String()
    is_yours = fields.Boolean()


class ClaimsQuerySchema(SiteQuerySchema):
    """Name the comments whose claims are asked for."""

    ids = fields.List(
        CommentId(),
        required=True,
        validate=validate.Length(1, CLAIMS_AT_ONCE, error=NOT_IDS),
        error_messages=NEEDED,
    )


class ClaimsSchema(Schema):
    """Describe the claims that stand on some comments."""

    claims = fields.List(fields.Nested(ClaimSchema))


class ReleasedSchema(Schema):
    """Say whether the caller had the comment in hand."""

    released = fields.Boolean()


class ChangesQuerySchema(SiteQuerySchema):
    """Describe from where on changes are asked for."""

    after = fields.String(load_default="")
    limit = fields.Integer(load_default=100, validate=validate.Range(1, 100, error=NOT_SIZE))


class ChangeSchema(Schema):
    """Describe what became of one comment."""

    id = fields.String()
    what = fields.String(metadata={"description": "Its status now, or claimed, released or noted."})
    version = fields.Integer()
    by = fields.String(allow_none=True)


class ChangesSchema(Schema):
    """Describe what happened in the queue, and the place to go on from."""

    events = fields.List(fields.Nested(ChangeSchema))
    last = fields.String(metadata={"description": "Send it as `after` next time."})
    is_lost = fields.Boolean(
        metadata={"description": "More happened than is kept: read the queue anew."}
    )


class NoteBodySchema(SiteQuerySchema):
    """Describe a note to colleagues."""

    text = Text(limit=LONGEST_NOTE, multiline=True, required=True)


class NoteSchema(Schema):
    """Describe a note as it is read."""

    actor = fields.String()
    text = fields.String()
    at = fields.String()


class NotesSchema(Schema):
    """Describe the notes on a comment, oldest first."""

    notes = fields.List(fields.Nested(NoteSchema))


class EventSchema(Schema):
    """Describe one thing that happened to a comment."""

    kind = fields.String()
    at = fields.String()
    actor = fields.String(allow_none=True)
    text = fields.String(allow_none=True, metadata={"description": "A reason, or a note."})
    source = fields.String(allow_none=True, data_key="from")
    target = fields.String(allow_none=True, data_key="to")
    is_edited = fields.Boolean()
    action = fields.String(allow_none=True)
    rule = fields.String(allow_none=True)
    codes = fields.List(fields.String())


class TimelineSchema(Schema):
    """Describe a comment's history, oldest first."""

    id = fields.String()
    events = fields.List(fields.Nested(EventSchema))


class StandingSchema(Schema):
    """Describe an author's record on the site."""

    approved = fields.Integer()
    refused = fields.Integer()
    first_seen = fields.String(allow_none=True)
    is_trusted = fields.Boolean()


class TrustedAuthorSchema(Schema):
    """Describe an author the moderators trust."""

    key = fields.String()
    label = fields.String()
    actor = fields.String()
    since = fields.String()


class TrustedSchema(Schema):
    """Describe the authors the moderators trust."""

    authors = fields.List(fields.Nested(TrustedAuthorSchema))


class TemplateSchema(Schema):
    """Describe a reason for refusing, ready to be sent."""

    key = fields.String()
    text = fields.String(metadata={"description": "In the caller's language."})
    fr = fields.String()
    en = fields.String()


class TemplatesSchema(Schema):
    """Describe a site's reasons for refusing."""

    templates = fields.List(fields.Nested(TemplateSchema))


class AlikeOneSchema(Schema):
    """Describe a held comment that is like another."""

    id = fields.String()
    version = fields.Integer()
    by = fields.String(metadata={"enum": ["words", "meaning"]})


class AlikeSchema(Schema):
    """Describe the held comments like one; `ids` and `versions` go into a decision."""

    id = fields.String()
    alike = fields.List(fields.Nested(AlikeOneSchema))

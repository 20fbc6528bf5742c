"""What goes out to the public and to authors: no field for an e-mail or an IP address."""

from __future__ import annotations

from marshmallow import Schema, fields


class LinksSchema(Schema):
    """Describe where to go from a comment."""

    self = fields.String()
    page = fields.String()
    replies = fields.String()
    author = fields.String(metadata={"description": "The author's page; in a receipt alone."})


class SuggestionSchema(Schema):
    """Describe a field that looks like a slip, and what was probably meant."""

    field = fields.String()
    value = fields.String()
    message = fields.String()


class ReceiptSchema(Schema):
    """Describe the answer to a submission."""

    id = fields.String(required=True)
    status = fields.String(required=True)
    message = fields.String(metadata={"description": "The status in a sentence."})
    edit_token = fields.String(metadata={"description": "Shows the author to be the author."})
    reasons = fields.List(fields.String(), metadata={"description": "Why, in plain words."})
    suggestions = fields.List(fields.Nested(SuggestionSchema))
    links = fields.Nested(LinksSchema)


class OwnAppealSchema(Schema):
    """Describe an appeal to its own author."""

    text = fields.String()
    at = fields.String()
    outcome = fields.String(allow_none=True, metadata={"enum": ["granted", "upheld", None]})
    decided_at = fields.String(allow_none=True)


class OwnCommentSchema(ReceiptSchema):
    """Describe a comment to its own author."""

    author = fields.String()
    url = fields.String()
    content = fields.String()
    page = fields.String()
    submitted_at = fields.String()
    editable_until = fields.String()
    appeal_until = fields.String(allow_none=True)
    appeal = fields.Nested(OwnAppealSchema, allow_none=True)
    is_erased = fields.Boolean()


class PublicCommentSchema(Schema):
    """Describe an approved comment, or the tombstone of one that is no longer."""

    id = fields.String(required=True)
    parent = fields.String(allow_none=True)
    author = fields.String(allow_none=True)
    url = fields.String(allow_none=True)
    content = fields.String(allow_none=True)
    lang = fields.String(allow_none=True)
    is_staff = fields.Boolean()
    is_deleted = fields.Boolean()
    submitted_at = fields.String()
    replies = fields.List(fields.Nested(lambda: PublicCommentSchema()))
    more_replies = fields.String(allow_none=True, metadata={"format": "uri-reference"})


class ThreadSchema(Schema):
    """Describe a page's approved comments."""

    page = fields.String()
    count = fields.Integer()
    order = fields.String()
    comments = fields.List(fields.Nested(PublicCommentSchema))
    next = fields.String(allow_none=True, metadata={"format": "uri-reference"})


class RepliesSchema(Schema):
    """Describe the replies below one comment, oldest first, each with its parent."""

    comments = fields.List(fields.Nested(PublicCommentSchema))
    next = fields.String(allow_none=True)


class CountsSchema(Schema):
    """Describe how many approved comments each page has."""

    counts = fields.Dict(keys=fields.String(), values=fields.Integer())


class FormTokenSchema(Schema):
    """Describe what a form needs: the signed moment it was shown, its trap, what it must ask."""

    form_token = fields.String()
    honeypot = fields.String()
    required = fields.List(
        fields.String(), metadata={"description": "Needed beside `content` and `page`."}
    )
    lang = fields.String(metadata={"description": "The site's language."})


class ProblemSchema(Schema):
    """Describe an error (RFC 9457)."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String()
    errors = fields.Dict(
        keys=fields.String(),
        values=fields.String(),
        metadata={"description": "One message for each field that is wrong."},
    )
    request_id = fields.String(required=True)
    limits = fields.String(metadata={"description": "429: the limits used up."})
    needed_scope = fields.String(metadata={"description": "403: what the key would need."})
    until = fields.String(metadata={"description": "403 banned: when the ban ends, if it does."})
    nudge_token = fields.String(metadata={"description": "422 nudge: send it to go on."})
    reasons = fields.List(fields.String(), metadata={"description": "422 nudge: why."})

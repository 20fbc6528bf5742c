"""What readers and authors may say about a comment, and what they and moderators are answered."""

from __future__ import annotations

from marshmallow import EXCLUDE, RAISE, Schema, fields, validate

from service.schemas.addresses import IpAddress
from service.schemas.staff import NOT_SIZE, StaffCommentSchema
from service.schemas.submission import BODY_ERRORS
from service.schemas.text import REQUIRED, Text
from service.store.reported import AppealOutcome, ReportReason

NOTE_LIMIT = 500
APPEAL_LIMIT = 500
NO_SUCH_REASON = "The reasons are spam, insult, hate, threat, off-topic, private and other."
NO_SUCH_OUTCOME = "The outcomes are granted and upheld."
ANSWERS = (AppealOutcome.GRANTED, AppealOutcome.UPHELD)


class ReportSchema(Schema):
    """Describe a reader's report, as anybody may send it."""

    error_messages = BODY_ERRORS

    reason = fields.Enum(
        ReportReason,
        by_value=True,
        required=True,
        error_messages={"unknown": NO_SUCH_REASON, "required": REQUIRED, "null": REQUIRED},
    )
    note = Text(limit=NOTE_LIMIT, multiline=True, load_default="")
    lang = fields.String(load_default="")


class ServerReportSchema(ReportSchema):
    """Describe a report as a site's own server may send it, for one of its readers."""

    reporter_id = Text(limit=128, load_default="")
    ip = IpAddress(load_default="")


def report_schema(*, is_server: bool, is_form: bool) -> ReportSchema:
    """Return the schema for one kind of caller."""
    kind = ServerReportSchema if is_server else ReportSchema
    return kind(unknown=EXCLUDE if is_form else RAISE)


class ReportedSchema(Schema):
    """Describe the answer to a report; what became of the comment is not told."""

    id = fields.String()
    is_known = fields.Boolean(metadata={"description": "This reader had reported it before."})
    message = fields.String()


class AppealSchema(Schema):
    """Describe an author's appeal: one sentence."""

    error_messages = BODY_ERRORS

    text = Text(limit=APPEAL_LIMIT, multiline=True, required=True)
    lang = fields.String(load_default="")


def appeal_schema(*, is_form: bool) -> AppealSchema:
    """Return the schema of an appeal."""
    return AppealSchema(unknown=EXCLUDE if is_form else RAISE)


class OwnDataSchema(Schema):
    """Describe all that is kept of a comment, to its own author."""

    id = fields.String()
    site = fields.String()
    page = fields.String()
    page_title = fields.String()
    parent = fields.String(allow_none=True)
    author = fields.String()
    email = fields.String()
    ip = fields.String()
    url = fields.String()
    content = fields.String()
    lang = fields.String()
    user_agent = fields.String()
    referrer = fields.String()
    author_id = fields.String()
    submitted_at = fields.String()
    received_at = fields.String()
    arrival = fields.Dict()
    status = fields.String()
    reasons = fields.List(fields.String())
    scores = fields.Dict(keys=fields.String(), values=fields.Float())
    decided_at = fields.String(allow_none=True)
    reports = fields.Integer(metadata={"description": "How many readers reported it."})
    appeal = fields.Dict(allow_none=True)
    is_erased = fields.Boolean()


class ReportOutSchema(Schema):
    """Describe one reader's report to a moderator; the reader has no name."""

    reason = fields.String()
    note = fields.String()
    weight = fields.Float()
    at = fields.String()
    judgement = fields.String(metadata={"enum": ["open", "agreed", "disagreed"]})


class ReportsOutSchema(Schema):
    """Describe the reports of one comment, the oldest first; up to 100 are kept."""

    id = fields.String()
    total = fields.Integer()
    reports = fields.List(fields.Nested(ReportOutSchema))


class AppealsQuerySchema(Schema):
    """Describe which appeals a moderator wants to see."""

    error_messages = BODY_ERRORS

    site = fields.String(load_default="")
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 100, error=NOT_SIZE))
    cursor = fields.String(load_default="")
    lang = fields.String(load_default="")


class OverturnsSchema(Schema):
    """Describe how appeals ended: in all, and for each who refused."""

    filed = fields.Integer()
    granted = fields.Integer()
    upheld = fields.Integer()
    by = fields.Dict(metadata={"description": "Who refused → granted and upheld."})


class AppealsSchema(Schema):
    """Describe open appeals, the longest waiting first, with their comments."""

    total = fields.Integer()
    comments = fields.List(fields.Nested(StaffCommentSchema))
    next = fields.String(allow_none=True)
    overturns = fields.Nested(OverturnsSchema)


class AppealAnswerSchema(Schema):
    """Describe a moderator's answer to an appeal."""

    error_messages = BODY_ERRORS

    site = fields.String(load_default="")
    outcome = fields.Enum(
        AppealOutcome,
        by_value=True,
        required=True,
        validate=validate.OneOf(ANSWERS, error=NO_SUCH_OUTCOME),
        error_messages={"unknown": NO_SUCH_OUTCOME, "required": REQUIRED, "null": REQUIRED},
    )
    lang = fields.String(load_default="")


class AppealAnsweredSchema(Schema):
    """Describe what became of an appeal."""

    id = fields.String()
    status = fields.String()
    appeal = fields.Dict()

"""What moderators and operators send and get."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from service.moderation.signal import Attribute
from service.moderation.verdict import Status
from service.schemas.submission import BODY_ERRORS, NOT_YES_NO, CommentId, Moment
from service.schemas.text import REQUIRED, Text
from service.store.queue.filters import Sort

MOST_AT_ONCE = 500
NO_SUCH_ACTION = "The actions are approve, hold, reject, spam and delete."
ID_OR_IDS = "Send either `id` or `ids`."
NOT_VERSION = "A version is a whole number, as the comment's own."
NOT_VERSIONS = "`versions` names comments and the version each was seen at."
LARGEST_VERSION = 2**53
MANY_VERSIONS = "`versions` goes with several `ids`."
ONE_VERSION = "`version` goes with a single `id`."
NO_SUCH_STATUS = "The statuses are held, approved, rejected, spam and deleted."
NO_SUCH_ORDER = "The orders are newest and oldest."
NO_SUCH_SORT = "The orders are oldest, newest, severity and reach."
ONLY_HELD = "Only held comments have an order of severity or reach."
NO_SUCH_ATTRIBUTE = (
    "The attributes are spam, toxicity, severe_toxicity, insult, threat, identity_attack, "
    "profanity and sexually_explicit."
)
NOT_SCORE = "A score is a number from 0 to 1."
NOT_RANGE = "The lower bound is above the upper one."
NOT_LANGUAGE = "A language is a code of two or three letters, or `other`."
TOO_MANY = "At most 500 comments at once, and at least one."
PASSWORD_LIMIT = 1000
LONG_PASSWORD = "A password has at most 1,000 characters."  # noqa: S105
AUTHOR_KEY_LIMIT = 100
NOT_AUTHOR = "This is not the key of an author."
NOT_SIZE = "The limit is a number from 1 to 100."


class Move(StrEnum):
    """Name what a moderator may do to a comment."""

    APPROVE = "approve"
    HOLD = "hold"
    REJECT = "reject"
    SPAM = "spam"
    DELETE = "delete"


STATUS_OF = {
    Move.APPROVE: Status.APPROVED,
    Move.HOLD: Status.HELD,
    Move.REJECT: Status.REJECTED,
    Move.SPAM: Status.SPAM,
    Move.DELETE: Status.DELETED,
}


class Version(fields.Integer):
    """Take the version at which somebody saw a comment."""

    default_error_messages = {"invalid": NOT_VERSION, "too_large": NOT_VERSION}

    def __init__(self, **more: Any) -> None:
        bounds = validate.Range(0, LARGEST_VERSION, error=NOT_VERSION)
        super().__init__(
            strict=True,
            validate=bounds,
            metadata={"description": "Only if the comment is still at it."},
            **more,
        )


class DecisionSchema(Schema):
    """Describe a decision on one comment (`id`) or on up to 500 (`ids`)."""

    error_messages = BODY_ERRORS

    site = fields.String(load_default="")
    id = CommentId()
    ids = fields.List(
        CommentId(),
        validate=validate.Length(1, MOST_AT_ONCE, error=TOO_MANY),
        error_messages={"invalid": TOO_MANY},
    )
    action = fields.Enum(
        Move,
        by_value=True,
        required=True,
        error_messages={"unknown": NO_SUCH_ACTION, "required": REQUIRED, "null": REQUIRED},
    )
    reason = Text(limit=1000, multiline=True, load_default="")
    version = Version()
    versions = fields.Dict(
        keys=CommentId(),
        values=Version(),
        load_default=dict,
        validate=validate.Length(max=MOST_AT_ONCE, error=TOO_MANY),
        error_messages={"invalid": NOT_VERSIONS},
        metadata={"description": "With `ids`: each only if it is still at the version named."},
    )
    lang = fields.String(load_default="")

    @validates_schema
    def one_or_many(self, data: dict[str, Any], **_more: Any) -> None:
        """Refuse both of, or neither of, `id` and `ids`."""
        if ("id" in data) == ("ids" in data):
            raise ValidationError(ID_OR_IDS, "id")
        if "version" in data and "ids" in data:
            raise ValidationError(ONE_VERSION, "version")
        if data["versions"] and "id" in data:
            raise ValidationError(MANY_VERSIONS, "versions")


class ResultSchema(Schema):
    """Describe what became of one decision."""

    id = fields.String()
    outcome = fields.String(
        metadata={"enum": ["done", "unknown", "stale", "unsettled", "withdrawn", "nothing"]}
    )
    status = fields.String(allow_none=True)
    version = fields.Integer()


class ResultsSchema(Schema):
    """Describe what became of some decisions."""

    done = fields.Integer()
    results = fields.List(fields.Nested(ResultSchema))


def _score(default: float) -> fields.Float:
    return fields.Float(
        load_default=default,
        validate=validate.Range(0, 1, error=NOT_SCORE),
        error_messages={"invalid": NOT_SCORE, "special": NOT_SCORE},
    )


class QueueQuerySchema(Schema):
    """Describe which comments a moderator wants to see."""

    error_messages = BODY_ERRORS

    site = fields.String(load_default="")
    status = fields.Enum(
        Status, by_value=True, load_default=Status.HELD, error_messages={"unknown": NO_SUCH_STATUS}
    )
    unscreened = fields.Boolean(load_default=False, error_messages={"invalid": NOT_YES_NO})
    order = fields.Enum(
        Sort, by_value=True, load_default=Sort.OLDEST, error_messages={"unknown": NO_SUCH_SORT}
    )
    page = Text(limit=2000, load_default="")
    language = fields.String(
        load_default="",
        validate=validate.Regexp(r"[a-z]{2,3}\Z|other\Z|\Z", error=NOT_LANGUAGE),
        metadata={"description": "ISO 639-1, or `other`: one the tone models do not know."},
    )
    attribute = fields.Enum(
        Attribute,
        by_value=True,
        load_default=None,
        error_messages={"unknown": NO_SUCH_ATTRIBUTE},
        metadata={"description": "Whose score `least` and `most` bound; else the highest."},
    )
    least = _score(0.0)
    most = _score(1.0)
    author = fields.String(
        load_default="",
        validate=validate.Length(max=AUTHOR_KEY_LIMIT, error=NOT_AUTHOR),
        metadata={"description": "The `author_key` of a comment."},
    )
    words = Text(
        limit=200,
        load_default="",
        metadata={"description": "All must stand in the content, the author's name or the page."},
    )
    reported = fields.Boolean(load_default=False, error_messages={"invalid": NOT_YES_NO})
    has_link = fields.Boolean(load_default=False, error_messages={"invalid": NOT_YES_NO})
    after = Moment(load_default=0.0)
    before = Moment(load_default=0.0)
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 100, error=NOT_SIZE))
    cursor = fields.String(load_default="")
    lang = fields.String(load_default="")

    @validates_schema
    def bounds_and_orders_that_can_be(self, data: dict[str, Any], **_more: Any) -> None:
        """Refuse ranges that are upside down, and orders that nothing is kept for."""
        if data["least"] > data["most"]:
            raise ValidationError(NOT_RANGE, "least")
        if data["before"] and data["after"] > data["before"]:
            raise ValidationError(NOT_RANGE, "after")
        is_by_time = data["order"] in (Sort.OLDEST, Sort.NEWEST)
        if data["status"] is not Status.HELD and not is_by_time:
            raise ValidationError(ONLY_HELD, "order")


class StaffCommentSchema(Schema):
    """Describe a comment to a moderator; the only answers with an e-mail and an IP."""

    id = fields.String()
    site = fields.String()
    status = fields.String()
    version = fields.Integer()
    page = fields.String()
    page_title = fields.String()
    parent = fields.String(allow_none=True)
    author = fields.String()
    author_key = fields.String(
        metadata={"description": "The same for all of an author's comments; empty if unknown."}
    )
    email = fields.String()
    ip = fields.String()
    url = fields.String()
    content = fields.String()
    lang = fields.String()
    user_agent = fields.String()
    referrer = fields.String()
    author_id = fields.String()
    is_staff = fields.Boolean()
    submitted_at = fields.String()
    received_at = fields.String()
    reasons = fields.List(fields.String())
    rule = fields.String(allow_none=True)
    scores = fields.Dict(keys=fields.String(), values=fields.Float())
    unscreened = fields.List(fields.String())
    stages = fields.List(
        fields.String(),
        metadata={
            "description": "The models that spoke: linear, encoder (failed), remote (skipped)."
        },
    )
    signals = fields.List(fields.Dict())
    decision = fields.Dict(allow_none=True)
    original = fields.String(
        allow_none=True,
        metadata={"description": "The author's words, where a moderator has changed them."},
    )
    edited_by = fields.String(allow_none=True)
    origin = fields.String(
        allow_none=True, metadata={"description": "The door of another shape it came by."}
    )
    reports = fields.Dict(metadata={"description": "Readers' reports: total, open, open_weight."})
    appeal = fields.Dict(allow_none=True)


class QueueSchema(Schema):
    """Describe some of a site's comments, how many there are, and the place after them."""

    total = fields.Integer(
        metadata={"description": "How many fit; at least so many if `is_total_exact` is false."}
    )
    is_total_exact = fields.Boolean()
    unscreened_total = fields.Integer()
    comments = fields.List(fields.Nested(StaffCommentSchema))
    next = fields.String(
        allow_none=True,
        metadata={"description": "The cursor to go on from. There may be fewer than `limit`."},
    )


class SimilarQuerySchema(Schema):
    """Describe how many similar comments a moderator wants to see."""

    error_messages = BODY_ERRORS

    site = fields.String(load_default="")
    limit = fields.Integer(load_default=10, validate=validate.Range(1, 100, error=NOT_SIZE))
    lang = fields.String(load_default="")


class LikenessSchema(Schema):
    """Describe one comment that means much the same as another."""

    id = fields.String()
    score = fields.Float(
        metadata={
            "description": "The cosine of the two embeddings, seen from the middle of all that"
            " were compared where they are four or more: 1 for the same, 0 at the least."
        }
    )
    status = fields.String()


class SimilarSchema(Schema):
    """Describe the comments nearest to one in meaning, and how many it was compared with."""

    id = fields.String()
    compared = fields.Integer()
    similar = fields.List(fields.Nested(LikenessSchema))


class SignInSchema(Schema):
    """Describe a sign-in; a one-time password needs a new one beside it, a second factor a code."""

    error_messages = BODY_ERRORS

    name = Text(limit=100, required=True)
    password = fields.String(
        required=True,
        validate=validate.Length(max=PASSWORD_LIMIT, error=LONG_PASSWORD),
        error_messages={"required": REQUIRED, "null": REQUIRED},
    )
    new_password = fields.String(
        load_default="", validate=validate.Length(max=PASSWORD_LIMIT, error=LONG_PASSWORD)
    )
    code = Text(limit=100, load_default="")
    lang = fields.String(load_default="")


class SessionSchema(Schema):
    """Describe a session: its token goes into `Authorization: Bearer`."""

    token = fields.String()
    expires_in = fields.Integer(metadata={"description": "Seconds."})


class SiteQuerySchema(Schema):
    """Describe which site is meant."""

    error_messages = BODY_ERRORS

    site = fields.String(load_default="")
    lang = fields.String(load_default="")


class DeadLetterSchema(Schema):
    """Describe a comment set aside for an operator."""

    id = fields.String()
    at = fields.String()
    attempts = fields.Integer()
    error = fields.String()


class DeadLettersQuerySchema(SiteQuerySchema):
    """Describe which page of a site's dead letters is wanted."""

    cursor = fields.String(load_default="")
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 100, error=NOT_SIZE))


class DeadLettersSchema(Schema):
    """Describe a page of the comments set aside, the oldest first."""

    site = fields.String()
    dead_letters = fields.List(fields.Nested(DeadLetterSchema))
    cursor = fields.String(metadata={"description": "Asks for the next page; empty at the end."})
    total = fields.Integer()


class RetriedSchema(Schema):
    """Say which dead letters went back to the inbox."""

    retried = fields.List(fields.String())
    not_found = fields.List(fields.String())
    left = fields.Integer()


class UnknownKeysSchema(Schema):
    """Describe the calls at one door whose key nobody knows, on all sites together."""

    calls = fields.Integer()
    last = fields.String(allow_none=True)


class SummarySchema(Schema):
    """Describe a site in numbers; the kinds of owed work are kept apart."""

    site = fields.String()
    inbox = fields.Integer(metadata={"description": "Accepted, seen by no check yet."})
    inbox_oldest = fields.String(allow_none=True)
    held = fields.Integer(metadata={"description": "Waiting for a moderator."})
    unscreened = fields.Integer(metadata={"description": "Held because nobody looked."})
    dead_letters = fields.Integer(metadata={"description": "Waiting for an operator."})
    rejected = fields.Integer(metadata={"description": "Refused: somebody or something looked."})
    counters = fields.Dict(keys=fields.String(), values=fields.Integer())
    unknown_keys = fields.Dict(
        keys=fields.String(),
        values=fields.Nested(UnknownKeysSchema),
        metadata={
            "description": "Calls at the doors in others' shapes with a key nobody knows: "
            "most clients publish unchecked then."
        },
    )

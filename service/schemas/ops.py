"""What operators ask and get: measurements, failed tasks, suspension."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from service.schemas.presentation import iso
from service.schemas.staff import MOST_AT_ONCE, NOT_SIZE
from service.schemas.submission import BODY_ERRORS, CommentId
from service.schemas.text import Text
from service.store.telemetry.failures import QUEUES
from service.store.telemetry.views import (
    AdviceKind,
    AlertKind,
    Measure,
    Severity,
    Span,
    WorkerState,
)

NO_SUCH_SPAN = "The spans are 1h, 24h and 30d."
NO_SUCH_QUEUE = "The RQ queues are moderate and maintenance."
NO_SUCH_MEASURE = "There is no such measure."
TOO_MANY_TASKS = "At most 500 at once, and at least one."
IDS_OR_ALL = "Send either `ids`, or `all` with the value true."
NOT_ALL = "`all` is true or false."
TASK_ID = 64
PER_S = {"description": "comments per second"}
SHARE = {"description": "a share, 0 to 1"}


def queue_field() -> fields.String:
    """Return the field that names an RQ queue; empty: both."""
    return fields.String(
        load_default="",
        validate=validate.OneOf(("", *QUEUES), error=NO_SUCH_QUEUE),
    )


class IsoMoment(fields.Field[str]):
    """Give a time in ms as ISO 8601 in UTC, to the second."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **more: Any) -> str | None:
        return None if value is None else iso(value)

    def __init__(self, **more: Any) -> None:
        super().__init__(metadata={"type": "string", "format": "date-time"}, **more)


class WorkerSchema(Schema):
    """Describe one worker."""

    name = fields.String()
    host = fields.String()
    pid = fields.Integer()
    state = fields.String(metadata={"enum": [*WorkerState]})
    task = fields.String(metadata={"description": "The dotted name of the task in hand."})
    batch_size = fields.Integer()
    rate = fields.Float(metadata={"description": "Comments settled per second, lately."})
    settled = fields.Integer()
    succeeded = fields.Integer(metadata={"description": "Tasks."})
    failed = fields.Integer(metadata={"description": "Tasks."})
    memory_bytes = fields.Integer()
    uptime_s = fields.Float()
    last_heartbeat = IsoMoment(attribute="last_heartbeat_ms")
    exit_code = fields.Integer(allow_none=True)


class RqQueueSchema(Schema):
    """Describe one RQ queue."""

    name = fields.String()
    depth = fields.Integer()
    started = fields.Integer()
    failed = fields.Integer()
    oldest_s = fields.Float(allow_none=True)


class InboxSchema(Schema):
    """Describe one site's inbox, and what else waits there."""

    site = fields.String()
    depth = fields.Integer()
    oldest_s = fields.Float(allow_none=True)
    held = fields.Integer()
    held_oldest_s = fields.Float(allow_none=True)
    unscreened = fields.Integer()
    unscreened_oldest_s = fields.Float(allow_none=True)
    held_untouched = fields.Integer(metadata={"description": "Held, and claimed by nobody yet."})
    dead_letters = fields.Integer()
    accepted = fields.Integer()
    replayed = fields.Integer()
    settled = fields.Integer()


class WebhooksOfSiteSchema(Schema):
    """Describe the webhooks of one site."""

    site = fields.String()
    on = fields.Integer()
    failing = fields.Integer(metadata={"description": "Those turned off for it too."})
    outbox = fields.Integer(metadata={"description": "Events no webhook was given yet."})
    waiting = fields.Integer(metadata={"description": "Events, those due later too."})
    due = fields.Integer()
    dead = fields.Integer()
    oldest_s = fields.Float(
        allow_none=True, metadata={"description": "For how long they have been behind."}
    )
    results = fields.Dict(
        keys=fields.String(),
        values=fields.Integer(),
        metadata={"description": "Attempts by outcome: told, again, dead; and events missed."},
    )


class WebhooksOfSitesSchema(Schema):
    """Describe the webhooks of the sites that have any."""

    webhooks = fields.List(fields.Nested(WebhooksOfSiteSchema))


class CheckSchema(Schema):
    """Describe one check over the last hour."""

    name = fields.String()
    calls = fields.Integer()
    comments = fields.Integer()
    signals = fields.Integer(metadata={"description": "Comments in which it found something."})
    mean_ms = fields.Float(metadata={"description": "Per comment."})
    p95_ms = fields.Float(metadata={"description": "Per comment."})
    failures = fields.Dict(keys=fields.String(), values=fields.Integer())
    unscreened = fields.Integer()
    last_seen = IsoMoment(attribute="last_seen_ms")
    last_failure = IsoMoment(attribute="last_failure_ms", allow_none=True)
    is_failing = fields.Boolean()
    is_silent = fields.Boolean()


class AlertSchema(Schema):
    """Describe one thing that is wrong."""

    kind = fields.String(metadata={"enum": [*AlertKind]})
    severity = fields.String(metadata={"enum": [*Severity]})
    subject = fields.String()
    value = fields.Float()
    limit = fields.Float()
    message = fields.String(metadata={"description": "The same in a sentence."})


class AdviceSchema(Schema):
    """Describe advice on the number of workers."""

    kind = fields.String(metadata={"enum": [*AdviceKind]})
    growth = fields.Float(metadata=PER_S)
    capacity = fields.Float(metadata={"description": "Comments per second of a worker's work."})
    busy = fields.Float(metadata=SHARE)
    workers = fields.Integer(metadata={"description": "How many to add to `workers_alive`."})
    drain_s = fields.Float()
    message = fields.String(metadata={"description": "The same in a sentence."})


class LatencySchema(Schema):
    """Describe the time from acceptance to verdict over the last five minutes."""

    p50_ms = fields.Float(allow_none=True)
    p95_ms = fields.Float(allow_none=True)
    p99_ms = fields.Float(allow_none=True)
    count = fields.Integer()


class UnlookedSchema(Schema):
    """Describe the comments that wait for a check or a moderator."""

    inbox = fields.Integer(metadata={"description": "No check has seen them."})
    unscreened = fields.Integer(
        metadata={"description": "Held, because some check could not judge them."}
    )
    held_unseen = fields.Integer(
        metadata={"description": "Held and screened: no moderator has decided, opened or not."}
    )
    held_untouched = fields.Integer(
        metadata={
            "description": "Of all that are held, those no moderator has claimed, as who stays "
            "with a card does, nor decided to hold. They are in the other numbers."
        }
    )
    total = fields.Integer()
    oldest_s = fields.Float(allow_none=True)


class ServerSchema(Schema):
    """Describe the server that keeps the comments."""

    memory_bytes = fields.Integer()
    memory_share = fields.Float(allow_none=True, metadata=SHARE)
    disk_share = fields.Float(allow_none=True, metadata=SHARE)
    is_written = fields.Boolean()
    trouble = fields.String(
        metadata={"description": "Why it takes no writes, as `/readyz` says it."}
    )


class OverviewSchema(Schema):
    """Describe everything at one glance."""

    at = IsoMoment(attribute="at_ms")
    accepted_rate = fields.Float(metadata=PER_S)
    settled_rate = fields.Float(metadata=PER_S)
    verdicts = fields.Dict(keys=fields.String(), values=fields.Integer())
    latency = fields.Nested(LatencySchema)
    unlooked = fields.Nested(UnlookedSchema)
    alerts = fields.List(fields.Nested(AlertSchema))
    advice = fields.Nested(AdviceSchema)
    is_suspended = fields.Boolean()
    suspended_by = fields.String()
    suspended_since = IsoMoment(attribute="suspended_since_ms", allow_none=True)
    workers_alive = fields.Integer()
    workers_busy = fields.Integer()
    dead_letters = fields.Integer()
    failed_tasks = fields.Integer()
    server = fields.Nested(ServerSchema)


class WorkersSchema(Schema):
    """Describe the workers."""

    workers = fields.List(fields.Nested(WorkerSchema))


class QueuesSchema(Schema):
    """Describe RQ's queues and the sites' inboxes."""

    rq = fields.List(fields.Nested(RqQueueSchema))
    inboxes = fields.List(fields.Nested(InboxSchema))


class ChecksSchema(Schema):
    """Describe the checks."""

    checks = fields.List(fields.Nested(CheckSchema))


class SeriesSchema(Schema):
    """Describe one measure over time, oldest first."""

    measure = fields.String(metadata={"enum": [*Measure]})
    span = fields.String(metadata={"enum": [*Span]})
    step_s = fields.Integer()
    start_s = fields.Integer(metadata={"description": "When the first step began, Unix time."})
    values = fields.List(fields.Float(allow_none=True))


class ChartsSchema(Schema):
    """Describe several measures over time."""

    series = fields.List(fields.Nested(SeriesSchema))


class ChartsQuerySchema(Schema):
    """Describe what is to be charted; without a measure, everything."""

    error_messages = BODY_ERRORS

    span = fields.Enum(
        Span, by_value=True, load_default=Span.HOUR, error_messages={"unknown": NO_SUCH_SPAN}
    )
    measure = fields.Enum(
        Measure, by_value=True, load_default=None, error_messages={"unknown": NO_SUCH_MEASURE}
    )
    lang = fields.String(load_default="")


class TasksQuerySchema(Schema):
    """Describe which page of the failed tasks is wanted."""

    error_messages = BODY_ERRORS

    cursor = fields.String(load_default="")
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 100, error=NOT_SIZE))
    queue = queue_field()
    lang = fields.String(load_default="")


class FailedTaskSchema(Schema):
    """Describe a task of RQ that failed."""

    id = fields.String()
    queue = fields.String()
    function = fields.String()
    site = fields.String()
    failed_at = IsoMoment(attribute="failed_at_ms")
    attempts = fields.Integer()
    error = fields.String(metadata={"description": "The exception's type."})
    traceback = fields.String(metadata={"description": "Without what a visitor may have sent."})


class FailedTasksSchema(Schema):
    """Describe a page of failed tasks, newest first."""

    tasks = fields.List(fields.Nested(FailedTaskSchema))
    cursor = fields.String()
    total = fields.Integer()


class WhichSchema(Schema):
    """Name some, or all."""

    error_messages = BODY_ERRORS

    ids = fields.List(
        Text(limit=TASK_ID),
        load_default=list,
        validate=validate.Length(max=MOST_AT_ONCE, error=TOO_MANY_TASKS),
        error_messages={"invalid": TOO_MANY_TASKS},
    )
    all = fields.Boolean(load_default=False, error_messages={"invalid": NOT_ALL})
    lang = fields.String(load_default="")

    @validates_schema
    def ids_or_all(self, data: dict[str, Any], **_more: Any) -> None:
        """Refuse both of, or neither of, `ids` and `all`."""
        if bool(data["ids"]) == data["all"]:
            raise ValidationError(IDS_OR_ALL, "ids")


class WhichTasksSchema(WhichSchema):
    """Name failed tasks, or all of them, of one RQ queue or of both."""

    queue = queue_field()


class WhichLettersSchema(WhichSchema):
    """Name dead letters of a site, or all of them."""

    site = fields.String(load_default="")
    ids = fields.List(
        CommentId(),
        load_default=list,
        validate=validate.Length(max=MOST_AT_ONCE, error=TOO_MANY_TASKS),
        error_messages={"invalid": TOO_MANY_TASKS},
    )


class OutcomeSchema(Schema):
    """Say of which tasks or letters it was done, and how many are left."""

    done = fields.List(fields.String())
    not_found = fields.List(
        fields.String(), metadata={"description": "Those of `ids` it could not be done to."}
    )
    left = fields.Integer()


def outcome_of(ids: Sequence[str], done: Sequence[str], left: int) -> dict[str, Any]:
    """Return the answer about what was asked for by ``ids``, of which there are none for all."""
    known = set(done)
    missing = [each for each in ids if each not in known]
    return {"done": done, "not_found": missing, "left": left}


class SuspensionSchema(Schema):
    """Say whether the workers are suspended."""

    is_suspended = fields.Boolean()

"""Operators' routes to act: failed tasks again or away, workers suspended and resumed."""

from __future__ import annotations

from flask import Response, request
from flask_smorest import Blueprint

from service.api.answer import answer
from service.api.callers import operator_of_all
from service.api.intake import load, read_json
from service.api.media import JSON
from service.api.openapi import PAGED, problems
from service.api.services import now_ms, services
from service.schemas.ops import (
    FailedTasksSchema,
    OutcomeSchema,
    SuspensionSchema,
    TasksQuerySchema,
    WhichTasksSchema,
    outcome_of,
)
from service.store.telemetry.failures import QUEUES

blueprint = Blueprint(
    "tasks", "tasks", url_prefix="/v1/ops", description="Failed tasks, and suspended workers"
)
QUEUE = [{"in": "query", "name": "queue", "schema": {"type": "string", "enum": [*QUEUES]}}]
WHICH = {"required": True, "content": {JSON: {"schema": WhichTasksSchema}}}


@blueprint.route("/tasks", methods=["GET"])
@blueprint.doc(
    security=[{"key": []}], parameters=[*PAGED, *QUEUE], responses=problems(400, 401, 403, 422)
)
@blueprint.response(200, FailedTasksSchema)
def failed_tasks() -> Response:
    """Get the tasks of RQ that failed, newest first, with masked tracebacks."""
    operator_of_all()
    wanted = load(TasksQuerySchema(), request.args.to_dict())
    found = services().telemetry.failed_tasks(wanted["cursor"], wanted["limit"], wanted["queue"])
    return answer(FailedTasksSchema().dump(found))


@blueprint.route("/tasks/retry", methods=["POST"])
@blueprint.doc(
    security=[{"key": []}], requestBody=WHICH, responses=problems(400, 401, 403, 413, 422)
)
@blueprint.response(200, OutcomeSchema)
def retry() -> Response:
    """Enqueue failed tasks again, those named, or all, of one queue or of both: 500 at a time."""
    actor = operator_of_all().actor
    data, telemetry = load(WhichTasksSchema(), read_json()), services().telemetry
    if data["all"]:
        done = telemetry.retry_every_task(actor, data["queue"])
    else:
        done = telemetry.retry_tasks(data["ids"], actor)
    return answer(outcome_of(data["ids"], done.done, done.left))


@blueprint.route("/tasks/discard", methods=["POST"])
@blueprint.doc(
    security=[{"key": []}], requestBody=WHICH, responses=problems(400, 401, 403, 413, 422)
)
@blueprint.response(200, OutcomeSchema)
def discard() -> Response:
    """Forget failed tasks, those named, or all, of one queue or of both: 500 at a time."""
    actor = operator_of_all().actor
    data, telemetry = load(WhichTasksSchema(), read_json()), services().telemetry
    if data["all"]:
        done = telemetry.discard_every_task(actor, data["queue"])
    else:
        done = telemetry.discard_tasks(data["ids"], actor)
    return answer(outcome_of(data["ids"], done.done, done.left))


@blueprint.route("/suspension", methods=["PUT"])
@blueprint.doc(security=[{"key": []}], responses=problems(401, 403))
@blueprint.response(200, SuspensionSchema)
def suspend() -> Response:
    """Let the workers begin nothing more; comments are accepted and wait."""
    services().telemetry.suspend(operator_of_all().actor, now_ms())
    return answer({"is_suspended": True})


@blueprint.route("/suspension", methods=["DELETE"])
@blueprint.doc(security=[{"key": []}], responses=problems(401, 403))
@blueprint.response(200, SuspensionSchema)
def resume() -> Response:
    """Let the workers go on, and wake them for what waits."""
    services().telemetry.resume(operator_of_all().actor)
    return answer({"is_suspended": False})

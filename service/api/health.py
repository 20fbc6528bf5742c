"""Liveness and readiness."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask_smorest import Blueprint
from marshmallow import Schema, fields
from redis.exceptions import RedisError

from service.api.answer import answer
from service.api.services import services

blueprint = Blueprint("health", "health")
NO_STORE = {"Cache-Control": "no-store"}


class ReadinessSchema(Schema):
    """Describe what stands between this process and its work."""

    ready = fields.Boolean()
    parts = fields.Dict(keys=fields.String(), values=fields.String())


@blueprint.route("/healthz", methods=["GET"])
@blueprint.response(200, ReadinessSchema)
def healthz() -> Response:
    """Say that this process answers."""
    return answer({"ready": True, "parts": {"web": "ok"}}, 200, NO_STORE)


@blueprint.route("/readyz", methods=["GET"])
@blueprint.response(200, ReadinessSchema)
@blueprint.alt_response(503, schema=ReadinessSchema)
def readyz() -> Response:
    """Say whether comments can be taken, and which part is missing when not."""
    parts = {"store": _asked(_store), "queue": _asked(_queue)}
    is_ready = set(parts.values()) == {"ok"}
    body: dict[str, Any] = {"ready": is_ready, "parts": parts}
    return answer(body, 200 if is_ready else 503, NO_STORE)


def _asked(part: Any) -> str:
    try:
        part()
    except (RedisError, OSError) as error:
        return type(error).__name__
    return "ok"


def _store() -> None:
    services().store.client.set("ecluse:ready", "1", ex=60)


def _queue() -> None:
    services().doorbell.check()

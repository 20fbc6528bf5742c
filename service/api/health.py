"""Liveness and readiness."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask_smorest import Blueprint
from marshmallow import Schema, fields

from service.api.answer import answer
from service.api.readiness import OK
from service.api.services import services

blueprint = Blueprint("health", "health", description="Liveness and readiness")
FAILED = "failed"
NO_STORE = {"Cache-Control": "no-store"}


class ReadinessSchema(Schema):
    """Describe what stands between this process and its work."""

    ready = fields.Boolean()
    parts = fields.Dict(keys=fields.String(), values=fields.String())
    reasons = fields.Dict(keys=fields.String(), values=fields.String())


@blueprint.route("/healthz", methods=["GET"])
@blueprint.response(200, ReadinessSchema)
def healthz() -> Response:
    """Say that this process answers."""
    return answer({"ready": True, "parts": {"web": "ok"}}, 200, NO_STORE)


@blueprint.route("/readyz", methods=["GET"])
@blueprint.response(200, ReadinessSchema)
@blueprint.alt_response(503, schema=ReadinessSchema)
def readyz() -> Response:
    """Say whether comments can be taken and judged, and which part is missing when not.

    `store` and `queue` take writes, `model` is loaded, `workers` are alive and show themselves,
    `inbox` is within its limits; what fails says in a word why. The answer may be a second old,
    five where looking takes long.
    """
    found = services().readiness.ask()
    words = found.parts.items()
    body: dict[str, Any] = {
        "ready": found.is_ready,
        "parts": {name: OK if word == OK else FAILED for name, word in words},
        "reasons": {name: word for name, word in words if word != OK},
    }
    return answer(body, 200 if found.is_ready else 503, NO_STORE)

"""Signing in and out."""

from __future__ import annotations

from flask import Response
from flask_smorest import Blueprint

from service.api.answer import answer
from service.api.callers import bearer_token
from service.api.intake import load, read_json
from service.api.media import JSON
from service.api.openapi import problems
from service.api.problems import Problem, invalid
from service.api.services import services
from service.schemas.staff import SessionSchema, SignInSchema
from service.store.accounts import (
    PasswordChangeNeeded,
    PasswordTooShort,
    SignInRefused,
    SignInThrottled,
)

PASSWORD_RULE = "A new password has at least 12 characters and differs from the old one."  # noqa: S105
blueprint = Blueprint("sessions", "sessions", url_prefix="/v1/sessions")


@blueprint.route("", methods=["POST"])
@blueprint.doc(
    requestBody={"required": True, "content": {JSON: {"schema": SignInSchema}}},
    responses=problems(400, 401, 403, 413, 422, 429),
)
@blueprint.response(201, SessionSchema)
def sign_in() -> Response:
    """Sign in with a name and a password; get a token for `Authorization: Bearer`."""
    data = load(SignInSchema(), read_json())
    headers = {"Cache-Control": "no-store"}
    token = _signed_in(data["name"], data["password"], data["new_password"])
    life_s = services().settings.session_ttl_s
    return answer({"token": token, "expires_in": life_s}, 201, headers)


@blueprint.route("", methods=["DELETE"])
@blueprint.doc(security=[{"key": []}])
@blueprint.response(204)
def sign_out() -> Response:
    """End the session whose token is sent."""
    services().store.accounts.sign_out(bearer_token())
    return Response(status=204)


def _signed_in(name: str, password: str, new_password: str) -> str:
    try:
        return services().store.accounts.sign_in(name, password, new_password)
    except SignInRefused:
        raise Problem(401, "sign-in-refused", "Name and password do not go together.") from None
    except SignInThrottled as error:
        headers = {"Retry-After": str(error.retry_after_s)}
        title = "Too many failed sign-ins; wait a while."
        raise Problem(429, "sign-in-throttled", title, headers=headers) from None
    except PasswordChangeNeeded:
        title = "This password opens once: send `new_password` with it."
        raise Problem(403, "password-change-needed", title) from None
    except PasswordTooShort:
        raise invalid({"new_password": PASSWORD_RULE}) from None

"""Signing in and out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response
from flask_smorest import Blueprint

from service.api.answer import answer
from service.api.callers import bearer_token
from service.api.intake import load, read_json
from service.api.media import JSON
from service.api.openapi import problems
from service.api.problems import Problem, invalid
from service.api.services import services
from service.api.visits import visit
from service.schemas.staff import SessionSchema, SignInSchema
from service.store.staff.door import (
    HalfSessionGone,
    PasswordChangeNeeded,
    SecondFactorNeeded,
    SignInRefused,
)
from service.store.staff.passwords import PasswordTooShort
from service.store.staff.second_factor import CodeRefused
from service.store.staff.sign_in_limits import SignInThrottled

PASSWORD_RULE = "A new password has at least 12 characters and differs from the old one."  # noqa: S105
CODE_REFUSED = "This code is wrong, or was used already."
blueprint = Blueprint(
    "sessions", "sessions", url_prefix="/v1/sessions", description="Signing in and out"
)


@blueprint.route("", methods=["POST"])
@blueprint.doc(
    requestBody={"required": True, "content": {JSON: {"schema": SignInSchema}}},
    responses=problems(400, 401, 403, 413, 422, 429),
)
@blueprint.response(201, SessionSchema)
def sign_in() -> Response:
    """Sign in with a name and a password; get a token for `Authorization: Bearer`.

    An account with a second factor sends `code` too: the one an authenticator app shows, or
    a recovery code.
    """
    data = load(SignInSchema(), read_json())
    headers = {"Cache-Control": "no-store"}
    token = _signed_in(data)
    life_s = services().settings.session_ttl_s
    return answer({"token": token, "expires_in": life_s}, 201, headers)


@blueprint.route("", methods=["DELETE"])
@blueprint.doc(security=[{"key": []}])
@blueprint.response(204)
def sign_out() -> Response:
    """End the session whose token is sent."""
    services().store.door.sign_out(bearer_token())
    return Response(status=204)


def _signed_in(data: Mapping[str, Any]) -> str:
    door, now = services().store.door, visit()
    try:
        return door.sign_in(data["name"], data["password"], now, data["new_password"])
    except SignInRefused:
        raise Problem(401, "sign-in-refused", "Name and password do not go together.") from None
    except SignInThrottled as error:
        raise _throttled(error) from None
    except PasswordChangeNeeded:
        title = "This password opens once: send `new_password` with it."
        raise Problem(403, "password-change-needed", title) from None
    except PasswordTooShort:
        raise invalid({"new_password": PASSWORD_RULE}) from None
    except SecondFactorNeeded as owed:
        half = owed.half
    return _finished(half, data["code"])


def _finished(half: str, code: str) -> str:
    if not code:
        title = "This account has a second factor: send `code` with the password."
        raise Problem(401, "second-factor-needed", title)
    try:
        return services().store.door.finish(half, code, visit())
    except (CodeRefused, HalfSessionGone):
        raise Problem(401, "code-refused", CODE_REFUSED) from None
    except SignInThrottled as error:
        raise _throttled(error) from None


def _throttled(error: SignInThrottled) -> Problem:
    headers = {"Retry-After": str(error.retry_after_s)}
    title = "Too many failed sign-ins; wait a while."
    return Problem(429, "sign-in-throttled", title, headers=headers)

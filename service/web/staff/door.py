"""The door: signing in and out."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, redirect, request, url_for

from service.api.language import language
from service.api.problems import Problem
from service.api.services import services
from service.api.sessions import PASSWORD_RULE
from service.schemas.messages import Message, translate
from service.store.accounts import (
    PasswordChangeNeeded,
    PasswordTooShort,
    SignInRefused,
    SignInThrottled,
)
from service.web.staff.guard import COOKIE, check_csrf, signed_in
from service.web.staff.page import page

FIRST_ROOM = "account.show"
PASSWORD_LIMIT = 1000
blueprint = Blueprint("door", __name__)


@blueprint.get("/sign-in")
def sign_in() -> Response:
    """Show the form; who is signed in already goes on."""
    if signed_in():
        return _onward(request.args.get("next", ""))
    return _form()


@blueprint.post("/sign-in")
def enter() -> Response:
    """Sign in with a name and a password; a one-time password needs a new one beside it."""
    _refuse_other_origins()
    name = request.form.get("name", "").strip()
    password = request.form.get("password", "")[:PASSWORD_LIMIT]
    new_password = request.form.get("new_password", "")[:PASSWORD_LIMIT]
    try:
        token = services().store.accounts.sign_in(name, password, new_password)
    except SignInRefused:
        return _form(401, error="Name and password do not go together.")
    except SignInThrottled as error:
        minutes = -(-error.retry_after_s // 60)
        told = Message("Too many failed sign-ins: wait {minutes} minutes.", minutes=minutes)
        return _form(429, error=told, headers={"Retry-After": str(error.retry_after_s)})
    except PasswordChangeNeeded:
        return _form(403, needs_new=True)
    except PasswordTooShort:
        return _form(422, needs_new=True, error=PASSWORD_RULE)
    answer = _onward(request.form.get("next", ""))
    _keep_cookie(answer, token)
    return answer


@blueprint.post("/sign-out")
def leave() -> Response:
    """End the session."""
    found = signed_in()
    if found:
        check_csrf(found.token)
        services().store.accounts.sign_out(found.token)
    answer = _to(url_for("door.sign_in"))
    answer.delete_cookie(COOKIE, path="/")
    return answer


def own_path(address: str) -> str:
    """Return ``address`` if it is a path on this host, or nothing."""
    parts = urlsplit(address)
    is_ours = address.startswith("/") and not address.startswith(("//", "/\\"))
    return address if is_ours and not parts.scheme and not parts.netloc else ""


def _onward(wanted: str) -> Response:
    return _to(own_path(wanted) or url_for(FIRST_ROOM))


def _to(address: str) -> Response:
    answer = redirect(address, 303)
    answer.headers["Cache-Control"] = "no-store"
    assert isinstance(answer, Response)  # noqa: S101  flask's own
    return answer


def _form(status: int = 200, **context: Any) -> Response:
    headers = context.pop("headers", None)
    error = translate(context.pop("error", ""), language())
    shown = {"error": error, "needs_new": False, **context}
    wanted = own_path(request.values.get("next", ""))
    name = request.form.get("name", "")[:100]
    return page("staff/sign_in.html", status, headers, name=name, next=wanted, **shown)


def _refuse_other_origins() -> None:
    """Refuse a sign-in sent by another site's page: it would sign us in as somebody else."""
    sent = request.headers.get("Sec-Fetch-Site", "same-origin")
    if sent not in {"same-origin", "none"}:
        raise Problem(403, "csrf", "This page has grown old: load it again, then repeat.")


def _keep_cookie(answer: Response, token: str) -> None:
    answer.set_cookie(
        COOKIE,
        token,
        max_age=services().settings.session_ttl_s,
        path="/",
        secure=request.is_secure,
        httponly=True,
        samesite="Lax",
    )

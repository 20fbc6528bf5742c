"""The door: signing in, in one step or two, and out."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, request, url_for

from service.api.language import language
from service.api.problems import Problem
from service.api.services import services
from service.api.sessions import CODE_REFUSED, PASSWORD_RULE
from service.api.visits import visit
from service.schemas.messages import Message, translate
from service.store.staff.accounts import known_as
from service.store.staff.door import (
    HalfSessionGone,
    PasswordChangeNeeded,
    SecondFactorNeeded,
    SignInRefused,
)
from service.store.staff.passwords import PasswordTooShort
from service.store.staff.second_factor import CodeRefused
from service.store.staff.sign_in_limits import SignInThrottled
from service.web.onward import go_to
from service.web.staff.cookies import HALF_COOKIE, ask_code, forget, let_in
from service.web.staff.guard import check_csrf, signed_in
from service.web.staff.page import first_room, page

FIRST_ROOM = "door.begin"
PASSWORD_LIMIT = 1000
blueprint = Blueprint("door", __name__)


@blueprint.get("/sign-in")
def sign_in() -> Response:
    """Show the form; who is signed in already goes on."""
    if signed_in():
        return go_to(onward(request.args.get("next", "")))
    return form()


@blueprint.get("/")
def home() -> Response:
    """Lead whoever opens the service's bare address in."""
    return begin()


@blueprint.get("/sign-in/onward")
def begin() -> Response:
    """Lead somebody who came in to the room where their day begins."""
    found = signed_in()
    return go_to(url_for(first_room(found.account) if found else "door.sign_in"))


@blueprint.post("/sign-in")
def enter() -> Response:
    """Sign in with a name and a password; a one-time password needs a new one beside it."""
    refuse_other_origins()
    name, wanted = known_as(request.form.get("name", "")), request.form.get("next", "")
    password, new_password = password_sent("password"), password_sent("new_password")
    try:
        token = services().store.door.sign_in(name, password, visit(), new_password)
    except SecondFactorNeeded as owed:
        return ask_code(owed.half, own_path(wanted))
    except SignInRefused:
        return form(401, error="Name and password do not go together.")
    except SignInThrottled as error:
        return form(429, error=throttled(error), headers=retry_after(error))
    except PasswordChangeNeeded:
        return form(403, needs_new=True)
    except PasswordTooShort:
        return form(422, needs_new=True, error=PASSWORD_RULE)
    return let_in(go_to(onward(wanted)), token)


@blueprint.get("/sign-in/code")
def code() -> Response:
    """Ask for the code of the second factor."""
    if not request.cookies.get(HALF_COOKIE):
        return go_to(url_for("door.sign_in"))
    return _code_form()


@blueprint.post("/sign-in/code")
def finish() -> Response:
    """Sign in with a one-time code, or a recovery code, after the password."""
    refuse_other_origins()
    half, given = request.cookies.get(HALF_COOKIE, ""), request.form.get("code", "")[:100]
    try:
        token = services().store.door.finish(half, given, visit())
    except HalfSessionGone:
        return form(401, error="That took more than five minutes: begin again.")
    except CodeRefused:
        return _code_form(401, error=CODE_REFUSED)
    except SignInThrottled as error:
        return _code_form(429, error=throttled(error), headers=retry_after(error))
    return let_in(go_to(onward(request.form.get("next", ""))), token)


@blueprint.post("/sign-out")
def leave() -> Response:
    """End the session."""
    found = signed_in()
    if found:
        check_csrf(found.token)
        services().store.door.sign_out(found.token)
    return forget(go_to(url_for("door.sign_in")))


def own_path(address: str) -> str:
    """Return ``address`` if it is a path on this host, or nothing."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    is_ours = address.startswith("/") and not address.startswith(("//", "/\\"))
    is_ours = is_ours and address.isprintable()
    return address if is_ours and not parts.scheme and not parts.netloc else ""


def onward(wanted: str) -> str:
    """Return where somebody goes who came in: the page they wanted, or their first."""
    return own_path(wanted) or url_for(FIRST_ROOM)


def form(status: int = 200, **context: Any) -> Response:
    """Show the form of name and password, with what went wrong."""
    headers = context.pop("headers", None)
    error = translate(context.pop("error", ""), language())
    shown = {"error": error, "needs_new": False, **context}
    wanted = own_path(request.values.get("next", ""))
    name, provider = request.form.get("name", "")[:100], services().provider
    shown["provider"] = provider.name if provider else ""
    shown["has_mail"] = bool(services().settings.smtp_host)
    return page("staff/sign_in.html", status, headers, name=name, next=wanted, **shown)


def refuse_other_origins() -> None:
    """Refuse a sign-in sent by another site's page: it would sign us in as somebody else."""
    sent = request.headers.get("Sec-Fetch-Site", "same-origin")
    if sent not in {"same-origin", "none"}:
        raise Problem(403, "csrf", "This page has grown old: load it again, then repeat.")


def password_sent(name: str) -> str:
    """Return a password of the form."""
    return request.form.get(name, "")[:PASSWORD_LIMIT]


def throttled(error: SignInThrottled) -> Message:
    """Return the sentence that says how long to wait."""
    minutes = -(-error.retry_after_s // 60)
    return Message("Too many failed sign-ins: wait {minutes} minutes.", minutes=minutes)


def retry_after(error: SignInThrottled) -> dict[str, str]:
    """Return the header that says how long to wait."""
    return {"Retry-After": str(error.retry_after_s)}


def _code_form(
    status: int = 200, error: str = "", headers: dict[str, str] | None = None
) -> Response:
    wanted = own_path(request.values.get("next", ""))
    told = translate(error, language())
    return page("staff/sign_in_code.html", status, headers, next=wanted, error=told)

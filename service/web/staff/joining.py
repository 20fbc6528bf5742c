"""Where a one-time link leads: an invitation, or a reset of the password."""

from __future__ import annotations

from flask import Blueprint, Response, url_for

from service.api.language import language
from service.api.problems import Problem
from service.api.services import now_ms, services
from service.api.sessions import PASSWORD_RULE
from service.api.visits import visit
from service.schemas.messages import translate
from service.store.staff.accounts import AccountExists
from service.store.staff.door import SecondFactorNeeded
from service.store.staff.links import Link, LinkGone, LinkKind
from service.store.staff.passwords import PasswordTooShort
from service.web.onward import go_to
from service.web.staff.cookies import ask_code, let_in
from service.web.staff.door import FIRST_ROOM, password_sent, refuse_other_origins
from service.web.staff.page import page

blueprint = Blueprint("joining", __name__)


@blueprint.get("/join/<token>")
def show(token: str) -> Response:
    """Ask for the password to set."""
    return _form(_link(token), token)


@blueprint.post("/join/<token>")
def join(token: str) -> Response:
    """Set the password, and sign in with it."""
    refuse_other_origins()
    link = _link(token)
    try:
        name = services().store.people.join(token, password_sent("new_password"), now_ms())
    except PasswordTooShort:
        return _form(link, token, 422, PASSWORD_RULE)
    except (LinkGone, AccountExists):
        raise _gone() from None
    try:
        opened = services().store.door.admit(name, visit())
    except SecondFactorNeeded as owed:
        return ask_code(owed.half, "")
    return let_in(go_to(url_for(FIRST_ROOM)), opened)


def _link(token: str) -> Link:
    try:
        return services().store.people.link(token, now_ms())
    except LinkGone:
        raise _gone() from None


def _gone() -> Problem:
    detail = "Ask the administrator who sent it for a new one."
    return Problem(410, "link-gone", "This link was used, revoked, or is too old.", detail=detail)


def _form(link: Link, token: str, status: int = 200, error: str = "") -> Response:
    return page(
        "staff/join.html",
        status,
        link=link,
        address=url_for("joining.join", token=token),
        is_invitation=link.kind is LinkKind.INVITATION,
        error=translate(error, language()),
    )

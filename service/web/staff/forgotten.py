"""Asking for a new password by mail: what is answered tells nobody whether an account exists."""

from __future__ import annotations

from flask import Blueprint, Response, request

from service.api.problems import Problem
from service.api.services import services
from service.store.staff.accounts import known_as
from service.web.staff.door import refuse_other_origins
from service.web.staff.page import page

NAME_LIMIT = 100
blueprint = Blueprint("forgotten", __name__, url_prefix="/sign-in/forgotten")


@blueprint.get("")
def show() -> Response:
    """Ask for the account's name."""
    _refuse_without_server()
    return page("staff/forgotten.html", is_sent=False)


@blueprint.post("")
def ask() -> Response:
    """Have a link sent to the account's address, if it has confirmed one."""
    _refuse_without_server()
    refuse_other_origins()
    name = known_as(request.form.get("name", "")[:NAME_LIMIT])
    if not services().store.mailboxes.may_ask_for_reset():
        raise Problem(
            429, "too-many-resets", "Too many ask for new passwords just now: wait a minute."
        )
    services().doorbell.ring_for_reset(name)
    return page("staff/forgotten.html", is_sent=True)


def _refuse_without_server() -> None:
    if not services().settings.smtp_host:
        raise Problem(404, "not-found", "There is nothing at this address.")

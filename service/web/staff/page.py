"""The frame around every page of those who sign in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response, make_response, render_template, request

from service.api.language import language, translated
from service.api.problems import Problem
from service.schemas.messages import translate, translator
from service.store.staff.accounts import Account, Role
from service.store.staff.preferences import Preferences
from service.web.staff.guard import (
    ADMINISTRATING,
    CSRF_FIELD,
    EVERY_ROLE,
    MODERATING,
    OPERATING,
    Member,
    signed_in,
)

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}


@dataclass(frozen=True, slots=True)
class Room:
    """Name one entry of the navigation: its view, what it is called, who sees it."""

    endpoint: str
    label: str
    roles: frozenset[Role] = EVERY_ROLE


ROOMS: tuple[Room, ...] = (
    Room("queue.show", "Queue", MODERATING),
    Room("appeals.listing", "Appeals", MODERATING),
    Room("history.log", "History", MODERATING),
    Room("ops_page.show", "Operations", OPERATING),
    Room("people.index", "People", ADMINISTRATING),
    Room("settings.index", "Settings", MODERATING),
    Room("account.show", "My account"),
)


def first_room(account: Account) -> str:
    """Return the view where an account's day begins."""
    return next(room.endpoint for room in ROOMS if account.role in room.roles)


def page(
    template: str, status: int = 200, headers: Mapping[str, str] | None = None, **context: Any
) -> Response:
    """Return a page, or a part of one for htmx, in the reader's language."""
    answer = make_response(render_template(template, **frame(), **context), status)
    answer.headers.update(HEADERS)
    answer.headers["Content-Language"] = language()
    answer.headers.update(headers or {})
    return answer


def problem_page(problem: Problem) -> Response:
    """Show what is wrong."""
    tongue = language()
    return page(
        "staff/problem.html",
        problem.status,
        problem.headers,
        title=translate(problem.title, tongue),
        detail=translate(problem.detail, tongue),
        errors=list(translated(problem.errors).values()),
    )


def frame() -> dict[str, Any]:
    """Return what every page and every part of one is told."""
    tongue, found = language(), signed_in()
    return {
        "_": translator(tongue),
        "tongue": tongue,
        "member": found,
        "preferences": found.account.preferences if found else Preferences(),
        "csrf_field": CSRF_FIELD,
        "csrf": found.csrf if found else "",
        "rooms": _rooms(found),
        "here": request.endpoint,
    }


def _rooms(found: Member | None) -> list[Room]:
    return [room for room in ROOMS if found and found.account.role in room.roles]

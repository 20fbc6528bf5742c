"""Which page shows a browser what is wrong, if the caller is one."""

from __future__ import annotations

from collections.abc import Callable

from flask import Response, request

from service.api.browser_forms import problem_page as reader_page
from service.api.media import wants_page
from service.api.problems import Problem
from service.web.staff.page import problem_page as staff_page

STAFF_PATHS = ("/moderate", "/account", "/people", "/settings", "/ops", "/sign-", "/join")
AUTHOR_PATH = "/c/"


def problem_page() -> Callable[[Problem], Response] | None:
    """Return what shows a problem to this caller as a page, or None for a program."""
    if request.path.startswith(STAFF_PATHS):
        return staff_page
    if request.path.startswith(AUTHOR_PATH):
        return reader_page
    return reader_page if wants_page() else None

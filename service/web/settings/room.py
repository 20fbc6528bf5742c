"""What the settings' pages share: who may change, the site in question, the frame of its pages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from babel.dates import format_date, format_datetime
from flask import Response, request, url_for

from service.api.language import language
from service.api.problems import Problem
from service.api.services import now_ms, services
from service.moderation.verdict import Action
from service.schemas.messages import language_name
from service.store.sites import Changer, KnownSite, Site
from service.store.staff.accounts import Role
from service.web.onward import go_to
from service.web.staff.guard import MODERATING, SAFE_METHODS, member, site_asked, staff_blueprint
from service.web.staff.page import page

LARGEST_FORM = 2 << 20
"""Bytes of a form here: 5,000 words of 100 characters, each of which may take several."""

blueprint = staff_blueprint("settings", "/settings", MODERATING)


@blueprint.before_request
def only_administrators_change() -> None:
    """Let moderators read; take larger forms than the service does elsewhere."""
    if request.method not in SAFE_METHODS and not may_change():
        raise Problem(403, "role-missing", "Your account may not do that.")


@blueprint.url_value_preprocessor
def take_larger_forms(_endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Take larger forms than the service does elsewhere, before the guard reads the token."""
    request.max_content_length = LARGEST_FORM
    request.max_form_memory_size = LARGEST_FORM


def may_change() -> bool:
    """Say whether who asks may change settings, or only read them."""
    return member().account.role is Role.ADMINISTRATOR


def oversees_every_site() -> bool:
    """Say whether who asks may make sites: an administrator of all of them."""
    return may_change() and not member().account.sites


def site_of(name: str) -> KnownSite:
    """Return a site of the member's as it is now.

    Raises ``Problem`` 404.
    """
    return services().store.sites.read(site_asked(name))


def changer() -> Changer:
    """Return who changes something, and when."""
    return Changer(member().actor, now_ms())


def change(name: str, how: Callable[[Site], Site]) -> Site:
    """Change a site of the member's, and tell the audit log."""
    return services().store.sites.change(site_asked(name), changer(), how)


def settings_page(template: str, site: Site | None, status: int = 200, **context: Any) -> Response:
    """Return a page about a site's settings."""
    return page(
        f"settings/{template}",
        status,
        site=site,
        tab=template.partition(".")[0].partition("_")[0],
        may_change=may_change(),
        is_done="done" in request.args,
        actions=tuple(Action),
        language_called=lambda code: language_name(code, language()),
        day_of=_day,
        moment_of=_moment,
        **context,
    )


def _day(at_s: float) -> str:
    return str(format_date(dt.datetime.fromtimestamp(at_s, dt.UTC), "medium", language()))


def _moment(at_s: float) -> str:
    moment = dt.datetime.fromtimestamp(at_s, dt.UTC)
    return f"{format_datetime(moment, 'medium', locale=language())} UTC"


def done(endpoint: str, **values: Any) -> Response:
    """Send the browser to a page that says that the change is made."""
    return go_to(url_for(f"settings.{endpoint}", done=1, **values))

"""The second try: a form on our own error page is sent again for the page it came from."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from flask import request

from service.api.services import services

RETURN_TO = "return_to"
RETURN_TOKEN = "return_token"  # noqa: S105  the name of a form field
LIFE_S = 86_400.0


def return_fields(site: str, form: Mapping[str, str]) -> dict[str, str]:
    """Return the hidden, signed fields that remember which page a form came from."""
    page = (
        first_page(site, form)
        or request.headers.get("Referer")
        or request.headers.get("Origin", "")
    )
    issued = f"{services().clock():.0f}"
    signature = services().store.vault.sign("second try", site, page, issued)
    return {RETURN_TO: page, RETURN_TOKEN: f"{issued}~{signature}"}


def first_page(site: str, form: Mapping[str, str]) -> str:
    """Return the address of the page a form was first sent from, by its hidden fields.

    Nothing unless the form stands on an error page of ours: its Origin is our own host,
    and we signed the address within a day.
    """
    if not _is_sent_from_here():
        return ""
    page = form.get(RETURN_TO, "")
    issued, _, signature = form.get(RETURN_TOKEN, "").partition("~")
    if not services().store.vault.is_signed(signature, "second try", site, page, issued):
        return ""
    return page if services().clock() - float(issued) <= LIFE_S else ""


def _is_sent_from_here() -> bool:
    """Compare hosts alone: behind a proxy the scheme seen here may not be the browser's."""
    try:
        return urlsplit(request.headers.get("Origin", "")).netloc == request.host
    except ValueError:
        return False

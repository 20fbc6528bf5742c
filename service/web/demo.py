"""The demo at `/demo`: an article as a newspaper would print it, with real comments below."""

from __future__ import annotations

import datetime as dt
import secrets
from typing import Any
from urllib.parse import quote

from babel.dates import format_datetime
from flask import Blueprint, Response, make_response, render_template, request

from service.api.browser_forms import COMMENT_PARAMETER, STATUS_PARAMETER
from service.api.callers import origin_of
from service.api.language import language
from service.api.own import author_path
from service.api.services import services
from service.api.tokens import make_form_token
from service.first_start import FIRST_SITE
from service.moderation.verdict import Status
from service.schemas.messages import translator
from service.schemas.presentation import public_comment
from service.schemas.submission import HONEYPOT, is_comment_id
from service.schemas.wording import status_sentence
from service.store.comments import CommentUnknown
from service.store.paging import CursorInvalid, Order
from service.store.sites import KnownSite, SiteUnknown
from service.store.threads import Slice

LANGUAGE = "fr"
THREADS_SHOWN = 20
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
blueprint = Blueprint("demo", __name__)


@blueprint.get("/demo")
def article() -> Response:
    """Show the article, its approved comments and the form."""
    try:
        known = services().store.sites.get(FIRST_SITE)
    except SiteUnknown:
        return _page("reader/demo_missing.html", 404, **_for_operator())
    return _page("reader/demo.html", 200, **_for_operator(), **_for_reader(known))


def _page(template: str, status: int, **context: Any) -> Response:
    response = make_response(render_template(template, **context), status)
    response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "strict-origin-when-cross-origin"
    return response


def _for_operator() -> dict[str, Any]:
    tongue = language()
    return {
        "_": translator(tongue),
        "tongue": tongue,
        "site": FIRST_SITE,
        "origin": origin_of(request.url_root),
    }


def _for_reader(known: KnownSite) -> dict[str, Any]:
    page = f"{request.url_root}demo"
    found = _threads(page)
    base = f"/v1/sites/{FIRST_SITE}"
    return {
        "page": page,
        "thread_address": f"{base}/pages/{quote(page, safe='')}/comments",
        "origins": known.site.origins,
        "required": known.site.required,
        "honeypot": HONEYPOT,
        "form_token": make_form_token(services().store.vault, FIRST_SITE, services().clock()),
        "idempotency_key": secrets.token_hex(16),
        "count": services().store.threads.state(FIRST_SITE, page).count,
        "comments": [public_comment(node, base) for node in found.nodes],
        "older": found.cursor,
        "is_first_slice": not request.args.get("cursor"),
        "answered": _answered(page),
        "message": _message(),
        "moment": _moment,
    }


def _threads(page: str) -> Slice:
    read = services().store.threads.read
    try:
        cursor = request.args.get("cursor", "")
        return read(FIRST_SITE, page, Order.NEWEST, THREADS_SHOWN, cursor)
    except CursorInvalid:
        return read(FIRST_SITE, page, Order.NEWEST, THREADS_SHOWN, "")


def _answered(page: str) -> dict[str, str] | None:
    """Return the comment that a reader without script wishes to answer."""
    wished = request.args.get("reply_to", "")
    if not is_comment_id(wished):
        return None
    try:
        record = services().store.comments.get(FIRST_SITE, wished)
    except CommentUnknown:
        return None
    if record.status is not Status.APPROVED or record.comment.page != page:
        return None
    return {"id": wished, "author": record.comment.author}


def _message() -> dict[str, str] | None:
    """Return what the query says of the comment just posted without script."""
    posted = request.args.get(COMMENT_PARAMETER, "")
    try:
        status = Status(request.args.get(STATUS_PARAMETER, ""))
    except ValueError:
        return None
    page = author_path(FIRST_SITE, posted) if is_comment_id(posted) else ""
    return {"status": status.value, "text": status_sentence(status, LANGUAGE), "page": page}


def _moment(iso: str) -> str:
    moment = dt.datetime.fromisoformat(iso)
    return format_datetime(moment, "d MMMM yyyy 'à' H 'h' mm 'UTC'", locale=LANGUAGE)

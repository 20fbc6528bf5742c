"""Answers to a plain HTML form: back to the article, or an error page with the form again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from flask import Response, make_response, render_template, request
from redis.exceptions import RedisError
from werkzeug.exceptions import HTTPException

from service.api.callers import origin_of
from service.api.language import language, wish_for
from service.api.media import is_form
from service.api.own import keep_pass
from service.api.problems import Problem
from service.api.second_try import first_page, return_fields
from service.api.services import services
from service.moderation.comment import Comment
from service.moderation.verdict import Status
from service.schemas.messages import translate, translator
from service.schemas.submission import HONEYPOT
from service.store.comments import Receipt
from service.store.records import Record
from service.store.sites import REQUIRED_BY_DEFAULT, SiteUnknown

COMMENT_PARAMETER = "ecluse_comment"
STATUS_PARAMETER = "ecluse_status"
REPORTED_PARAMETER = "ecluse_reported"
SUBMIT_ENDPOINT = "comments.submit"
SHOWN = ("content", "author", "email", "url")
CARRIED = ("page", "page_title", "parent", "lang", "idempotency_key", "form_token", "nudge_token")
WORTH_ANOTHER_TRY = frozenset({400, 409, 422, 429, 500, 503})
_PLAIN_ORIGIN = re.compile(r"https?://[a-z0-9.:\[\]-]+")


def redirect_back(
    comment: Comment, receipt: Receipt, record: Record | None, origin: str
) -> Response:
    """Send a browser back to the article it commented, with the comment's status.

    Never to another origin than ``origin``, the one admitted.
    """
    status = record.told_status if record else Status.RECEIVED
    target = landing(comment.page, _page_before(_written()), origin)
    response = _onward(with_message(target, receipt.comment_id, status))
    keep_pass(response, comment.site, receipt.comment_id)
    return response


def reported_back(comment: Comment, origin: str) -> Response:
    """Send a browser back to the article where it reported a comment."""
    target = landing(comment.page, _page_before(_written()), origin)
    return _onward(with_query(target, {REPORTED_PARAMETER: comment.id}, "ecluse-reported"))


def problem_page(problem: Problem) -> Response:
    """Show a browser what is wrong, and the form again with everything written in it."""
    written = _written()
    wish_for(written.get("lang"))
    tongue = language()
    response = make_response(
        render_template("reader/problem.html", **_context(problem, written, tongue)),
        problem.status,
    )
    response.headers["Content-Language"] = tongue
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Security-Policy"] = _content_security_policy(written)
    # A stricter one would make the browser send `Origin: null` with the second try.
    response.headers["Referrer-Policy"] = "strict-origin-when-cross-origin"
    response.headers.update(problem.headers)
    return response


def landing(page: str, came_from: str, origin: str) -> str:
    """Return where a browser goes after its post.

    The page the comment stands under or else the one it was sent from, if of ``origin``;
    else the root of ``origin``.
    """
    for address in (page, came_from):
        if origin and origin_of(address) == origin:
            return address
    return f"{origin}/"


def with_message(address: str, comment_id: str, status: Status) -> str:
    """Return ``address`` with the comment's id and status in its query and fragment.

    ``:target`` in a stylesheet can show the message by the fragment alone.
    """
    ours = {COMMENT_PARAMETER: comment_id, STATUS_PARAMETER: status.value}
    return with_query(address, ours, f"ecluse-{status}")


def with_query(address: str, ours: Mapping[str, str], fragment: str) -> str:
    """Return ``address`` with our parameters in its query, and a fragment."""
    parts = urlsplit(address)
    kept = [item for item in parts.query.split("&") if item.partition("=")[0] not in {"", *ours}]
    query = "&".join([*kept, urlencode(ours)])
    path = parts.path or "/"
    return urlunsplit((parts.scheme, parts.netloc, path, query, fragment))


def _onward(address: str) -> Response:
    response = Response(status=303)
    response.headers["Location"] = address
    response.headers["Cache-Control"] = "no-store"
    return response


def _context(problem: Problem, written: Mapping[str, str], tongue: str) -> dict[str, Any]:
    is_ours = request.endpoint == SUBMIT_ENDPOINT
    errors = {name: translate(text, tongue) for name, text in problem.errors.items()}
    return {
        "_": translator(tongue),
        "tongue": tongue,
        "problem": problem,
        "title": translate(problem.title, tongue),
        "detail": translate(problem.detail, tongue),
        "errors": {name: text for name, text in errors.items() if name in SHOWN},
        "other_errors": [text for name, text in errors.items() if name not in SHOWN],
        "first_wrong": next((name for name in SHOWN if name in errors), ""),
        "reasons": problem.extra.get("reasons", []),
        "written": written,
        "hidden": _hidden(problem, written) if is_ours else {},
        "honeypot": HONEYPOT,
        "required": _required() if is_ours else frozenset(),
        "has_form": is_ours and problem.status in WORTH_ANOTHER_TRY,
        "back": _back(written),
    }


def _written() -> dict[str, str]:
    """Return what the form held; nothing when it was too large to be read."""
    try:
        return request.form.to_dict() if is_form() else {}
    except HTTPException:
        return {}


def _hidden(problem: Problem, written: Mapping[str, str]) -> dict[str, str]:
    kept = {name: written[name] for name in CARRIED if written.get(name)}
    token = problem.extra.get("nudge_token")
    if token:
        kept["nudge_token"] = str(token)
    return {**kept, **return_fields(_site(), written)}


def _required() -> frozenset[str]:
    try:
        return services().store.sites.get(_site()).site.required
    except (SiteUnknown, RedisError, OSError):
        return REQUIRED_BY_DEFAULT


def _back(written: Mapping[str, str]) -> str:
    address = _page_before(written)
    return address if origin_of(address) else ""


def _page_before(written: Mapping[str, str]) -> str:
    """Return the page the visitor wrote on, whichever try this is."""
    return first_page(_site(), written) or request.headers.get("Referer", "")


def _site() -> str:
    return str((request.view_args or {}).get("site", ""))


def _content_security_policy(written: Mapping[str, str]) -> str:
    """Return a policy without script; browsers check `form-action` for redirects too."""
    origin = origin_of(_page_before(written))
    targets = f"'self' {origin}" if _PLAIN_ORIGIN.fullmatch(origin) else "'self'"
    return (
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
        f"frame-ancestors 'none'; form-action {targets}"
    )

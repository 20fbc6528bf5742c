"""Errors as `problem+json` (RFC 9457), made in one place."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

import orjson
from flask import Flask, Response
from marshmallow import ValidationError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError
from werkzeug.exceptions import HTTPException

from service.api.language import language, translated
from service.api.limits import rate_limit_headers
from service.api.media import asked
from service.api.services import services
from service.schemas.messages import Message, translate
from service.store.appeals import AppealChanged, AppealUnknown, OwnRefusal
from service.store.authors import TrustedFull
from service.store.bans import BansFull
from service.store.comments import (
    CommentUnknown,
    EditClosed,
    InboxFull,
    NotOnDisk,
    ParentUnknown,
    RateLimited,
    ThreadTooDeep,
)
from service.store.paging import CursorInvalid
from service.store.queue.notes import NotesFull
from service.store.reports import ReportsLimited
from service.store.server.trouble import SENTENCES, Trouble, trouble_of
from service.store.sites import SiteUnknown
from service.store.webhooks.webhooks import WebhookChanged, WebhookUnknown

READING = frozenset({"GET", "HEAD"})
TYPE = "urn:ecluse:problem:"
CONTENT_TYPE = "application/problem+json"
logger = logging.getLogger(__name__)


class Problem(Exception):
    """Answer a request with an error a caller can act on.

    ``kind`` is stable and ends the problem's type; ``errors`` holds one message per field.
    """

    def __init__(
        self,
        status: int,
        kind: str,
        title: str,
        *,
        detail: str = "",
        errors: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(kind)
        self.status = status
        self.kind = kind
        self.title = title
        self.detail = detail
        self.errors = dict(errors or {})
        self.headers = dict(headers or {})
        self.extra = dict(extra or {})


TOO_MANY_REPORTS = "Too many reports in a short time."
INVALID_TITLE = "Some fields need another look."


def invalid(errors: Mapping[str, str]) -> Problem:
    """Return the problem of a request whose fields are wrong."""
    return Problem(422, "validation", INVALID_TITLE, errors=errors)


def from_validation(error: ValidationError) -> Problem:
    """Return the problem of a failed schema: the first message of each field."""
    messages: Any = error.normalized_messages()  # type: ignore[no-untyped-call]
    return invalid(_flat(messages))


def problem_response(problem: Problem) -> Response:
    """Return a problem in the caller's language."""
    tongue = language()
    body: dict[str, Any] = {
        "type": TYPE + problem.kind,
        "title": translate(problem.title, tongue),
        "status": problem.status,
        "request_id": asked().request_id,
    }
    if problem.detail:
        body["detail"] = translate(problem.detail, tongue)
    if problem.errors:
        body["errors"] = translated(problem.errors)
    body.update(problem.extra)
    response = Response(orjson.dumps(body), problem.status, content_type=CONTENT_TYPE)
    response.headers["Content-Language"] = tongue
    response.headers["Cache-Control"] = "no-store"
    response.headers.update(problem.headers)
    return response


def problem_of(error: Exception) -> Problem:
    """Return the problem a domain error amounts to; an unknown one tells nothing of itself."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, ValidationError):
        return from_validation(error)
    if isinstance(error, RateLimited):
        return _rate_limited(error)
    if isinstance(error, HTTPException):
        return _of_http(error)
    if isinstance(error, RedisError) and trouble_of(error):
        return _of_trouble(trouble_of(error))
    if isinstance(error, RedisError | ConnectionError | NotOnDisk):
        if isinstance(error, RedisTimeoutError):
            services().silence.met()
        problem = _unavailable(2)
        _log_outage(problem, error)
        return problem
    for kind, problem in _KNOWN.items():
        if isinstance(error, kind):
            _log_outage(problem, error)
            return problem
    logger.exception("unexpected error in request %s", asked().request_id)
    return Problem(500, "internal", "Something went wrong here, not with you.")


def register(app: Flask, page_for: Callable[[], Callable[[Problem], Response] | None]) -> None:
    """Answer every error of ``app`` as a problem, or by the page that ``page_for`` names."""

    def handle(error: Exception) -> Response:
        show = page_for() or problem_response
        return show(problem_of(error))

    app.register_error_handler(Exception, handle)
    app.register_error_handler(HTTPException, handle)


def _log_outage(problem: Problem, error: Exception) -> None:
    if problem.status >= 500:
        cause, request_id = type(error).__name__, asked().request_id
        logger.warning("%s: %s in request %s", problem.kind, cause, request_id)


def _of_trouble(trouble: Trouble) -> Problem:
    """Return the problem of a server that takes no writes, and tell its operator why."""
    why, request_id = SENTENCES[trouble], asked().request_id
    logger.error("the server refuses writes (%s) in request %s: %s", trouble, request_id, why)
    return _unavailable(30)


def _rate_limited(error: RateLimited) -> Problem:
    tripped = [each for each in error.allowances if each.retry_after_s > 0]
    wait_s = max(1, *(int(each.retry_after_s) + 1 for each in tripped))
    names = ", ".join(each.dimension for each in tripped)
    is_report = isinstance(error, ReportsLimited)
    return Problem(
        429,
        "rate-limited",
        TOO_MANY_REPORTS if is_report else "Too many comments in a short time.",
        detail=Message("Try again in {seconds} seconds.", seconds=wait_s),
        headers={"Retry-After": str(wait_s), **rate_limit_headers(error.allowances)},
        extra={"limits": names},
    )


def _of_http(error: HTTPException) -> Problem:
    status = error.code or 500
    kind, title = _HTTP.get(status, ("http", error.name))
    response = error.get_response()
    names = ("Allow", "Retry-After")
    kept = {name: response.headers[name] for name in names if name in response.headers}
    return Problem(status, kind, title, headers=kept)


def _flat(messages: Mapping[Any, Any], prefix: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for name, found in messages.items():
        path = "body" if name == "_schema" else f"{prefix}{name}"
        if isinstance(found, Mapping):
            flat.update(_flat(found, f"{path}."))
        else:
            flat[path] = found[0] if isinstance(found, list) else str(found)
    return flat


_HTTP = {
    400: ("bad-request", "This request cannot be read."),
    404: ("not-found", "There is nothing at this address."),
    405: ("method-not-allowed", "This address does not take that method."),
    413: ("too-large", "This request is too large."),
    415: ("unsupported-media-type", "Send JSON or a form."),
    503: ("busy", "Too many callers are slow to send just now; try again in a minute."),
}


def _unavailable(retry_after_s: int) -> Problem:
    is_reading = asked().method in READING
    return Problem(
        503,
        "unavailable",
        "This cannot be read just now; try again."
        if is_reading
        else "This could not be kept safe just now; try again.",
        headers={"Retry-After": str(retry_after_s)},
    )


_BUSY = Problem(
    503,
    "inbox-full",
    "Too many comments wait to be checked just now; try again in a minute.",
    headers={"Retry-After": "60"},
)
_KNOWN: dict[type[Exception], Problem] = {
    SiteUnknown: Problem(404, "site-unknown", "There is no such site."),
    CommentUnknown: Problem(404, "comment-unknown", "There is no such comment."),
    ParentUnknown: invalid({"parent": "The comment you answer is not there any more."}),
    ThreadTooDeep: invalid({"parent": "Replies end here; answer a comment further up."}),
    EditClosed: Problem(409, "edit-closed", "This comment can no longer be changed."),
    NotesFull: Problem(409, "notes-full", "This comment has as many notes as it can take."),
    TrustedFull: Problem(409, "trusted-full", "This site trusts as many authors as it can."),
    BansFull: Problem(409, "bans-full", "This site has as many bans as it can keep."),
    AppealUnknown: Problem(404, "appeal-unknown", "There is no open appeal for this comment."),
    OwnRefusal: Problem(409, "own-refusal", "Who refused a comment does not answer its appeal."),
    AppealChanged: Problem(409, "stale", "Somebody else has decided on this comment."),
    WebhookUnknown: Problem(404, "webhook-unknown", "There is no such webhook."),
    WebhookChanged: Problem(409, "stale", "Somebody else is changing this webhook; try again."),
    CursorInvalid: Problem(400, "cursor-invalid", "This cursor is not one of ours."),
    InboxFull: _BUSY,
}

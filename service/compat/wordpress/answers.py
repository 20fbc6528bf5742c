"""What WordPress answers a form: a redirect to the comment, or its plain error page."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit, urlunsplit

from flask import Response, make_response, redirect, render_template, request

from service.api.callers import origin_of, origin_of_request
from service.api.language import language
from service.api.problems import Problem
from service.api.services import services
from service.moderation.verdict import Status
from service.schemas.messages import translate, translator
from service.schemas.text import REQUIRED
from service.schemas.wordpress import DUPLICATE, FILL_IN, TOO_QUICK

PATH = "/wp-comments-post.php"
HASH_LENGTH = 32
SENTENCES = {"duplicate": DUPLICATE, "rate-limited": TOO_QUICK}
FAULTS_OF_FIELDS = 200
"""WordPress answers so whatever is wrong with what was written."""


def onward(site: str, address: str, comment_id: str, status: Status) -> Response:
    """Send a browser to its comment; one that waits for a moderator is named in the query."""
    parts = urlsplit(address)
    query = parts.query
    if status in (Status.RECEIVED, Status.HELD):
        sign = services().store.vault.sign("wordpress held", site, comment_id)
        waiting = {"unapproved": comment_id, "moderation-hash": sign[:HASH_LENGTH]}
        query = "&".join(filter(None, [query, urlencode(waiting)]))
    target = urlunsplit(
        (parts.scheme, parts.netloc, parts.path or "/", query, f"comment-{comment_id}")
    )
    answer = redirect(target, 302)
    assert isinstance(answer, Response)  # noqa: S101  flask's own
    answer.headers["Cache-Control"] = "no-store"
    return answer


def error_page(problem: Problem) -> Response:
    """Show what is wrong as WordPress does: a sentence, and a way back to the form."""
    tongue = language()
    is_about_fields = problem.status == 422
    page = render_template(
        "wordpress/error.html",
        _=translator(tongue),
        tongue=tongue,
        sentences=_sentences(problem, tongue),
        back=_back(),
    )
    answer = make_response(page, FAULTS_OF_FIELDS if is_about_fields else problem.status)
    answer.headers["Content-Language"] = tongue
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Content-Security-Policy"] = "default-src 'none'; base-uri 'none'"
    answer.headers.update(problem.headers)
    return answer


def _sentences(problem: Problem, tongue: str) -> list[str]:
    said = [SENTENCES.get(problem.kind) or problem.title]
    if problem.errors:
        # What is too long, say, was filled in.
        said = [*dict.fromkeys(FILL_IN if why == REQUIRED else why for why in _why(problem))]
    elif problem.detail:
        said.append(problem.detail)
    return [translate(sentence, tongue) for sentence in said]


def _why(problem: Problem) -> list[str]:
    """Return what is wrong, first what is missing."""
    return sorted(problem.errors.values(), key=lambda why: why != REQUIRED)


def _back() -> str:
    """Return the page of the form; only one that the browser itself says it was on."""
    address = request.headers.get("Referer", "")
    return address if origin_of(address) and origin_of(address) == origin_of_request() else ""

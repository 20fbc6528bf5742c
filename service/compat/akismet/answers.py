"""Answers as Akismet gives them: one word as plain text, without a line's end."""

from __future__ import annotations

from flask import Response

from service.api.problems import Problem

TEXT = "text/plain; charset=utf-8"
SPAM, HAM, VALID, INVALID = "true", "false", "valid", "invalid"
THANKS = "Thanks for making the web a better place."
KEPT = frozenset({"Allow", "Retry-After"})
"""The headers of a problem that an answer keeps."""
DEBUG_HELP = "X-akismet-debug-help"


def word(text: str, headers: dict[str, str] | None = None, status: int = 200) -> Response:
    """Return one word; clients compare bodies as they are."""
    return Response(
        text, status, {"Cache-Control": "no-store", **(headers or {})}, content_type=TEXT
    )


def malformed(why: str) -> Response:
    """Return the answer to a request that lacks something: status 200 all the same."""
    return word(INVALID, {DEBUG_HELP: why})


def refusal(problem: Problem) -> Response:
    """Return a problem in Akismet's shape: a body that no client takes for a verdict.

    WordPress holds a comment on such an answer and asks again later.
    """
    kept = {name: value for name, value in problem.headers.items() if name in KEPT}
    return word(INVALID, {DEBUG_HELP: problem.title, **kept}, problem.status)

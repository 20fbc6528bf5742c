"""What the OpenAPI description says of every route alike: problems, and one worked example."""

from __future__ import annotations

from typing import Any

from flask_smorest import Api

from service.schemas.outgoing import ProblemSchema

PROBLEM_JSON = "application/problem+json"
PROBLEMS = {
    400: "The request cannot be read: no JSON, a cursor or a number that is none",
    401: "No key, session or token, or one that is not known",
    403: "Known, but not allowed: the origin, the scope or the site is another, or a ban stands",
    404: "No such site or comment",
    409: "Too late: somebody decided, or the author's time is over",
    413: "The body is larger than it may be, 64 KiB unless set otherwise",
    415: "Neither JSON nor a form",
    422: "Some fields need another look: one message for each, in the caller's language",
    429: "Too many in a short time; `Retry-After` says when to come back",
    503: "The store cannot be reached or could not keep the comment safe, and nothing was taken;"
    " or the models cannot be loaded",
}
"""Every status a problem may have, and what it means."""

PAGED = [
    {"in": "query", "name": "cursor", "schema": {"type": "string"}},
    {"in": "query", "name": "limit", "schema": {"type": "integer"}},
]
"""The parameters of what comes in pages."""

COMMENT = {
    "author": "AKPANRI Komla",
    "email": "komla@example.org",
    "content": "Merci pour cet article sur les écluses",
    "page": "https://journal.example/ecluses",
}
RECEIPT = {
    "id": "01JZ8Q6Q3D5W8W1XK2T9F4M7NB",
    "status": "received",
    "message": "Thank you. Your comment is being checked.",
    "edit_token": "p0vX0cPpQ2k3Jm3rS6S1h0m7Wc1yqkq2m0v0aYw9b1E",
    "links": {
        "self": "/v1/sites/journal/comments/01JZ8Q6Q3D5W8W1XK2T9F4M7NB",
        "page": "/v1/sites/journal/pages/https%3A%2F%2Fjournal.example%2Fecluses/comments",
        "author": "/c/journal/01JZ8Q6Q3D5W8W1XK2T9F4M7NB?token=p0vX0cPpQ2k3Jm3rS6S1h0m7Wc1yqkq2m0v",
    },
}
VALIDATION = {
    "type": "urn:ecluse:problem:validation",
    "title": "Some fields need another look.",
    "status": 422,
    "errors": {"email": "An e-mail address has an @ sign, as in name@example.org."},
    "request_id": "01JZ8Q6PZ1C3XN0T0V5Y8QK2RD",
}


class DescribedApi(Api):  # type: ignore[misc]  # flask_smorest has no types
    """Describe the routes; any error, also one not named beside a route, is a problem."""

    def _register_responses(self) -> None:
        for status, meaning in PROBLEMS.items():
            self.spec.components.response(_name(status), _problem(meaning, status), lazy=True)
        other = _problem("Any other error")
        self.spec.components.response(self.DEFAULT_ERROR_RESPONSE_NAME, other, lazy=True)


def problems(*statuses: int) -> dict[int, str]:
    """Return the answers a route may give beside the good one, for ``blueprint.doc``."""
    return {status: _name(status) for status in statuses}


def _name(status: int) -> str:
    return f"Problem{status}"


def _problem(meaning: str, status: int = 0) -> dict[str, Any]:
    body: dict[str, Any] = {"schema": ProblemSchema}
    if status == VALIDATION["status"]:
        body["example"] = VALIDATION
    return {"description": meaning, "content": {PROBLEM_JSON: body}}

"""Errors as Google's APIs answer them, with the analyzer's own kinds among the details.

Clients look at ``errorType``, at ``details`` or for a part of the message: all three are kept.
The bodies are those recorded from the public API and its documentation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from flask import Response
from marshmallow import ValidationError

from service.api.answer import Answer
from service.api.media import asked
from service.api.problems import Problem
from service.schemas.perspective import (
    CANNOT_FIND,
    NOT_A_MESSAGE,
    POPULATED_TWICE,
    SCORE_TYPES,
    TEXT_TYPES,
    TOO_MANY,
)

ANALYZER_ERROR = "type.googleapis.com/google.commentanalyzer.v1alpha1.Error"
ERROR_INFO = "type.googleapis.com/google.rpc.ErrorInfo"
BAD_REQUEST = "type.googleapis.com/google.rpc.BadRequest"
SERVICE = "commentanalyzer.googleapis.com"
DOMAIN = "googleapis.com"

NOT_JSON = "Invalid JSON payload received. It is not an object in valid JSON."
LONGEST_NAME = 100
"""How much of a name that somebody sent is said back."""

CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Retry-After, X-Request-ID",
}
"""Pages and browser extensions of any origin may call: whoever has the key may."""

Details = Sequence[Mapping[str, Any]]

_STATUSES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    405: "UNIMPLEMENTED",
    413: "INVALID_ARGUMENT",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}
_MESSAGES = {
    400: "Request contains an invalid argument.",
    404: "Requested entity was not found.",
    405: "Method not allowed.",
    413: "Request payload size exceeds the limit.",
    500: "Internal error encountered.",
    503: "The service is currently unavailable.",
}


class ApiError(Problem):
    """Answer a request with an error in Google's shape."""

    def __init__(
        self,
        code: int,
        message: str,
        details: Details = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(code, "perspective", message, headers=headers)
        self.details = details


def analyzer_error(kind: str, message: str, **more: Any) -> ApiError:
    """Return an error of the analyzer itself; ``kind`` is its ``errorType``."""
    return ApiError(400, message, [{"@type": ANALYZER_ERROR, "errorType": kind, **more}])


def comment_empty() -> ApiError:
    """Return the error of a comment without text."""
    return analyzer_error("COMMENT_EMPTY", "Comment must be non-empty.")


def comment_too_long() -> ApiError:
    """Return the error of a comment beyond the limit."""
    return analyzer_error("COMMENT_TOO_LONG", "Comment text too long.")


def invalid_request(message: str) -> ApiError:
    """Return the error of what has no kind of its own."""
    return analyzer_error("INVALID_REQUEST", message)


def unknown_attribute(name: str) -> ApiError:
    """Return the error of an attribute nobody has a model for."""
    return invalid_request(f"Unknown requested attribute: {name[:LONGEST_NAME]}")


def language_not_supported(attribute: str, langs: Sequence[str], *, is_detected: bool) -> ApiError:
    """Return the error of an attribute that is not judged in the languages of a comment."""
    told = [lang[:LONGEST_NAME] for lang in langs]
    name = attribute[:LONGEST_NAME]
    return analyzer_error(
        "LANGUAGE_NOT_SUPPORTED_BY_ATTRIBUTE",
        f"Attribute {name} does not support request languages: {', '.join(told)}",
        languageNotSupportedByAttributeError={
            "detectedLanguages" if is_detected else "requestedLanguages": told,
            "attribute": name,
        },
    )


def language_unknown() -> ApiError:
    """Return the error of a text whose language neither its words nor a site tell."""
    return analyzer_error("LANGUAGE_DETECTION_FAILED", "Unable to detect language")


def key_invalid() -> ApiError:
    """Return the error of a key nobody knows."""
    return ApiError(
        400,
        "API key not valid. Please pass a valid API key.",
        [_info("API_KEY_INVALID", service=SERVICE)],
    )


def format_unknown(alt: str) -> ApiError:
    """Return the error of a format that no answer has."""
    name = alt[:LONGEST_NAME]
    said = f"Invalid value '{name}' for query parameter 'alt': only 'json' is served."
    return _bad_parameter("alt", said)


def mask_broken(path: str) -> ApiError:
    """Return the error of a path that is asked for, and leads to nothing an answer may hold."""
    name = path[:LONGEST_NAME]
    said = "Error expanding 'fields' parameter. Cannot find matching fields for path"
    return _bad_parameter(name, f"{said} '{name}'.")


def _bad_parameter(field: str, said: str) -> ApiError:
    violation = {"field": field, "description": said}
    return ApiError(400, _MESSAGES[400], [{"@type": BAD_REQUEST, "fieldViolations": [violation]}])


def key_missing() -> ApiError:
    """Return the error of a call without a key."""
    return ApiError(
        403,
        "Method doesn't allow unregistered callers (callers without established identity). "
        "Please use API Key or other form of API consumer identity to call this API.",
    )


def quota_exceeded(method: str, site: str, limit: int, unit: str, retry_after_s: int) -> ApiError:
    """Return the error of a site that asks for more than its limit allows."""
    metric = f"{method} requests"
    return ApiError(
        429,
        f"Quota exceeded for quota metric '{metric}' and limit '{metric} per {unit}' of service "
        f"'{SERVICE}' for consumer 'project:{site}'.",
        [
            _info(
                "RATE_LIMIT_EXCEEDED",
                service=SERVICE,
                consumer=f"projects/{site}",
                quota_limit_value=str(limit),
                quota_unit=f"1/{unit}",
            ),
            {
                "@type": "type.googleapis.com/google.rpc.RetryInfo",
                "retryDelay": f"{retry_after_s}s",
            },
        ],
        {"Retry-After": str(retry_after_s)},
    )


def unreadable(error: ValidationError) -> ApiError:
    """Return the error of a body that does not fit its message: the first field that objects."""
    path, code = _first(error.messages)
    where = ".".join(path[:-1] if code == CANNOT_FIND else path)
    said = _said(path, code, where)
    violation = {"field": ".".join(path), "description": said}
    return ApiError(400, said, [{"@type": BAD_REQUEST, "fieldViolations": [violation]}])


def standard_parameter(name: str) -> str:
    """Return a parameter that every method takes, also with a ``$`` in front; or nothing."""
    query = asked().query
    return query.get(name) or query.get(f"${name}", "")


def written(body: Mapping[str, Any]) -> bytes:
    """Return a body as JSON, with indentations unless ``prettyPrint`` is false."""
    is_plain = standard_parameter("prettyPrint").lower() in ("false", "0")
    return orjson.dumps(body, option=None if is_plain else orjson.OPT_INDENT_2)


def refusal(problem: Problem) -> Response:
    """Return a problem in Google's shape."""
    code = problem.status
    is_own = isinstance(problem, ApiError)
    message = problem.title if is_own else _MESSAGES.get(code, problem.title)
    error: dict[str, Any] = {
        "code": code,
        "message": message,
        "status": _STATUSES.get(code, "UNKNOWN"),
    }
    if isinstance(problem, ApiError) and problem.details:
        error["details"] = problem.details
    raw = written({"error": error})
    headers = {
        "Content-Type": "application/json; charset=UTF-8",
        "Content-Length": str(len(raw)),
        "Cache-Control": "no-store",
        **CORS,
        **{name: problem.headers[name] for name in _KEPT if name in problem.headers},
    }
    return Answer([raw], code, headers)


_KEPT = ("Allow", "Retry-After")


def _info(reason: str, **metadata: str) -> dict[str, Any]:
    return {"@type": ERROR_INFO, "reason": reason, "domain": DOMAIN, "metadata": metadata}


def _said(path: Sequence[str], code: str, where: str) -> str:
    if code == CANNOT_FIND:
        place = f" at '{where}'" if where else ""
        return (
            f'Invalid JSON payload received. Unknown name "{path[-1]}"{place}: Cannot find field.'
        )
    if code == POPULATED_TWICE:
        return f"Invalid value at '{where}' (oneof), the field is already set."
    if code == TOO_MANY:
        return f"Invalid value at '{where}', it has too many entries."
    if code == NOT_A_MESSAGE and not path:
        return NOT_JSON
    names = {"TextType": TEXT_TYPES, "ScoreType": SCORE_TYPES}.get(code)
    hint = f", one of {', '.join(names)} is needed" if names else ""
    return f"Invalid value at '{where}' ({code}){hint}"


def _first(messages: Any) -> tuple[list[str], str]:
    """Return the path to the first message, and the message."""
    path: list[str] = []
    while isinstance(messages, dict):
        name = next(iter(messages))
        path.append(str(name)[:LONGEST_NAME])
        messages = messages[name]
    return path, str(messages[0])

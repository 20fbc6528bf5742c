"""OpenAI's moderation endpoint: `POST /v1/moderations`."""

from __future__ import annotations

import secrets
from typing import Any

from flask import Blueprint, Response
from marshmallow import ValidationError

from service.api.answer import answer
from service.api.callers import bearer_token
from service.api.problems import Problem
from service.compat.door import bounded_body, key_holder
from service.compat.json_sent import NotJson, json_in
from service.compat.judging import policy_of
from service.compat.openai.categories import result_of
from service.compat.quota import TooOften, spend
from service.compat.scores import NotScreened, Texts
from service.moderation.language import Language
from service.moderation.policy import OtherLanguages, Policy
from service.schemas.openai import ModerationSchema
from service.store.doors.door_keys import Door
from service.store.sites import Site

blueprint = Blueprint("openai", __name__)

PATH = "/v1/moderations"
MODEL = "ecluse"
MOST_BODY = 1_048_576
DIMENSION = "openai"
_TYPES = {401: "invalid_request_error", 404: "invalid_request_error", 429: "requests"}
_CODES = {401: "invalid_api_key", 429: "rate_limit_exceeded"}
_schema = ModerationSchema()


class OpenAiError(Problem):
    """Answer with an error in OpenAI's shape; ``param`` names the field that objects."""

    def __init__(
        self, status: int, message: str, param: str = "", headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(status, "openai", message, headers=headers)
        self.param = param


@blueprint.post(PATH)
def moderations() -> Response:
    """Score texts; nothing of them is kept."""
    token = bearer_token()
    holder = key_holder(Door.OPENAI, token)
    if holder is None:
        raise OpenAiError(401, _about_key(token))
    site = holder[0]
    contents = _contents(bounded_body(MOST_BODY))
    _spend(site, len(contents))
    try:
        results = _results(site, contents)
    except NotScreened:
        raise OpenAiError(503, "The service is overloaded or not ready yet.") from None
    number = secrets.token_hex(12)
    return answer({"id": f"modr-{number}", "model": MODEL, "results": results})


def refusal(problem: Problem) -> Response:
    """Return a problem in OpenAI's shape."""
    status = problem.status
    usual = "server_error" if status >= 500 else "invalid_request_error"
    error = {
        "message": problem.title,
        "type": _TYPES.get(status, usual),
        "param": getattr(problem, "param", "") or None,
        "code": _CODES.get(status),
    }
    kept = ("Allow", "Retry-After")
    headers = {name: problem.headers[name] for name in kept if name in problem.headers}
    return answer({"error": error}, status, {"Cache-Control": "no-store", **headers})


def _about_key(token: str) -> str:
    if token:
        return "Incorrect API key provided."
    return "You didn't provide an API key. Send it in an Authorization header, with Bearer auth."


def _contents(raw: bytes) -> list[str]:
    try:
        loaded: dict[str, Any] = _schema.load(json_in(raw))
    except NotJson:
        raise OpenAiError(400, "We could not parse the JSON body of your request.") from None
    except ValidationError as error:
        messages: Any = error.messages
        fault = messages.get("input", ["The body must be a JSON object."])[0]
        raise OpenAiError(400, str(fault), "input") from None
    texts: list[str] = loaded["input"]
    return texts


def _spend(site: Site, count: int) -> None:
    try:
        spend(site, DIMENSION, count)
    except TooOften as error:
        wait = {"Retry-After": str(error.retry_after_s)}
        raise OpenAiError(429, "Rate limit reached; try again later.", headers=wait) from None


def _results(site: Site, contents: list[str]) -> list[dict[str, Any]]:
    policy = policy_of(site)
    texts = Texts(site, contents, expected=site.lang)
    rows = zip(texts.scored(), texts.languages, strict=True)
    return [_result(policy, found.scores, language) for found, language in rows]


def _result(policy: Policy, scores: Any, language: Language) -> dict[str, Any]:
    """Return one text's result; of a language nobody here reads, that nothing was looked at."""
    if not language.is_served:
        unread = result_of({}, lambda *_: False)
        return {**unread, "flagged": policy.other_languages is OtherLanguages.HOLD}

    def is_above(attribute: Any, score: float) -> bool:
        limit = policy.threshold(attribute, language.code)
        return limit is not None and score >= limit.hold

    return result_of(scores, is_above)

"""The Perspective API as its clients call it: analyze, suggestscore, and the discovery document."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from flask import Blueprint, Response

from config.settings import EncoderUse
from service.api.answer import Answer
from service.api.callers import bearer_token
from service.api.media import asked
from service.api.services import services
from service.compat.door import bounded_body, key_holder
from service.compat.perspective import errors
from service.compat.perspective.analysis import analyzed, supported, tongue_of
from service.compat.perspective.attributes import Coverage, coverage
from service.compat.perspective.batch import BatchBroken, calls_in, joined
from service.compat.perspective.batched import answer_to
from service.compat.perspective.discovery import document
from service.compat.perspective.masks import Mask, masked
from service.compat.perspective.requests import read_analysis, read_suggestion
from service.compat.perspective.standard import check_format, part_asked
from service.compat.perspective.suggesting import teach
from service.compat.quota import TooOften, spend
from service.compat.scores import NotScreened, Texts
from service.moderation.models.linear import shipped_model
from service.moderation.signal import Attribute
from service.store.doors.door_keys import Door
from service.store.sites import Site

blueprint = Blueprint("perspective", __name__)

MOST_BODY = 262_144
"""Bytes a call may have: the longest comment written in escapes, and what stands around it."""
DIMENSION = "perspective"
JSON = "application/json; charset=UTF-8"
PREFLIGHT = {
    **errors.CORS,
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, X-Goog-Api-Client, "
    "X-Goog-Api-Key, X-Goog-FieldMask, X-Goog-User-Project, X-Client-Data, X-Requested-With",
    "Access-Control-Max-Age": "3600",
}
CALLS = ("/v1alpha1/comments:analyze", "/v1alpha1/comments:suggestscore")
BATCHES = ("/batch", "/batch/commentanalyzer/v1alpha1")
MOST_BATCH = 524_288
"""Bytes a batch may have: a hundred comments of 5,000 characters."""
DOCUMENTS = ("/$discovery/rest", "/discovery/v1/apis/commentanalyzer/v1alpha1/rest")


@blueprint.route(CALLS[0], methods=["POST"], provide_automatic_options=False)
def analyze() -> Response:
    """Score a comment; nothing of it is kept, whatever `doNotStore` says."""
    site, _ = _caller()
    part = part_asked("AnalyzeCommentResponse")
    call = read_analysis(bounded_body(MOST_BODY))
    _spend(site, "Analysis")
    return _answer(_screened(lambda: analyzed(site, call, _coverage())), part)


@blueprint.route(CALLS[1], methods=["POST"], provide_automatic_options=False)
def suggest_score() -> Response:
    """Learn which scores a comment should have had; its words are not kept."""
    site, actor = _caller()
    part = part_asked("SuggestCommentScoreResponse")
    call = read_suggestion(bounded_body(MOST_BODY))
    _spend(site, "Suggestion")
    expected = call.languages[0] if call.languages else site.lang
    every = frozenset(Attribute)
    texts = Texts(site, [call.words.seen], expected=expected, wanted=every, hears_layer=False)
    tongue = tongue_of(site, call.languages, call.words.seen, texts.languages[0])
    supported(call.wanted, tongue, _coverage())
    _screened(lambda: teach(site, call, texts.judged_in(tongue.lang), actor))
    body: dict[str, Any] = {"clientToken": call.client_token} if call.client_token else {}
    if call.languages:
        body["requestedLanguages"] = call.languages
    if tongue.detected:
        body["detectedLanguages"] = tongue.detected
    return _answer(body, part)


@blueprint.route(DOCUMENTS[0], provide_automatic_options=False)
@blueprint.route(DOCUMENTS[1], provide_automatic_options=False)
def discovery() -> Response:
    """Describe the API to a generated client, at the address by which it came."""
    if asked().query.get("version", "v1alpha1") != "v1alpha1":
        raise errors.ApiError(404, "Discovery document not found for API service.")
    check_format()
    return _answer(document(asked().host_url), headers={"Vary": "Host"})


@blueprint.route(BATCHES[0], methods=["POST"], provide_automatic_options=False)
@blueprint.route(BATCHES[1], methods=["POST"], provide_automatic_options=False)
def batch() -> Response:
    """Answer up to a hundred calls in one, each as if it had come by itself."""
    body = bounded_body(MOST_BATCH)
    try:
        calls = calls_in(asked().environ.get("CONTENT_TYPE", ""), body)
    except BatchBroken as error:
        raise errors.ApiError(400, str(error)) from None
    kind, raw = joined(answer_to(call, CALLS) for call in calls)
    headers = {"Content-Type": kind, "Content-Length": str(len(raw)), "Cache-Control": "no-store"}
    return Answer([raw], 200, {**headers, **errors.CORS})


def preflight() -> Response:
    """Let pages of any origin call: whoever has the key may."""
    return Answer([b""], 204, PREFLIGHT)


for _path in (*CALLS, *DOCUMENTS, *BATCHES):
    blueprint.add_url_rule(
        _path, "preflight", preflight, methods=["OPTIONS"], provide_automatic_options=False
    )


def _caller() -> tuple[Site, str]:
    """Return the site whose key came, and the key's name in what it teaches.

    Raises ``ApiError``.
    """
    current = asked()
    token = (
        current.query.get("key", "")
        or current.environ.get("HTTP_X_GOOG_API_KEY", "")
        or bearer_token()
    )
    holder = key_holder(Door.PERSPECTIVE, token)
    if holder is None:
        raise errors.key_invalid() if token else errors.key_missing()
    site, key = holder
    return site, f"key:{key.id}"


def _spend(site: Site, method: str) -> None:
    try:
        spend(site, DIMENSION)
    except TooOften as error:
        window_s = error.limit.window_s
        unit = "minute" if window_s == 60 else f"{window_s} seconds"
        raise errors.quota_exceeded(
            method, site.name, error.limit.burst, unit, error.retry_after_s
        ) from None


def _screened(work: Callable[[], Any]) -> Any:
    try:
        return work()
    except NotScreened:
        raise errors.ApiError(503, "The service is currently unavailable.") from None


def _coverage() -> Coverage:
    return _coverage_of(services().settings.encoder is not EncoderUse.OFF)


@cache
def _coverage_of(has_encoder: bool) -> Coverage:
    return coverage(has_encoder, shipped_model().weights.calibration)


def _answer(body: Any, part: Mask | None = None, headers: dict[str, str] | None = None) -> Response:
    raw = errors.written(body if part is None else masked(body, part))
    own = {"Content-Type": JSON, "Content-Length": str(len(raw)), "Cache-Control": "no-store"}
    return Answer([raw], 200, {**own, **errors.CORS, **(headers or {})})

"""Moderators' routes: the queue, what is like one comment, what moved its scores, decisions."""

from __future__ import annotations

from typing import Any

from flask import Response, request
from flask_smorest import Blueprint

from service.api.answer import answer
from service.api.callers import staff
from service.api.explained import explained
from service.api.intake import load, read_json
from service.api.language import language
from service.api.media import JSON
from service.api.named import named
from service.api.openapi import problems
from service.api.outcomes import follow_up, raise_alone, result_body
from service.api.problems import Problem
from service.api.services import now_ms, services
from service.api.similar import Likeness, similar_comments
from service.moderation.weightiest import weightiest
from service.schemas.explaining import ExplanationSchema, influences
from service.schemas.presentation import staff_comment
from service.schemas.staff import (
    STATUS_OF,
    DecisionSchema,
    QueueQuerySchema,
    QueueSchema,
    ResultsSchema,
    SimilarQuerySchema,
    SimilarSchema,
    SiteQuerySchema,
)
from service.store.decisions import Order, Outcome
from service.store.queue.filters import Filters
from service.store.sites import Scope

blueprint = Blueprint(
    "moderation",
    "moderation",
    url_prefix="/v1/moderation",
    description="The moderators' queue and decisions",
)
NO_MODELS = Problem(503, "models-missing", "The models cannot be loaded here.")


@blueprint.route("/queue", methods=["GET"])
@blueprint.doc(security=[{"key": []}])
@blueprint.doc(
    parameters=[{"in": "query", "schema": QueueQuerySchema}],
    responses=problems(400, 401, 403, 404, 422),
)
@blueprint.response(200, QueueSchema)
def queue() -> Response:
    """Get the comments waiting for a moderator, oldest first, with why each is held.

    All filters may be combined. An answer costs no more the more comments wait: where few
    fit, it may hold fewer than `limit`, or none, and `next` to go on.
    """
    wanted = load(QueueQuerySchema(), request.args.to_dict())
    who = staff(Scope.MODERATE, wanted["site"])
    store = services().store
    found = store.queue.find(
        who.site, _filters(wanted), wanted["order"], wanted["limit"], wanted["cursor"]
    )
    tongue = language()
    return answer(
        {
            "total": found.total,
            "is_total_exact": found.is_total_exact,
            "unscreened_total": store.decisions.unscreened_count(who.site),
            "comments": [
                staff_comment(r, services().store.comments.personal(r), tongue)
                for r in found.records
            ],
            "next": found.cursor or None,
        },
        200,
        {"Cache-Control": "no-store"},
    )


@blueprint.route("/comments/<comment_id>/similar", methods=["GET"])
@blueprint.doc(
    security=[{"key": []}],
    parameters=[
        {"in": "query", "name": "site", "schema": {"type": "string"}},
        {"in": "query", "name": "limit", "schema": {"type": "integer"}},
    ],
    responses=problems(400, 401, 403, 404, 422),
)
@blueprint.response(200, SimilarSchema)
def similar_to(comment_id: str) -> Response:
    """Get the comments nearest to one in meaning, of the site's newest ones, nearest first.

    Up to 64 are compared, half of them from the queue. Where the encoder is off or cannot
    be asked, none are: `compared` is 0.
    """
    wanted = load(SimilarQuerySchema(), request.args.to_dict())
    who = staff(Scope.MODERATE, wanted["site"])
    record = named(who.site, comment_id)
    compared, found = similar_comments(who.site, record, wanted["limit"])
    return answer(
        {"id": comment_id, "compared": compared, "similar": [_likeness(each) for each in found]},
        200,
        {"Cache-Control": "no-store"},
    )


@blueprint.route("/comments/<comment_id>/explanation", methods=["GET"])
@blueprint.doc(
    security=[{"key": []}],
    parameters=[{"in": "query", "name": "site", "schema": {"type": "string"}}],
    responses=problems(400, 401, 403, 404, 422, 503),
)
@blueprint.response(200, ExplanationSchema)
def explanation_of(comment_id: str) -> Response:
    """Get which words moved a comment's scores, and by how much, in the eyes of each model.

    For the four highest attributes that the models find anything of, highest first, each
    model's twelve weightiest words or groups of words, in reading order. Computed when
    asked, from the first 2,000 characters: it may take a second.
    """
    wanted = load(SiteQuerySchema(), request.args.to_dict())
    who = staff(Scope.MODERATE, wanted["site"])
    found = explained(named(who.site, comment_id))
    if found is None:
        raise NO_MODELS
    kept = {attribute: weightiest(each) for attribute, each in found.told.items()}
    body = {
        "id": comment_id,
        "read": len(found.content),
        "explanation": influences(found.content, kept),
    }
    return answer(body, 200, {"Cache-Control": "no-store"})


@blueprint.route("/decisions", methods=["POST"])
@blueprint.doc(
    security=[{"key": []}],
    requestBody={"required": True, "content": {JSON: {"schema": DecisionSchema}}},
    responses=problems(400, 401, 403, 404, 409, 413, 422),
)
@blueprint.response(200, ResultsSchema)
def decide() -> Response:
    """Approve, hold, reject, mark as spam or delete one comment, or up to 500.

    With `version` a single decision only counts if nobody was faster (409 otherwise); with
    `versions` each of several does (its outcome is `stale` otherwise).
    """
    data = load(DecisionSchema(), read_json())
    who = staff(Scope.MODERATE, data["site"])
    target = STATUS_OF[data["action"]]
    ids = [data["id"]] if "id" in data else list(dict.fromkeys(data["ids"]))
    seen = {**data["versions"], **({data["id"]: data["version"]} if "version" in data else {})}
    orders = [Order(comment_id, target, seen.get(comment_id)) for comment_id in ids]
    reason = data["reason"]
    results = services().store.decisions.decide(who.site, orders, who.actor, reason, now_ms())
    follow_up(who.site, results, who.actor)
    if "id" in data:
        raise_alone(results[0])
    return answer(
        {
            "done": sum(result.outcome is Outcome.DONE for result in results),
            "results": [result_body(result) for result in results],
        }
    )


def _filters(wanted: dict[str, Any]) -> Filters:
    return Filters(
        status=wanted["status"],
        page=wanted["page"],
        lang=wanted["language"],
        attribute=wanted["attribute"],
        least=wanted["least"],
        most=wanted["most"],
        author=wanted["author"],
        words=wanted["words"],
        is_reported=wanted["reported"],
        has_link=wanted["has_link"],
        is_unscreened=wanted["unscreened"],
        after_ms=int(wanted["after"] * 1000),
        before_ms=int(wanted["before"] * 1000),
    )


def _likeness(found: Likeness) -> dict[str, object]:
    return {
        "id": found.record.comment.id,
        "score": round(found.score, 4),
        "status": found.record.status.value,
    }

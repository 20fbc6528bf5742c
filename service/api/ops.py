"""Operators' routes: a site in numbers, and its dead letters."""

from __future__ import annotations

from typing import Any

from flask import Response, request
from flask_smorest import Blueprint

from service.api.answer import answer
from service.api.callers import staff
from service.api.intake import load, read_json
from service.api.media import JSON
from service.api.openapi import PAGED, problems
from service.api.services import services
from service.schemas.ops import OutcomeSchema, WhichLettersSchema, outcome_of
from service.schemas.presentation import iso
from service.schemas.staff import (
    MOST_AT_ONCE,
    DeadLettersQuerySchema,
    DeadLettersSchema,
    RetriedSchema,
    SiteQuerySchema,
    SummarySchema,
)
from service.store.sites import Scope

blueprint = Blueprint(
    "ops", "ops", url_prefix="/v1/ops", description="Sites in numbers, and dead letters"
)
SITE = [{"in": "query", "name": "site", "schema": {"type": "string"}}]


@blueprint.route("/summary", methods=["GET"])
@blueprint.doc(security=[{"key": []}], parameters=SITE, responses=problems(400, 401, 403, 404, 422))
@blueprint.response(200, SummarySchema)
def summary() -> Response:
    """Get a site in numbers: inbox, held, unscreened, dead letters, refused."""
    site = _site_asked()
    store = services().store
    counters = store.decisions.counts(site)
    oldest = store.inbox.oldest_ms(site)
    return answer(
        {
            "site": site,
            "inbox": store.inbox.depth(site),
            "inbox_oldest": None if oldest is None else iso(oldest),
            "held": counters.get("status.held", 0),
            "unscreened": store.decisions.unscreened_count(site),
            "dead_letters": store.decisions.dead_letter_count(site),
            "rejected": counters.get("status.rejected", 0),
            "counters": counters,
            "unknown_keys": {
                door.value: {"calls": each.calls, "last": each.last_ms and iso(each.last_ms)}
                for door, each in store.door_counts.unknown().items()
            },
        }
    )


@blueprint.route("/dead-letters", methods=["GET"])
@blueprint.doc(
    security=[{"key": []}], parameters=[*SITE, *PAGED], responses=problems(400, 401, 403, 404, 422)
)
@blueprint.response(200, DeadLettersSchema)
def dead_letters() -> Response:
    """Get the comments that workers began and never finished, oldest first, page by page."""
    wanted = load(DeadLettersQuerySchema(), request.args.to_dict())
    site = staff(Scope.OPS, wanted["site"]).site
    decisions = services().store.decisions
    found = decisions.dead_letter_page(site, wanted["limit"], wanted["cursor"])
    rows = [
        {"id": d.comment_id, "at": iso(d.at_ms), "attempts": d.attempts, "error": d.error}
        for d in found.letters
    ]
    total = decisions.dead_letter_count(site)
    return answer({"site": site, "dead_letters": rows, "cursor": found.cursor, "total": total})


@blueprint.route("/dead-letters/retry", methods=["POST"])
@blueprint.doc(
    security=[{"key": []}],
    requestBody={"required": True, "content": {JSON: {"schema": WhichLettersSchema}}},
    responses=problems(400, 401, 403, 404, 413, 422),
)
@blueprint.response(200, RetriedSchema)
def retry() -> Response:
    """Send dead letters through the checks again."""
    data = load(WhichLettersSchema(), read_json())
    caller = staff(Scope.OPS, data["site"])
    site, store = caller.site, services().store
    retried = store.dead_letters.retry(site, _ids(site, data), caller.actor)
    if retried:
        services().doorbell.ring(site)
    not_found = [comment_id for comment_id in data["ids"] if comment_id not in retried]
    return answer({"retried": retried, "not_found": not_found, "left": _left(site)})


@blueprint.route("/dead-letters/discard", methods=["POST"])
@blueprint.doc(
    security=[{"key": []}],
    requestBody={"required": True, "content": {JSON: {"schema": WhichLettersSchema}}},
    responses=problems(400, 401, 403, 404, 413, 422),
)
@blueprint.response(200, OutcomeSchema)
def discard() -> Response:
    """Take dead letters off the operator's list; they stay held for a moderator."""
    data = load(WhichLettersSchema(), read_json())
    caller = staff(Scope.OPS, data["site"])
    ids = _ids(caller.site, data)
    done = services().store.dead_letters.discard(caller.site, ids, caller.actor)
    return answer(outcome_of(data["ids"], done, _left(caller.site)))


def _ids(site: str, data: dict[str, Any]) -> list[str]:
    """Return the letters meant: those named, or the oldest 500 of all."""
    if not data["all"]:
        return list(data["ids"])
    letters = services().store.decisions.dead_letters(site, MOST_AT_ONCE)
    return [letter.comment_id for letter in letters]


def _left(site: str) -> int:
    return services().store.decisions.dead_letter_count(site)


def _site_asked() -> str:
    wanted = load(SiteQuerySchema(), request.args.to_dict())
    return staff(Scope.OPS, wanted["site"]).site

"""Appeals: authors' against refusals, moderators' answers; and an author's own data."""

from __future__ import annotations

from flask import Response, request
from flask.views import MethodView
from flask_smorest import Blueprint

from service.api.answer import answer
from service.api.callers import staff
from service.api.intake import load, read_body, read_json
from service.api.language import language
from service.api.learning import ring_to_learn
from service.api.media import JSON, is_form
from service.api.named import named_id
from service.api.openapi import problems
from service.api.own import appeal, data_of, erase, own
from service.api.services import now_ms, services
from service.schemas.outgoing import OwnCommentSchema
from service.schemas.presentation import own_comment, staff_appeal, staff_comment
from service.schemas.voices import (
    AppealAnsweredSchema,
    AppealAnswerSchema,
    AppealSchema,
    AppealsQuerySchema,
    AppealsSchema,
    OwnDataSchema,
    appeal_schema,
)
from service.store.appeals import Overturns
from service.store.records import Record
from service.store.reported import AppealOutcome
from service.store.sites import Scope
from service.store.staff.accounts import Role

blueprint = Blueprint(
    "appeals_api", "appeals", url_prefix="/v1", description="Appeals, and an author's own data"
)
EDIT_TOKEN = {"in": "header", "name": "Edit-Token", "schema": {"type": "string"}}
ACCOUNT = "account:"


@blueprint.route("/sites/<site>/comments/<comment_id>/appeal", methods=["POST"])
@blueprint.doc(
    requestBody={"required": True, "content": {JSON: {"schema": AppealSchema}}},
    parameters=[EDIT_TOKEN],
    responses=problems(400, 401, 403, 404, 409, 413, 415, 422),
)
@blueprint.response(201, OwnCommentSchema, description="A moderator will read it")
def file(site: str, comment_id: str) -> Response:
    """Appeal against the refusal of one's comment: once, within 14 days."""
    record = own(site, comment_id)
    appeal(record, load(appeal_schema(is_form=is_form()), read_body())["text"])
    record = services().store.comments.get(site, comment_id)
    body = own_comment(record, language(), services().settings.edit_window_s)
    return answer(body, 201, {"Cache-Control": "no-store"})


@blueprint.route("/sites/<site>/comments/<comment_id>/data")
class OwnData(MethodView):
    """Everything kept of a comment, in its author's hands."""

    @blueprint.doc(parameters=[EDIT_TOKEN], responses=problems(401, 403, 404))
    @blueprint.response(200, OwnDataSchema)
    def get(self, site: str, comment_id: str) -> Response:
        """Get all that is kept of one's comment, one's own e-mail and IP addresses too."""
        record = own(site, comment_id)
        return answer(data_of(record, language()), 200, {"Cache-Control": "no-store"})

    @blueprint.doc(parameters=[EDIT_TOKEN], responses=problems(401, 403, 404))
    @blueprint.response(200, OwnDataSchema)
    def delete(self, site: str, comment_id: str) -> Response:
        """Erase one's comment: an empty place in the thread stays. Possible at any time."""
        erase(own(site, comment_id))
        record = services().store.comments.get(site, comment_id)
        return answer(data_of(record, language()), 200, {"Cache-Control": "no-store"})


@blueprint.route("/moderation/appeals", methods=["GET"])
@blueprint.doc(
    security=[{"key": []}],
    parameters=[
        {"in": "query", "name": name, "schema": {"type": kind}}
        for name, kind in (("site", "string"), ("limit", "integer"), ("cursor", "string"))
    ],
    responses=problems(400, 401, 403, 404, 422),
)
@blueprint.response(200, AppealsSchema)
def listing() -> Response:
    """Get the comments whose authors appeal, the longest waiting first."""
    wanted = load(AppealsQuerySchema(), request.args.to_dict())
    who = staff(Scope.MODERATE, wanted["site"])
    appeals, tongue = services().store.appeals, language()
    found = appeals.open(who.site, wanted["limit"], wanted["cursor"])
    body = {
        "total": found.total,
        "comments": [
            staff_comment(r, services().store.comments.personal(r), tongue) for r in found.records
        ],
        "next": found.cursor or None,
        "overturns": _overturns(appeals.overturns(who.site)),
    }
    return answer(body, 200, {"Cache-Control": "no-store"})


@blueprint.route("/moderation/appeals/<comment_id>", methods=["POST"])
@blueprint.doc(
    security=[{"key": []}],
    requestBody={"required": True, "content": {JSON: {"schema": AppealAnswerSchema}}},
    responses=problems(400, 401, 403, 404, 409, 413, 422),
)
@blueprint.response(200, AppealAnsweredSchema)
def answer_appeal(comment_id: str) -> Response:
    """Grant an appeal, which approves the comment, or uphold the refusal.

    It is for somebody other than who refused (409 otherwise).
    """
    data = load(AppealAnswerSchema(), read_json())
    who = staff(Scope.MODERATE, data["site"])
    record = settle(who.site, comment_id, data["outcome"], who.actor)
    body = {
        "id": comment_id,
        "status": record.status.value,
        "appeal": staff_appeal(record.voices.appeal),
    }
    return answer(body, 200, {"Cache-Control": "no-store"})


def settle(site: str, comment_id: str, outcome: AppealOutcome, actor: str) -> Record:
    """Answer an appeal as ``actor``; return the comment as it is then.

    Raises ``CommentUnknown``, ``AppealUnknown``, ``OwnRefusal`` or ``AppealChanged``.
    """
    named_id(comment_id)
    store = services().store
    record = store.comments.get(site, comment_id)
    store.appeals.answer(record, outcome, actor, now_ms(), is_alone=is_alone(site, actor))
    if outcome is AppealOutcome.GRANTED:
        ring_to_learn(site)
    return store.comments.get(site, comment_id)


def is_alone(site: str, actor: str) -> bool:
    """Say whether ``actor`` is the administrator of a site that nobody else moderates."""
    if not actor.startswith(ACCOUNT):
        return False
    found = services().store.accounts.moderating(site)
    return [each.name for each in found] == [actor.removeprefix(ACCOUNT)] and (
        found[0].role is Role.ADMINISTRATOR
    )


def _overturns(counts: Overturns) -> dict[str, object]:
    by = {name: {"granted": g, "upheld": u} for name, (g, u) in counts.by.items()}
    return {"filed": counts.filed, "granted": counts.granted, "upheld": counts.upheld, "by": by}

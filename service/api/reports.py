"""Readers' reports of comments: taken from pages and servers, shown to moderators."""

from __future__ import annotations

from flask import Response, request
from flask_smorest import Blueprint

from config.settings import default_policy
from service.api.answer import answer
from service.api.browser_forms import reported_back
from service.api.callers import Caller, admitted, site_of, staff
from service.api.intake import load, read_body
from service.api.language import language
from service.api.media import JSON, is_form, wants_page
from service.api.named import named_id
from service.api.openapi import problems
from service.api.problems import invalid
from service.api.services import now_ms, services
from service.api.telling import ring_to_deliver
from service.moderation.policy import reports_from
from service.schemas.messages import translate
from service.schemas.presentation import iso
from service.schemas.staff import SiteQuerySchema
from service.schemas.text import REQUIRED
from service.schemas.voices import (
    ReportedSchema,
    ReportSchema,
    ReportsOutSchema,
    ServerReportSchema,
    report_schema,
)
from service.store.reported import Report
from service.store.reports import Reporting
from service.store.sites import Scope, Site

THANKS = "Thank you. The moderators are told."
KNOWN = "You have reported this comment already."
blueprint = Blueprint("reports", "reports", url_prefix="/v1", description="Readers' reports")


@blueprint.route("/sites/<site>/comments/<comment_id>/reports", methods=["POST"])
@blueprint.doc(
    requestBody={
        "required": True,
        "content": {
            JSON: {"schema": ServerReportSchema, "example": {"reason": "insult"}},
            "application/x-www-form-urlencoded": {"schema": ReportSchema},
            "multipart/form-data": {"schema": ReportSchema},
        },
    },
    responses=problems(400, 401, 403, 404, 413, 415, 422, 429, 503),
    security=[{"key": []}, {}],
)
@blueprint.response(201, ReportedSchema, description="Reported")
@blueprint.alt_response(200, schema=ReportedSchema, description="Reported before")
def report(site: str, comment_id: str) -> Response:
    """Report an approved comment, once for each reader.

    Browsers are admitted by Origin, servers by key, with the reader's `reporter_id` or `ip`.
    """
    known = site_of(site)
    caller = admitted(known)
    named_id(comment_id)
    reporting = _reporting(caller)
    reception = services().store.reports.add(
        site, comment_id, reporting, _hold_at(known.site), now_ms()
    )
    if not reception.is_known:
        ring_to_deliver(site)
    if wants_page() and caller.origin:
        record = services().store.comments.get(site, comment_id)
        return reported_back(record.comment, caller.origin)
    told = KNOWN if reception.is_known else THANKS
    message = translate(told, language())
    body = {"id": comment_id, "is_known": reception.is_known, "message": message}
    return answer(body, 200 if reception.is_known else 201, {"Cache-Control": "no-store"})


@blueprint.route("/moderation/comments/<comment_id>/reports", methods=["GET"])
@blueprint.doc(
    security=[{"key": []}],
    parameters=[{"in": "query", "name": "site", "schema": {"type": "string"}}],
    responses=problems(400, 401, 403, 404, 422),
)
@blueprint.response(200, ReportsOutSchema)
def reports_of(comment_id: str) -> Response:
    """Get what readers reported of a comment, the oldest first, with what moderators made of it."""
    wanted = load(SiteQuerySchema(), request.args.to_dict())
    who = staff(Scope.MODERATE, wanted["site"])
    named_id(comment_id)
    record = services().store.comments.get(who.site, comment_id)
    found = services().store.reports.of(record)
    return answer(
        {
            "id": comment_id,
            "total": record.voices.reported.total,
            "reports": [_shown(each) for each in found],
        },
        200,
        {"Cache-Control": "no-store"},
    )


def _reporting(caller: Caller) -> Reporting:
    schema = report_schema(is_server=caller.is_server, is_form=is_form())
    data = load(schema, read_body())
    ip = data["ip"] if caller.is_server else (request.remote_addr or "")
    reporter_id = data["reporter_id"] if caller.is_server else ""
    who = services().store.reports.reporter(ip, reporter_id)
    if not who:
        raise invalid({"reporter_id": REQUIRED})
    limited = services().store.reports.reporter(ip) or who
    return Reporting(who, limited, data["reason"], data["note"])


def _hold_at(site: Site) -> float:
    entries = {**default_policy()["reports"], **site.policy.get("reports", {})}
    return reports_from(entries).hold_at


def _shown(each: Report) -> dict[str, object]:
    return {
        "reason": each.reason.value,
        "note": each.note,
        "weight": each.weight,
        "at": iso(each.at_ms),
        "judgement": each.judgement.name.lower(),
    }

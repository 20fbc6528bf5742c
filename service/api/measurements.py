"""Operators' routes to what is measured: workers, queues, checks, charts."""

from __future__ import annotations

from typing import Any

from flask import Response, request
from flask_smorest import Blueprint

from service.api.answer import answer
from service.api.callers import operator
from service.api.intake import load
from service.api.language import language
from service.api.openapi import problems
from service.api.services import now_ms, services
from service.schemas.messages import translate
from service.schemas.ops import (
    ChartsQuerySchema,
    ChartsSchema,
    ChecksSchema,
    OverviewSchema,
    QueuesSchema,
    WebhooksOfSitesSchema,
    WorkersSchema,
)
from service.schemas.ops_words import advice_said, alert_said
from service.schemas.staff import SiteQuerySchema
from service.store.telemetry.views import Overview

blueprint = Blueprint(
    "measurements",
    "measurements",
    url_prefix="/v1/ops",
    description="Workers, queues, checks, charts",
)
SITE = [{"in": "query", "name": "site", "schema": {"type": "string"}}]
NO_STORE = {"Cache-Control": "no-store"}


@blueprint.route("/overview", methods=["GET"])
@blueprint.doc(security=[{"key": []}], parameters=SITE, responses=problems(400, 401, 403, 404, 422))
@blueprint.response(200, OverviewSchema)
def overview() -> Response:
    """Get everything at one glance: rates, latency, what waits, alerts, advice."""
    found = services().telemetry.overview(_sites_asked(), now_ms())
    return answer(told(found, language()), headers=NO_STORE)


@blueprint.route("/workers", methods=["GET"])
@blueprint.doc(security=[{"key": []}], responses=problems(401, 403))
@blueprint.response(200, WorkersSchema)
def workers() -> Response:
    """Get the workers, those that went within ten minutes last."""
    operator()
    return _answer(WorkersSchema(), {"workers": services().telemetry.workers(now_ms())})


@blueprint.route("/queues", methods=["GET"])
@blueprint.doc(security=[{"key": []}], parameters=SITE, responses=problems(400, 401, 403, 404, 422))
@blueprint.response(200, QueuesSchema)
def queues() -> Response:
    """Get RQ's queues and the sites' inboxes: how long they are and how old the oldest is."""
    sites, telemetry, now = _sites_asked(), services().telemetry, now_ms()
    found = {"rq": telemetry.rq_queues(now), "inboxes": telemetry.inboxes(sites, now)}
    return _answer(QueuesSchema(), found)


@blueprint.route("/webhooks", methods=["GET"])
@blueprint.doc(security=[{"key": []}], parameters=SITE, responses=problems(400, 401, 403, 404, 422))
@blueprint.response(200, WebhooksOfSitesSchema)
def webhooks() -> Response:
    """Get what waits for the webhooks of each site that has any, and what came of telling them."""
    found = services().telemetry.webhooks(_sites_asked(), now_ms())
    return _answer(WebhooksOfSitesSchema(), {"webhooks": found})


@blueprint.route("/checks", methods=["GET"])
@blueprint.doc(security=[{"key": []}], responses=problems(401, 403))
@blueprint.response(200, ChecksSchema)
def checks() -> Response:
    """Get each check's time per comment and failures over the last hour."""
    operator()
    return _answer(ChecksSchema(), {"checks": services().telemetry.checks(now_ms())})


@blueprint.route("/charts", methods=["GET"])
@blueprint.doc(
    security=[{"key": []}],
    parameters=[
        {"in": "query", "name": name, "schema": {"type": "string"}} for name in ("span", "measure")
    ],
    responses=problems(401, 403, 422),
)
@blueprint.response(200, ChartsSchema)
def charts() -> Response:
    """Get one measure over 1 h, 24 h or 30 d, or every one."""
    operator()
    wanted = load(ChartsQuerySchema(), request.args.to_dict())
    telemetry, span = services().telemetry, wanted["span"]
    if wanted["measure"] is None:
        found = telemetry.charts(span, now_ms())
    else:
        found = (telemetry.series(wanted["measure"], span, now_ms()),)
    return _answer(ChartsSchema(), {"series": found})


def told(overview: Overview, tongue: str) -> dict[str, Any]:
    """Return an overview as it goes out, its alerts and advice in words too."""
    shown: dict[str, Any] = OverviewSchema().dump(overview)
    for alert, row in zip(overview.alerts, shown["alerts"], strict=True):
        row["message"] = translate(alert_said(alert), tongue)
    shown["advice"]["message"] = translate(advice_said(overview.advice), tongue)
    return shown


def _sites_asked() -> tuple[str, ...]:
    wanted = load(SiteQuerySchema(), request.args.to_dict())
    return operator(wanted["site"]).sites


def _answer(schema: Any, found: dict[str, Any]) -> Response:
    return answer(schema.dump(found), headers=NO_STORE)

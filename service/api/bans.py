"""Moderators' routes about bans: list, ban, lift."""

from __future__ import annotations

from typing import Any

from flask import Response, request
from flask.views import MethodView
from flask_smorest import Blueprint

from service.api.answer import answer
from service.api.callers import staff
from service.api.deciding import CHANGING, FRESH, KEY, READING, SITE, body_of
from service.api.intake import load, read_json
from service.api.problems import Problem, invalid
from service.api.services import now_ms, services
from service.schemas.bans import (
    BanBodySchema,
    BanSchema,
    BansQuerySchema,
    BansSchema,
    LiftedSchema,
    read_value,
)
from service.schemas.presentation import iso
from service.schemas.staff import SiteQuerySchema
from service.store.bans import Ban, By
from service.store.networks import network_of
from service.store.records import Record
from service.store.sealing import Personal
from service.store.sites import Scope

blueprint = Blueprint("bans", "bans", url_prefix="/v1/moderation", description="Bans")
NOT_SHOWN = "This comment shows no such thing of its author."
IS_PAST = "This moment has passed."


@blueprint.route("/bans")
class BansView(MethodView):
    """Whose comments the site refuses."""

    @blueprint.doc(
        security=KEY,
        parameters=[
            SITE,
            {"in": "query", "name": "limit", "schema": {"type": "integer"}},
            {"in": "query", "name": "cursor", "schema": {"type": "string"}},
        ],
        responses=READING,
    )
    @blueprint.response(200, BansSchema)
    def get(self) -> Response:
        """Get the site's bans, newest first."""
        wanted = load(BansQuerySchema(), request.args.to_dict())
        who = staff(Scope.MODERATE, wanted["site"])
        bans = services().store.bans.list(who.site)
        start = int(wanted["cursor"])
        end = start + wanted["limit"]
        body = {
            "total": len(bans),
            "bans": [_shown(ban) for ban in bans[start:end]],
            "next": str(end) if end < len(bans) else None,
        }
        return answer(body, 200, FRESH)

    @blueprint.doc(security=KEY, requestBody=body_of(BanBodySchema), responses=CHANGING)
    @blueprint.response(201, BanSchema)
    def post(self) -> Response:
        """Ban somebody, by name or by a comment of theirs; another ban of the same is replaced."""
        data = load(BanBodySchema(), read_json())
        who = staff(Scope.MODERATE, data["site"])
        ban = services().store.bans.add(
            who.site,
            data["by"],
            _value(who.site, data),
            who.actor,
            now_ms(),
            is_shadow=data["is_shadow"],
            until_ms=_until_ms(data),
            reason=data["reason"],
        )
        return answer(_shown(ban), 201)


@blueprint.route("/bans/<ban_id>", methods=["DELETE"])
@blueprint.doc(security=KEY, parameters=[SITE], responses=READING)
@blueprint.response(200, LiftedSchema)
def lift(ban_id: str) -> Response:
    """End a ban: at once here, within two seconds on every other process."""
    wanted = load(SiteQuerySchema(), request.args.to_dict())
    who = staff(Scope.MODERATE, wanted["site"])
    if not services().store.bans.lift(who.site, ban_id, who.actor):
        raise Problem(404, "ban-unknown", "There is no such ban.")
    return answer({"lifted": ban_id})


def value_of(by: By, record: Record, personal: Personal) -> str:
    """Return what a comment shows of its author that a ban can go by, or nothing."""
    if by is By.AUTHOR:
        return record.comment.author_id
    if by is By.DOMAIN:
        return personal.email.rpartition("@")[2]
    if by is By.IP:
        return network_of(personal.ip)
    return personal.email


def _value(site: str, data: dict[str, Any]) -> str:
    if "comment" not in data:
        return read_value(data["by"], data["value"])
    record = services().store.comments.get(site, data["comment"])
    shown = value_of(data["by"], record, services().store.comments.personal(record))
    if not shown:
        raise invalid({"comment": NOT_SHOWN})
    return read_value(data["by"], shown)


def _until_ms(data: dict[str, Any]) -> int | None:
    if "until" not in data:
        return None
    until_ms = int(data["until"] * 1000)
    if until_ms <= now_ms():
        raise invalid({"until": IS_PAST})
    return until_ms


def _shown(ban: Ban) -> dict[str, object]:
    return {
        "id": ban.id,
        "by": ban.by,
        "value": ban.value,
        "is_shadow": ban.is_shadow,
        "until": None if ban.until_ms is None else iso(ban.until_ms),
        "is_over": ban.is_over(now_ms()),
        "reason": ban.reason,
        "actor": ban.actor,
        "at": iso(ban.at_ms),
    }

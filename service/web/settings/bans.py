"""A site's bans: listed, added, lifted."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Response, request

from service.api.language import translated
from service.api.services import now_ms, services
from service.schemas.bans import FULL
from service.schemas.settings import BanFormSchema
from service.store.bans import BansFull, By
from service.store.trials import DAY_S
from service.web.settings.forms import loaded
from service.web.settings.room import (
    blueprint,
    changer,
    done,
    settings_page,
    site_of,
)

SHOWN = 500


@blueprint.get("/<name>/bans")
def bans(name: str) -> Response:
    """List a site's bans."""
    return _page(name, {})


@blueprint.post("/<name>/bans")
def ban(name: str) -> Response:
    """Ban somebody."""
    values, faults = loaded(BanFormSchema(), request.form.to_dict())
    if faults:
        return _page(name, faults, 422)
    site, by = site_of(name).site, changer()
    days = values["days"]
    try:
        services().store.bans.add(
            site.name,
            values["by"],
            values["value"],
            by.actor,
            by.at_ms,
            is_shadow=values["is_shadow"],
            until_ms=by.at_ms + days * DAY_S * 1000 if days else None,
            reason=values["reason"],
        )
    except BansFull:
        return _page(name, {"value": FULL}, 422)
    return done("bans", name=name)


@blueprint.post("/<name>/bans/<ban_id>/lift")
def lift(name: str, ban_id: str) -> Response:
    """End a ban."""
    site = site_of(name).site
    services().store.bans.lift(site.name, ban_id, changer().actor)
    return done("bans", name=name)


def _page(name: str, faults: Mapping[str, str], status: int = 200) -> Response:
    site, at_ms = site_of(name).site, now_ms()
    found = [each for each in services().store.bans.list(site.name) if not each.is_over(at_ms)]
    return settings_page(
        "bans.html",
        site,
        status,
        bans=found[:SHOWN],
        total=len(found),
        ways=tuple(By),
        sent=request.form if faults else {},
        errors=translated(faults),
    )

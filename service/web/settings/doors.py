"""Keys for clients of others' APIs: made, shown once, rotated with an overlap, revoked."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Response, request

from service.api.language import translated
from service.api.problems import Problem
from service.api.services import services
from service.schemas.settings import OVERLAPS_S, DoorKeyFormSchema, RotationSchema
from service.store.doors.door_keys import CALLED, GIVEN, KeyGiven
from service.store.sites import KeyEnded, KeyUnknown
from service.web.settings.forms import loaded
from service.web.settings.keys import KEY_UNKNOWN
from service.web.settings.room import (
    blueprint,
    changer,
    done,
    settings_page,
    site_of,
)

NOT_OURS = "The other side makes this key: add the next one, then revoke this one."


@blueprint.get("/<name>/doors")
def doors(name: str) -> Response:
    """List a site's keys for the doors."""
    return _page(name)


@blueprint.post("/<name>/doors")
def make_door_key(name: str) -> Response:
    """Make a key and show it on this page, and nowhere else; or keep the other side's."""
    values, faults = loaded(DoorKeyFormSchema(), request.form.to_dict())
    if faults:
        return _page(name, faults=faults, status=422)
    site, keys = site_of(name).site.name, services().store.door_keys
    if values["door"] in GIVEN:
        keys.take(site, values["door"], values["secret"], values["label"], changer())
        return done("doors", name=name)
    _, token = keys.create(site, values["door"], values["label"], changer())
    return _page(name, token)


@blueprint.post("/<name>/doors/<key_id>/rotate")
def rotate_door_key(name: str, key_id: str) -> Response:
    """Make a key's successor; the old one stays good as long as was asked."""
    values, faults = loaded(RotationSchema(), request.form.to_dict())
    if faults:
        return _page(name, faults=faults, status=422)
    site, rotate = site_of(name).site.name, services().store.door_keys.rotate
    try:
        _, token = rotate(site, key_id, values["overlap_s"], changer())
    except (KeyUnknown, KeyEnded):
        raise Problem(404, "key-unknown", KEY_UNKNOWN) from None
    except KeyGiven:
        raise Problem(409, "key-given", NOT_OURS) from None
    return _page(name, token)


@blueprint.post("/<name>/doors/<key_id>/revoke")
def revoke_door_key(name: str, key_id: str) -> Response:
    """End a key."""
    site = site_of(name).site.name
    try:
        services().store.door_keys.revoke(site, key_id, changer())
    except KeyUnknown:
        raise Problem(404, "key-unknown", KEY_UNKNOWN) from None
    return done("doors", name=name)


def _page(
    name: str, token: str = "", faults: Mapping[str, str] | None = None, status: int = 200
) -> Response:
    site, now_s = site_of(name).site, services().clock()
    found = services().store.door_keys.of_site(site.name)[::-1]
    return settings_page(
        "doors.html",
        site,
        status,
        good=[key for key in found if key.is_good(now_s)],
        ended=[key for key in found if not key.is_good(now_s)],
        token=token,
        called=CALLED,
        given=GIVEN,
        not_ours=NOT_OURS,
        overlaps=OVERLAPS_S,
        errors=translated(faults or {}),
        typed=request.form if faults else {},
    )

"""A site's API keys: made, shown once, rotated with an overlap, revoked."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Response, request

from service.api.language import translated
from service.api.problems import Problem
from service.api.services import services
from service.schemas.settings import OVERLAPS_S, KeyFormSchema, RotationSchema
from service.store.sites import KeyEnded, KeyUnknown, Scope
from service.web.settings.forms import loaded, nested
from service.web.settings.room import (
    blueprint,
    changer,
    done,
    settings_page,
    site_of,
)

KEY_UNKNOWN = "There is no such key, or it has ended."


@blueprint.get("/<name>/keys")
def keys(name: str) -> Response:
    """List a site's keys."""
    return _page(name)


@blueprint.post("/<name>/keys")
def make_key(name: str) -> Response:
    """Make a key and show its token on this page, and nowhere else."""
    values, faults = loaded(KeyFormSchema(), nested(request.form, ("scopes",)))
    if faults:
        return _page(name, faults=faults, status=422)
    wanted = frozenset(values["scopes"])
    site = site_of(name).site
    _, token = services().store.sites.create_key(site.name, values["label"], wanted, changer())
    return _page(name, token)


@blueprint.post("/<name>/keys/<key_id>/rotate")
def rotate_key(name: str, key_id: str) -> Response:
    """Make a key's successor; the old one stays good as long as was asked."""
    values, faults = loaded(RotationSchema(), request.form.to_dict())
    if faults:
        return _page(name, faults=faults, status=422)
    site = site_of(name).site
    rotate = services().store.sites.rotate_key
    try:
        _, token = rotate(site.name, key_id, values["overlap_s"], changer())
    except (KeyUnknown, KeyEnded):
        raise Problem(404, "key-unknown", KEY_UNKNOWN) from None
    return _page(name, token)


@blueprint.post("/<name>/keys/<key_id>/revoke")
def revoke_key(name: str, key_id: str) -> Response:
    """End a key."""
    site = site_of(name).site
    try:
        services().store.sites.revoke_key(site.name, key_id, changer())
    except KeyUnknown:
        raise Problem(404, "key-unknown", KEY_UNKNOWN) from None
    return done("keys", name=name)


def _page(
    name: str, token: str = "", faults: Mapping[str, str] | None = None, status: int = 200
) -> Response:
    known, now_s = site_of(name), services().clock()
    found = sorted(known.keys.values(), key=lambda key: -key.created_at)
    return settings_page(
        "keys.html",
        known.site,
        status,
        good=[key for key in found if key.is_good(now_s)],
        ended=[key for key in found if not key.is_good(now_s)],
        token=token,
        scopes=tuple(Scope),
        overlaps=OVERLAPS_S,
        errors=translated(faults or {}),
        typed=request.form if faults else {},
    )

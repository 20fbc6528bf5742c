"""Authors whom a site's moderators trust."""

from __future__ import annotations

from flask import Response, request

from service.api.services import services
from service.schemas.settings import TrustedFormSchema
from service.web.settings.forms import loaded
from service.web.settings.room import blueprint, changer, done, settings_page, site_of

SHOWN = 500


@blueprint.get("/<name>/trusted")
def trusted(name: str) -> Response:
    """List the authors trusted last."""
    site = site_of(name).site
    found = services().store.authors.trusted(site.name)
    return settings_page("trusted.html", site, total=len(found), authors=found[:SHOWN])


@blueprint.post("/<name>/trusted")
def distrust(name: str) -> Response:
    """Trust an author no more."""
    site, by = site_of(name).site, changer()
    sent, faults = loaded(TrustedFormSchema(), request.form.to_dict())
    if not faults:
        services().store.authors.distrust(site.name, sent["author"], by.actor, by.at_ms)
    return done("trusted", name=name)

"""Retention: after how many days a site forgets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from flask import Response, request

from service.api.language import translated
from service.schemas.settings import RetentionFormSchema
from service.store.sites import Site
from service.web.settings.forms import loaded
from service.web.settings.room import blueprint, change, done, settings_page, site_of


@blueprint.get("/<name>/retention")
def retention(name: str) -> Response:
    """Show what a site forgets."""
    site = site_of(name).site
    return _page(site, asdict(site.retention), {})


@blueprint.post("/<name>/retention")
def change_retention(name: str) -> Response:
    """Change what a site forgets."""
    sent = request.form.to_dict()
    kept, faults = loaded(RetentionFormSchema(), sent)
    if faults:
        return _page(site_of(name).site, sent, faults, 422)
    change(name, lambda site: replace(site, retention=kept))
    return done("retention", name=name)


def _page(
    site: Site, values: Mapping[str, Any], faults: Mapping[str, str], status: int = 200
) -> Response:
    return settings_page("retention.html", site, status, values=values, errors=translated(faults))

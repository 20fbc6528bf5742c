"""A site's reasons for refusing, ready to be sent to authors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import zip_longest

from flask import Response, request

from service.api.language import translated
from service.schemas.settings import TemplatesFormSchema
from service.store.sites import Site
from service.web.settings.forms import loaded
from service.web.settings.room import blueprint, change, done, settings_page, site_of

EMPTY_ROWS = 2
COLUMNS = ("key", "fr", "en")


@blueprint.get("/<name>/templates")
def templates(name: str) -> Response:
    """Show a site's reasons for refusing."""
    site = site_of(name).site
    rows = [(each.key, each.fr, each.en) for each in site.templates]
    return _page(site, rows, {})


@blueprint.post("/<name>/templates")
def change_templates(name: str) -> Response:
    """Change a site's reasons for refusing."""
    sent = {column: request.form.getlist(column) for column in COLUMNS}
    kept, faults = loaded(TemplatesFormSchema(), sent)
    if faults:
        rows = list(zip_longest(*sent.values(), fillvalue=""))
        return _page(site_of(name).site, rows, faults, 422)
    change(name, lambda site: replace(site, templates=kept))
    return done("templates", name=name)


def _page(
    site: Site, rows: Sequence[Sequence[str]], faults: Mapping[str, str], status: int = 200
) -> Response:
    filled = [*(row for row in rows if any(row)), *[("", "", "")] * EMPTY_ROWS]
    return settings_page("templates.html", site, status, rows=filled, errors=translated(faults))

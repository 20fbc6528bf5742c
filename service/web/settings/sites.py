"""Sites: the list, a new one, and what is set for one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from flask import Response, request

from service.api.language import translated
from service.api.problems import Problem
from service.api.services import services
from service.schemas.settings import NewSiteFormSchema, SiteFormSchema
from service.schemas.site_values import REQUIRABLE
from service.store.sites import DEFAULT_LIMITS, Site, SiteExists
from service.web.settings.forms import loaded, nested
from service.web.settings.room import (
    blueprint,
    change,
    changer,
    done,
    oversees_every_site,
    settings_page,
    site_of,
)
from service.web.staff.guard import member

TAKEN = "A site of this name exists already."
FIELDS = (
    "origins", "lang", "required", "has_nudge", "limits", "second_look", "akismet_only_checks"
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """Hold a site's form as it is shown: what is set, or what was sent and is wrong."""

    name: str
    origins: str
    lang: str
    required: frozenset[str]
    has_nudge: bool
    limits: Mapping[str, tuple[str, str]]
    second_look: str
    akismet_only_checks: bool

    @classmethod
    def of_site(cls, site: Site) -> Asked:
        """Return what is set."""
        limits = {
            name: (str(limit.burst), str(limit.window_s)) for name, limit in site.limits.items()
        }
        origins = "\n".join(site.origins)
        percent = f"{100 * site.second_look:g}"
        return cls(
            site.name,
            origins,
            site.lang,
            site.required,
            site.has_nudge,
            limits,
            percent,
            site.akismet_only_checks,
        )

    @classmethod
    def of_form(cls, data: Mapping[str, Any]) -> Asked:
        """Return what was sent."""
        limits = {
            name: (str(limit.get("burst", "")), str(limit.get("window_s", "")))
            for name, limit in data.get("limits", {}).items()
            if isinstance(limit, dict)
        }
        return cls(
            str(data.get("name", "")),
            str(data.get("origins", "")),
            str(data.get("lang", "")),
            frozenset(data.get("required", ())),
            bool(data.get("has_nudge")),
            limits,
            str(data.get("second_look", "")),
            bool(data.get("akismet_only_checks")),
        )


@blueprint.get("/", strict_slashes=False)
def index() -> Response:
    """List the sites."""
    read = services().store.sites.read
    found = [read(name).site for name in member().sites]
    return settings_page("sites.html", None, sites=found, may_make=oversees_every_site())


@blueprint.get("/new")
def new() -> Response:
    """Show the form of a new site."""
    _only_who_oversees_all()
    return _form(None, Asked.of_site(Site("")), {})


@blueprint.post("/new")
def make() -> Response:
    """Make a site."""
    _only_who_oversees_all()
    data = _sent()
    values, faults = loaded(NewSiteFormSchema(), data)
    if faults:
        return _form(None, Asked.of_form(data), faults, 422)
    by = changer()
    site = Site(values["name"], created_at=by.at_ms / 1000, **{key: values[key] for key in FIELDS})
    try:
        services().store.sites.create(site, by)
    except SiteExists:
        return _form(None, Asked.of_form(data), {"name": TAKEN}, 422)
    return done("keys", name=site.name)


@blueprint.get("/<name>/", strict_slashes=False)
def site(name: str) -> Response:
    """Show what is set for a site."""
    found = site_of(name).site
    return _form(found, Asked.of_site(found), {})


@blueprint.post("/<name>/", strict_slashes=False)
def change_site(name: str) -> Response:
    """Change what is set for a site."""
    data = _sent()
    values, faults = loaded(SiteFormSchema(), data)
    if faults:
        return _form(site_of(name).site, Asked.of_form(data), faults, 422)
    change(name, lambda found: replace(found, **{key: values[key] for key in FIELDS}))
    return done("site", name=name)


def _sent() -> dict[str, Any]:
    return nested(request.form, ("required",))


def _form(
    found: Site | None, asked: Asked, faults: Mapping[str, str], status: int = 200
) -> Response:
    return settings_page(
        "site.html",
        found,
        status,
        asked=asked,
        errors=translated(faults),
        requirable=REQUIRABLE,
        dimensions=tuple(DEFAULT_LIMITS),
    )


def _only_who_oversees_all() -> None:
    if not oversees_every_site():
        raise Problem(403, "role-missing", "Your account may not do that.")

"""A site's own words and patterns, with what they would have done beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import Response, request

from service.api.language import translated
from service.moderation.custom_rules import ACTIONS
from service.schemas.policy_form import LISTS
from service.schemas.settings import ListsFormSchema
from service.store.sites import Site
from service.web.settings.forms import loaded, nested
from service.web.settings.policy import SAVE, TRY, compared
from service.web.settings.room import (
    blueprint,
    change,
    done,
    settings_page,
    site_of,
)
from service.web.staff.guard import is_from_htmx


@blueprint.get("/<name>/lists")
def lists(name: str) -> Response:
    """Show a site's lists."""
    site = site_of(name).site
    return _page("lists.html", site, site.policy, {}, _written(site.policy))


@blueprint.post("/<name>/lists")
def change_lists(name: str) -> Response:
    """Try lists, or save them."""
    site = site_of(name).site
    values, faults = loaded(ListsFormSchema(), nested(request.form))
    entries = site.policy if faults else _with(site.policy, values)
    if is_from_htmx():
        return _page("_backtest.html", site, entries, faults, {})
    if faults or request.form.get("do", TRY) != SAVE:
        status = 422 if faults else 200
        return _page("lists.html", site, entries, faults, request.form.to_dict(), status)
    change(name, lambda found: replace(found, policy=_with(found.policy, values)))
    return done("lists", name=name)


def _with(
    policy: Mapping[str, Any], lists: Mapping[str, Mapping[str, list[str]]]
) -> dict[str, Any]:
    """Return a policy's entries with other lists; empty ones are left out."""
    own = {name: value for name, value in policy.items() if name not in LISTS}
    kept = {
        kind: {action: lines for action, lines in lists[kind].items() if lines} for kind in LISTS
    }
    return own | {kind: table for kind, table in kept.items() if table}


def _written(policy: Mapping[str, Any]) -> dict[str, str]:
    return {
        f"{kind}.{action}": "\n".join(policy.get(kind, {}).get(action.value, ()))
        for kind in LISTS
        for action in ACTIONS
    }


def _page(
    template: str,
    site: Site,
    entries: Mapping[str, Any],
    faults: Mapping[str, str],
    typed: Mapping[str, str],
    status: int = 200,
) -> Response:
    return settings_page(
        template,
        site,
        status,
        kinds=LISTS,
        list_actions=ACTIONS,
        sent=typed,
        errors=translated(faults),
        test=None if faults else compared(site, entries),
        is_changed=entries != site.policy,
    )

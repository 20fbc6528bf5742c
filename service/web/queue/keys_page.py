"""The page of keys: what each does, another key for it, or none at all."""

from __future__ import annotations

from dataclasses import replace

from flask import Response, request, url_for

from service.api.language import translated
from service.api.services import services
from service.web.onward import go_to
from service.web.queue.keys import ACTIONS, DEFAULTS, faults, keys_of
from service.web.staff.guard import MODERATING, is_from_htmx, member, staff_blueprint
from service.web.staff.page import page

blueprint = staff_blueprint("queue_keys", "/moderate/keys", MODERATING)


@blueprint.get("/", strict_slashes=False)
def show() -> Response:
    """Show every key, alone for the queue's dialog."""
    preferences = member().account.preferences
    if is_from_htmx():
        return page("queue/keys_list.html", actions=ACTIONS, keys=keys_of(preferences.keys))
    return _page(keys_of(preferences.keys), {}, is_on=preferences.has_keys)


@blueprint.post("/")
def change() -> Response:
    """Keep the keys somebody chose, unless two actions would share one."""
    if request.form.get("again"):
        return _keep({}, is_on=True)
    keys = {name: request.form.get(name, key)[:8].strip() for name, key in DEFAULTS.items()}
    wrong = faults(keys)
    is_on = "on" in request.form
    if wrong:
        return _page(keys, translated(wrong), is_on=is_on)
    chosen = {name: key for name, key in keys.items() if key != DEFAULTS[name]}
    return _keep(chosen, is_on=is_on)


def _keep(chosen: dict[str, str], *, is_on: bool) -> Response:
    account = member().account
    wanted = replace(account.preferences, keys=chosen, has_keys=is_on)
    services().store.accounts.prefer(account.name, wanted)
    return go_to(url_for("queue_keys.show", saved="yes"))


def _page(keys: dict[str, str], errors: dict[str, str], *, is_on: bool) -> Response:
    return page(
        "queue/keys.html",
        422 if errors else 200,
        actions=ACTIONS,
        keys=keys,
        defaults=DEFAULTS,
        errors=errors,
        is_on=is_on,
        is_saved="saved" in request.args,
    )

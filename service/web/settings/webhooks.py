"""A site's webhooks: made, their secret shown once, tested, rotated, told again, deleted."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Response, request, url_for

from service.api import webhooks as doing
from service.api.language import translated
from service.api.services import now_ms, services
from service.schemas.settings import OVERLAPS_S, RotationSchema
from service.schemas.webhooks import WebhookFormSchema, type_of, webhook_url
from service.store.webhooks.webhooks import TooManyWebhooks, What
from service.web.onward import go_to
from service.web.settings.forms import loaded, nested
from service.web.settings.room import (
    blueprint,
    changer,
    done,
    may_change,
    settings_page,
    site_of,
)

MOST_DEAD_SHOWN = 50


@blueprint.get("/<name>/webhooks")
def webhooks(name: str) -> Response:
    """List a site's webhooks and how they do."""
    return _page(name)


@blueprint.post("/<name>/webhooks")
def make_webhook(name: str) -> Response:
    """Make a webhook and show its secret on this page, and nowhere else."""
    values, faults = loaded(WebhookFormSchema(), nested(request.form, ("events",)))
    site, private = site_of(name).site, services().settings.private_targets
    if not faults:
        try:
            url = webhook_url(values["url"], may_be_private=private)
            create = services().store.webhooks.create
            _, secret = create(site.name, url, values["events"], values["label"], changer())
            return _page(name, secret)
        except ValueError as error:
            faults = {"url": str(error)}
        except TooManyWebhooks:
            faults = {"url": doing.TOO_MANY}
    return _page(name, faults=faults, status=422)


@blueprint.get("/<name>/webhooks/<webhook_id>")
def webhook(name: str, webhook_id: str) -> Response:
    """Show one webhook with what it was told, and what it was not."""
    return _one(name, webhook_id)


@blueprint.post("/<name>/webhooks/<webhook_id>/rotate")
def rotate_webhook(name: str, webhook_id: str) -> Response:
    """Give a webhook another secret; both sign as long as was asked."""
    values, faults = loaded(RotationSchema(), request.form.to_dict())
    if faults:
        return _one(name, webhook_id, faults=faults, status=422)
    site = site_of(name).site.name
    found = doing.webhook_called(site, webhook_id)
    rotate = services().store.webhooks.rotate
    _, secret = rotate(site, found.id, values["overlap_s"], changer())
    return _one(name, webhook_id, secret)


@blueprint.post("/<name>/webhooks/<webhook_id>/test")
def test_webhook(name: str, webhook_id: str) -> Response:
    """Have a webhook told that this is a test."""
    site = site_of(name).site.name
    doing.send_test(site, doing.webhook_called(site, webhook_id))
    return _back(name, webhook_id, sent=1)


@blueprint.post("/<name>/webhooks/<webhook_id>/replay")
def replay_webhook(name: str, webhook_id: str) -> Response:
    """Tell a webhook again of one event, or of all it was not told in the end."""
    site = site_of(name).site.name
    found = doing.webhook_called(site, webhook_id)
    return _back(
        name, webhook_id, sent=doing.tell_again(site, found, request.form.get("event", ""))
    )


@blueprint.post("/<name>/webhooks/<webhook_id>/switch")
def switch_webhook(name: str, webhook_id: str) -> Response:
    """Turn a webhook on or off."""
    site = site_of(name).site.name
    found = doing.webhook_called(site, webhook_id)
    doing.switch(site, found.id, changer(), is_on=found.off is not None)
    return done("webhook", name=name, webhook_id=webhook_id)


@blueprint.post("/<name>/webhooks/<webhook_id>/delete")
def delete_webhook(name: str, webhook_id: str) -> Response:
    """Delete a webhook with all that waits for it."""
    site = site_of(name).site.name
    found = doing.webhook_called(site, webhook_id)
    services().store.webhooks.delete(site, found.id, changer())
    return done("webhooks", name=name)


def _back(name: str, webhook_id: str, sent: int) -> Response:
    return go_to(url_for("settings.webhook", name=name, webhook_id=webhook_id, sent=sent))


def _page(
    name: str, secret: str = "", faults: Mapping[str, str] | None = None, status: int = 200
) -> Response:
    site, store = site_of(name).site, services().store
    return settings_page(
        "webhooks.html",
        site,
        status,
        webhooks=[
            (each, store.deliveries.health(site.name, each))
            for each in store.webhooks.of(site.name)
        ],
        secret=secret,
        kinds=tuple(What),
        chosen=frozenset(request.form.getlist("events")) if faults else frozenset(What),
        errors=translated(faults or {}),
        typed=request.form if faults else {},
        shows_address=may_change(),
    )


def _one(
    name: str,
    webhook_id: str,
    secret: str = "",
    faults: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response:
    site, store = site_of(name).site, services().store.deliveries
    found = doing.webhook_called(site.name, webhook_id)
    return settings_page(
        "webhooks_one.html",
        site,
        status,
        webhook=found,
        health=store.health(site.name, found),
        recent=store.recent(site.name, found),
        dead=store.dead(site.name, found, MOST_DEAD_SHOWN),
        secret=secret,
        overlaps=OVERLAPS_S,
        is_rotated=found.before and found.before_until * 1000 > now_ms(),
        sent=request.args.get("sent", ""),
        errors=translated(faults or {}),
        type_of=type_of,
        shows_address=may_change(),
    )

"""Routes about a site's webhooks: list, make, change, rotate, test, replay, delete."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Response
from flask.views import MethodView
from flask_smorest import Blueprint

from service.api.answer import answer
from service.api.callers import Staff, staff
from service.api.deciding import CHANGING, FRESH, KEY, READING, body_of
from service.api.intake import load, read_json
from service.api.problems import invalid
from service.api.services import now_ms, services
from service.api.telling import ring_at_once
from service.schemas.webhooks import (
    DeliveriesSchema,
    NewWebhookSchema,
    ReplayBodySchema,
    ReplayedSchema,
    WebhookBodySchema,
    WebhookChangesSchema,
    WebhookDeletedSchema,
    WebhookRotationSchema,
    WebhookSchema,
    WebhooksSchema,
    shown_attempt,
    shown_dead,
    shown_webhook,
    webhook_url,
)
from service.store.sites import Changer, Scope
from service.store.webhooks.webhooks import OffBecause, TooManyWebhooks, Webhook

MOST_DEAD_SHOWN = 100
TOO_MANY = "A site has at most 20 webhooks."
blueprint = Blueprint(
    "webhooks", "webhooks", url_prefix="/v1/sites/<site>/webhooks", description="Sites' webhooks"
)


@blueprint.route("")
class WebhooksView(MethodView):
    """Where a site's events are posted."""

    @blueprint.doc(security=KEY, responses=READING)
    @blueprint.response(200, WebhooksSchema)
    def get(self, site: str) -> Response:
        """Get a site's webhooks and how they do, oldest first."""
        who = _asking(site)
        return answer({"webhooks": [_shown(who.site, each) for each in _of(who.site)]}, 200, FRESH)

    @blueprint.doc(security=KEY, requestBody=body_of(WebhookBodySchema), responses=CHANGING)
    @blueprint.response(201, NewWebhookSchema)
    def post(self, site: str) -> Response:
        """Make a webhook; its secret is shown this once."""
        who = _asking(site)
        data = load(WebhookBodySchema(), read_json())
        create = services().store.webhooks.create
        try:
            webhook, secret = create(
                who.site, target(data["url"]), data["events"], data["label"], _by(who)
            )
        except TooManyWebhooks:
            raise invalid({"url": TOO_MANY}) from None
        return answer({**_shown(who.site, webhook), "secret": secret}, 201, FRESH)


@blueprint.route("/<webhook_id>")
class WebhookView(MethodView):
    """One webhook."""

    @blueprint.doc(security=KEY, responses=READING)
    @blueprint.response(200, WebhookSchema)
    def get(self, site: str, webhook_id: str) -> Response:
        """Get a webhook and how it does."""
        who = _asking(site)
        return answer(_shown(who.site, webhook_called(who.site, webhook_id)), 200, FRESH)

    @blueprint.doc(security=KEY, requestBody=body_of(WebhookChangesSchema), responses=CHANGING)
    @blueprint.response(200, WebhookSchema)
    def patch(self, site: str, webhook_id: str) -> Response:
        """Change where a webhook leads, what it hears, what it is called, whether it is on."""
        who = _asking(site)
        webhook_called(who.site, webhook_id)
        data = load(WebhookChangesSchema(), read_json())
        is_on = data.pop("is_on", None)
        if "url" in data:
            data["url"] = target(data["url"])
        if "events" in data:
            data["events"] = frozenset(data["events"])
        store, by = services().store.webhooks, _by(who)
        if data:
            store.change(who.site, webhook_id, by, lambda found: replace(found, **data))
        if is_on is not None:
            switch(who.site, webhook_id, by, is_on=is_on)
        return answer(_shown(who.site, webhook_called(who.site, webhook_id)), 200, FRESH)

    @blueprint.doc(security=KEY, responses=READING)
    @blueprint.response(200, WebhookDeletedSchema)
    def delete(self, site: str, webhook_id: str) -> Response:
        """Delete a webhook with all that waits for it."""
        who = _asking(site)
        webhook = webhook_called(who.site, webhook_id)
        services().store.webhooks.delete(who.site, webhook.id, _by(who))
        return answer({"deleted": webhook.id})


@blueprint.route("/<webhook_id>/rotate", methods=["POST"])
@blueprint.doc(security=KEY, requestBody=body_of(WebhookRotationSchema), responses=CHANGING)
@blueprint.response(200, NewWebhookSchema)
def rotate(site: str, webhook_id: str) -> Response:
    """Give a webhook another secret, shown this once; both sign for `overlap_s` seconds."""
    who = _asking(site)
    webhook = webhook_called(who.site, webhook_id)
    overlap_s = load(WebhookRotationSchema(), read_json())["overlap_s"]
    rotated, secret = services().store.webhooks.rotate(who.site, webhook.id, overlap_s, _by(who))
    return answer({**_shown(who.site, rotated), "secret": secret}, 200, FRESH)


@blueprint.route("/<webhook_id>/test", methods=["PUT"])
@blueprint.doc(security=KEY, responses=READING)
@blueprint.response(200, ReplayedSchema)
def test(site: str, webhook_id: str) -> Response:
    """Have a webhook told that this is a test; `deliveries` shows what came of it."""
    who = _asking(site)
    send_test(who.site, webhook_called(who.site, webhook_id))
    return answer({"replayed": 1})


@blueprint.route("/<webhook_id>/deliveries", methods=["GET"])
@blueprint.doc(security=KEY, responses=READING)
@blueprint.response(200, DeliveriesSchema)
def deliveries(site: str, webhook_id: str) -> Response:
    """Get the last 50 attempts, and the newest 100 events that were given up."""
    who = _asking(site)
    webhook, store = webhook_called(who.site, webhook_id), services().store.deliveries
    body = {
        "recent": [shown_attempt(each) for each in store.recent(who.site, webhook)],
        "dead": [shown_dead(each) for each in store.dead(who.site, webhook, MOST_DEAD_SHOWN)],
    }
    return answer(body, 200, FRESH)


@blueprint.route("/<webhook_id>/replay", methods=["POST"])
@blueprint.doc(security=KEY, requestBody=body_of(ReplayBodySchema), responses=CHANGING)
@blueprint.response(200, ReplayedSchema)
def replay(site: str, webhook_id: str) -> Response:
    """Tell a webhook again of one event, or of all that were given up; their ids stay."""
    who = _asking(site)
    webhook = webhook_called(who.site, webhook_id)
    data = load(ReplayBodySchema(), read_json())
    return answer({"replayed": tell_again(who.site, webhook, data.get("event", ""))})


def webhook_called(site: str, webhook_id: str) -> Webhook:
    """Return a site's webhook.

    Raises ``WebhookUnknown``.
    """
    return services().store.webhooks.get(site, webhook_id)


def target(url: str) -> str:
    """Return where a webhook may lead.

    Raises ``Problem`` 422.
    """
    try:
        return webhook_url(url, may_be_private=services().settings.private_targets)
    except ValueError as error:
        raise invalid({"url": str(error)}) from None


def send_test(site: str, webhook: Webhook) -> None:
    """Have a webhook told that this is a test."""
    services().store.deliveries.add_test(site, webhook, now_ms())
    ring_at_once(site)


def tell_again(site: str, webhook: Webhook, event: str = "") -> int:
    """Have a webhook told again of an event, or of all it was not told; return of how many."""
    store = services().store.deliveries
    if event:
        count = int(store.replay(site, webhook, event, now_ms()))
    else:
        count = store.replay_all(site, webhook, now_ms())
    if count:
        ring_at_once(site)
    return count


def switch(site: str, webhook_id: str, by: Changer, *, is_on: bool) -> None:
    """Turn a webhook on or off."""
    store = services().store.webhooks
    if is_on:
        store.turn_on(site, webhook_id, by)
        ring_at_once(site)
    else:
        store.turn_off(site, webhook_id, OffBecause.ASKED, by)


def _asking(site: str) -> Staff:
    return staff(Scope.WEBHOOKS, site)


def _by(who: Staff) -> Changer:
    return Changer(who.actor, now_ms())


def _of(site: str) -> list[Webhook]:
    return services().store.webhooks.of(site)


def _shown(site: str, webhook: Webhook) -> dict[str, Any]:
    return shown_webhook(webhook, services().store.deliveries.health(site, webhook))

"""Webhooks as they are asked for and shown: where they lead, what they hear, how they do."""

from __future__ import annotations

import ipaddress
from typing import Any
from urllib.parse import urlsplit

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from service.schemas.presentation import iso
from service.schemas.submission import BODY_ERRORS
from service.schemas.text import Text
from service.store.webhooks.deliveries import Attempt, Delivery, Happening, Health
from service.store.webhooks.webhooks import Webhook, What

URL_LIMIT = 1000
LABEL_LIMIT = 60
LONGEST_OVERLAP_S = 604_800
USUAL_OVERLAP_S = 86_400
NOT_URL = "A webhook's address is like https://example.org/webhook."
NOT_SECURE = "The address must begin with https://."
HAS_PASSWORD = "An address has no name or password in front of its host."  # noqa: S105  a sentence
NOT_PUBLIC = "This address is inside a private network."
NOT_EVENT = "Choose among the events there are."
NO_EVENT = "Choose what the webhook is told."
NOT_OVERLAP = "An overlap is a whole number of seconds, seven days at most."
EVENT_OR_ALL = "Send either `event` or `all`."


def webhook_url(text: str, *, may_be_private: bool) -> str:
    """Return where a webhook leads.

    Raises ``ValueError`` for what is no web address; unless it ``may_be_private``, also
    for http:// and for an address that is private on its face. What a name stands for is
    looked at whenever something is posted.
    """
    url = text.strip()
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError(NOT_URL) from None
    is_clean = url.isascii() and url.isprintable() and " " not in url and not parts.fragment
    if parts.scheme not in ("http", "https") or not host or not is_clean or len(url) > URL_LIMIT:
        raise ValueError(NOT_URL)
    if "@" in parts.netloc:
        raise ValueError(HAS_PASSWORD)
    if may_be_private:
        return url
    if parts.scheme != "https":
        raise ValueError(NOT_SECURE)
    if _is_near(host):
        raise ValueError(NOT_PUBLIC)
    return url


def _is_near(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _events(**more: Any) -> fields.List[Any]:
    return fields.List(
        fields.Enum(What, by_value=True, error_messages={"unknown": NOT_EVENT}),
        validate=validate.Length(min=1, error=NO_EVENT),
        error_messages={"invalid": NOT_EVENT, "required": NO_EVENT},
        **more,
    )


class WebhookBodySchema(Schema):
    """Describe a webhook to be made; without `events` it is told of all."""

    error_messages = BODY_ERRORS

    url = Text(limit=URL_LIMIT, required=True)
    events = _events(load_default=lambda: list(What))
    label = Text(limit=LABEL_LIMIT, load_default="")


class WebhookChangesSchema(Schema):
    """Describe what is to be different about a webhook."""

    error_messages = BODY_ERRORS

    url = Text(limit=URL_LIMIT)
    events = _events()
    label = Text(limit=LABEL_LIMIT)
    is_on = fields.Boolean()


class WebhookFormSchema(WebhookBodySchema):
    """Describe a webhook as its form sends it: no box that is ticked is no event."""

    events = _events(required=True)


class WebhookRotationSchema(Schema):
    """Describe for how long both secrets sign, in seconds."""

    error_messages = BODY_ERRORS

    overlap_s = fields.Integer(
        load_default=USUAL_OVERLAP_S,
        validate=validate.Range(0, LONGEST_OVERLAP_S, error=NOT_OVERLAP),
        error_messages={"invalid": NOT_OVERLAP},
    )


class ReplayBodySchema(Schema):
    """Describe what is to be told again: one event, or every dead letter."""

    error_messages = BODY_ERRORS

    event = fields.String(validate=validate.Length(1, 60))
    all = fields.Boolean(load_default=False)

    @validates_schema
    def one_or_all(self, data: dict[str, Any], **_more: Any) -> None:
        """Refuse both of, or neither of, `event` and `all`."""
        if ("event" in data) == data["all"]:
            raise ValidationError(EVENT_OR_ALL, "event")


class HealthSchema(Schema):
    """Describe how a webhook does."""

    waiting = fields.Integer()
    dead = fields.Integer()
    told = fields.Integer()
    given_up = fields.Integer()
    missed = fields.Integer()
    failures = fields.Integer()
    failing_since = fields.String(allow_none=True)


class WebhookSchema(Schema):
    """Describe a webhook; its secret is shown where it is made or rotated, and nowhere else."""

    id = fields.String()
    url = fields.String()
    label = fields.String(allow_none=True)
    events = fields.List(fields.String())
    is_on = fields.Boolean()
    off = fields.String(allow_none=True, metadata={"description": "asked, failing or gone"})
    created_at = fields.String()
    both_until = fields.String(allow_none=True)
    health = fields.Nested(HealthSchema)


class NewWebhookSchema(WebhookSchema):
    """Describe a webhook with its secret."""

    secret = fields.String()


class WebhooksSchema(Schema):
    """Describe a site's webhooks, oldest first."""

    webhooks = fields.List(fields.Nested(WebhookSchema))


class DeliverySchema(Schema):
    """Describe an event and what came of telling it."""

    event = fields.String()
    type = fields.String()
    comment = fields.String(allow_none=True)
    happened_at = fields.String()
    at = fields.String(allow_none=True)
    outcome = fields.String(metadata={"enum": ["told", "again", "dead"]})
    said = fields.String(allow_none=True)
    took_ms = fields.Integer(allow_none=True)
    tries = fields.Integer()


class DeliveriesSchema(Schema):
    """Describe the last attempts, and what was given up; newest first."""

    recent = fields.List(fields.Nested(DeliverySchema))
    dead = fields.List(fields.Nested(DeliverySchema))


class ReplayedSchema(Schema):
    """Say how many events are told again."""

    replayed = fields.Integer()


class WebhookDeletedSchema(Schema):
    """Say which webhook is deleted."""

    deleted = fields.String()


def shown_webhook(webhook: Webhook, health: Health | None = None) -> dict[str, Any]:
    """Return a webhook as it is answered."""
    shown: dict[str, Any] = {
        "id": webhook.id,
        "url": webhook.url,
        "label": webhook.label or None,
        "events": [what for what in What if what in webhook.events],
        "is_on": webhook.off is None,
        "off": webhook.off,
        "created_at": iso(int(webhook.created_at * 1000)),
        "both_until": iso(int(webhook.before_until * 1000)) if webhook.before else None,
    }
    if health is not None:
        since_ms = health.failing_since_ms
        shown["health"] = {
            "waiting": health.waiting,
            "dead": health.dead,
            "told": health.told,
            "given_up": health.given_up,
            "missed": health.missed,
            "failures": health.failures,
            "failing_since": iso(since_ms) if since_ms else None,
        }
    return shown


def shown_attempt(attempt: Attempt) -> dict[str, Any]:
    """Return an attempt as it is answered."""
    return {
        **_happening(attempt.happening),
        "at": iso(attempt.at_ms),
        "outcome": attempt.outcome,
        "said": attempt.said,
        "took_ms": attempt.took_ms,
        "tries": attempt.tries,
    }


def shown_dead(delivery: Delivery) -> dict[str, Any]:
    """Return what was given up as it is answered."""
    return {
        **_happening(delivery.happening),
        "at": None,
        "outcome": "dead",
        "said": None,
        "took_ms": None,
        "tries": delivery.tries,
    }


def type_of(what: str) -> str:
    """Return the type of an event as receivers see it."""
    return f"comment.{what}" if what in list(What) else what


def _happening(happening: Happening) -> dict[str, Any]:
    return {
        "event": happening.id,
        "type": type_of(happening.what),
        "comment": happening.comment_id or None,
        "happened_at": iso(happening.at_ms),
    }

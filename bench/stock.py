"""The plain design as its libraries' manuals write it: flask-smorest, Marshmallow, HSET, RQ.

One view takes the fields that ours takes from a site's server, within the same limits, checks
the key, validates the address with email-validator, seals what is personal with the same
cipher, saves the comment with HSET and enqueues one job for it. It knows no rate limits, no
idempotency keys, no threads and no edit tokens, and keeps the site's key in memory: less work
than ours, written the usual way.
"""

from __future__ import annotations

from typing import Any

from email_validator import EmailNotValidError, validate_email
from flask import Flask, request
from flask.views import MethodView
from flask_smorest import Api, Blueprint, abort
from marshmallow import Schema, fields, validate

from bench.plain import PlainComments, comment_of, plain_queue
from config.settings import Settings
from service.api.services import Services
from service.app import create_app
from service.moderation.comment import Facts
from service.schemas.submission import AUTHOR_LIMIT, CONTENT_LIMIT, TITLE_LIMIT
from service.store.comments import Arrival
from service.store.sealing import Personal
from service.store.sites import parts_of

CONTROLS = validate.Regexp(r"[^\x00-\x08\x0b\x0c\x0e-\x1f]*\Z")
WEB_ADDRESS = validate.URL(schemes={"http", "https"})


def _text(limit: int) -> fields.String:
    return fields.String(validate=[validate.Length(max=limit), CONTROLS], load_default="")


def _required(limit: int) -> fields.String:
    return fields.String(required=True, validate=[validate.Length(min=1, max=limit), CONTROLS])


class StockSchema(Schema):
    """Describe a comment with the fields Marshmallow brings along."""

    author = _required(AUTHOR_LIMIT)
    email = fields.String(required=True)
    content = _required(CONTENT_LIMIT)
    page = _required(2000)
    page_title = _text(TITLE_LIMIT)
    url = fields.String(load_default="", validate=lambda url: url and WEB_ADDRESS(url))
    parent = _text(26)
    lang = _text(12)
    ip = fields.IP(load_default=None)
    user_agent = _text(1000)
    referrer = _text(2000)
    submitted_at = fields.AwareDateTime(load_default=None)
    author_id = _text(128)
    is_staff = fields.Boolean(load_default=False)


class StockReceiptSchema(Schema):
    """Describe the answer."""

    id = fields.String()
    status = fields.String()


def plain(settings: Settings) -> Flask:
    """Return the plain design's application."""
    ours: Services = create_app(settings).extensions["ecluse"]
    comments = PlainComments(ours.store.client, ours.store.vault, plain_queue(settings))
    app = Flask("stock")
    app.config.update(API_TITLE="Plain", API_VERSION="1", OPENAPI_VERSION="3.1.0")
    blueprint = Blueprint("comments", "comments", url_prefix="/v1/sites/<site>")

    @blueprint.route("/comments")
    class Submissions(MethodView):
        """Comments in."""

        @blueprint.arguments(StockSchema)
        @blueprint.response(202, StockReceiptSchema)
        def post(self, data: dict[str, Any], site: str) -> dict[str, str]:
            """Submit a comment."""
            _admit(ours, site)
            receipt = comments.accept(_arrival(ours, site, data))
            return {"id": receipt.comment_id, "status": "received"}

    Api(app).register_blueprint(blueprint)
    return app


def _admit(ours: Services, site: str) -> None:
    """Refuse whoever has no key of the site."""
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    parts = parts_of(token)
    key = ours.store.sites.get(site).keys.get(parts[1]) if parts else None
    if parts is None or key is None or not key.opens(parts[2], ours.clock()):
        abort(401)


def _arrival(ours: Services, site: str, data: dict[str, Any]) -> Arrival:
    try:
        email = validate_email(data["email"], check_deliverability=False).normalized
    except EmailNotValidError:
        abort(422)
    ip, moment = data["ip"], data["submitted_at"]
    return Arrival(
        comment=comment_of(site, {**data, "submitted_at": moment.timestamp() if moment else 0.0}),
        personal=Personal(email, str(ip or "")),
        facts=Facts(author_key=ours.store.vault.lookup("email", email.lower())),
        limits={},
    )

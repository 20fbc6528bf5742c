"""The peers that share our web server: a bare view, and the plain design.

The plain design stands behind our own request handling, so that only the storage differs,
and behind the least Flask that can do it.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
from flask import Flask, Response, request

from bench.plain import PlainComments, comment_of, plain_queue
from config.settings import Settings
from service.api.services import Services
from service.app import create_app
from service.moderation.comment import Facts
from service.schemas.submission import submission_schema
from service.store.comments import Arrival
from service.store.sealing import Personal
from service.store.sites import REQUIRED_BY_DEFAULT

JSON = "application/json"


def plain_behind_our_api(settings: Settings) -> Flask:
    """Return our application with the plain design in the store's place."""
    app = create_app(settings)
    services: Services = app.extensions["ecluse"]
    store = services.store
    comments: Any = PlainComments(store.client, store.vault, plain_queue(settings))
    app.extensions["ecluse"] = replace(services, store=replace(store, comments=comments))
    return app


def plain_alone(settings: Settings) -> Flask:
    """Return the least Flask that validates, seals, saves and enqueues: no key is checked."""
    ours: Services = create_app(settings).extensions["ecluse"]
    vault = ours.store.vault
    comments = PlainComments(ours.store.client, vault, plain_queue(settings))
    schema = submission_schema(REQUIRED_BY_DEFAULT, is_server=True, is_form=False)
    app = Flask("plain")

    @app.post("/v1/sites/<site>/comments")
    def submit(site: str) -> Response:
        data: dict[str, Any] = schema.load(orjson.loads(request.get_data(cache=False)))
        author_key = vault.lookup("email", data["email"].lower())
        arrival = Arrival(
            comment=comment_of(site, data),
            personal=Personal(data["email"], data["ip"]),
            facts=Facts(author_key=author_key),
            limits={},
        )
        receipt = comments.accept(arrival)
        body = orjson.dumps({"id": receipt.comment_id, "status": "received"})
        return Response(body, 202, content_type=JSON)

    return app


def bare() -> Flask:
    """Return a Flask application whose one view reads the body and answers a small JSON."""
    app = Flask("bare")

    @app.post("/v1/sites/<site>/comments")
    def submit(site: str) -> Response:
        request.get_data(cache=False)
        return Response(orjson.dumps({"site": site, "status": "received"}), 202, content_type=JSON)

    return app


def bare_read(answer: Path) -> Flask:
    """Return a Flask application whose one view answers the bytes of a file, or 304.

    It looks whether the caller has an ETag, whichever; it asks no store.
    """
    body = answer.read_bytes()
    app = Flask("bare")

    @app.get("/v1/sites/<site>/pages/<path:page>/comments")
    def read(site: str, page: str) -> Response:  # noqa: ARG001
        if request.headers.get("If-None-Match"):
            return Response(status=304)
        return Response(body, 200, content_type=JSON)

    return app

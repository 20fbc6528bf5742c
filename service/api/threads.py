"""Approved threads out: pages of comments, replies, counts; cheap to read again."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Any
from urllib.parse import quote, urlencode

import orjson
from flask import Response, request
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate
from werkzeug.routing import PathConverter

from service.api.answer import Answer, answer
from service.api.callers import site_of
from service.api.intake import load, read_json
from service.api.language import wish_for
from service.api.media import JSON
from service.api.named import named_id
from service.api.openapi import problems
from service.api.services import services
from service.schemas.addresses import Page
from service.schemas.outgoing import CountsSchema, RepliesSchema, ThreadSchema
from service.schemas.presentation import public_comment
from service.schemas.staff import NO_SUCH_ORDER, NOT_SIZE
from service.schemas.submission import BODY_ERRORS
from service.schemas.text import REQUIRED
from service.store.keys import page_key
from service.store.paging import Order

PAGES_AT_ONCE = 100
NOT_PAGES = "Name one page at least, and at most 100."
LIMIT = {
    "in": "query",
    "name": "limit",
    "schema": {"type": "integer", "default": 20, "minimum": 1, "maximum": 100},
}
CURSOR = {"in": "query", "name": "cursor", "schema": {"type": "string"}}
blueprint = Blueprint("threads", "threads", url_prefix="/v1/sites/<site>", description="Threads")


class PageConverter(PathConverter):
    """Match a page in a path, also an identifier that begins with a slash."""

    regex = ".+?"
    part_isolating = False


blueprint.record_once(lambda state: state.app.url_map.converters.update(page=PageConverter))


class SliceSchema(Schema):
    """Describe which part of a listing is wanted."""

    order = fields.Enum(
        Order,
        by_value=True,
        load_default=Order.NEWEST,
        error_messages={"unknown": NO_SUCH_ORDER},
    )
    limit = fields.Integer(load_default=20, validate=validate.Range(1, 100, error=NOT_SIZE))
    cursor = fields.String(load_default="")
    lang = fields.String(load_default="")


class PageSchema(Schema):
    """Name a page."""

    page = Page(required=True)


class PagesSchema(Schema):
    """Name up to a hundred pages."""

    error_messages = BODY_ERRORS

    pages = fields.List(
        Page(required=True),
        required=True,
        validate=validate.Length(1, PAGES_AT_ONCE, error=NOT_PAGES),
        error_messages={"required": REQUIRED, "invalid": NOT_PAGES},
    )
    lang = fields.String(load_default="")


SLICE, PAGE = SliceSchema(), PageSchema()


@blueprint.route("/pages/<page:page>/comments", methods=["GET"])
@blueprint.doc(
    parameters=[
        {
            "in": "query",
            "name": "order",
            "schema": {"type": "string", "enum": ["newest", "oldest"]},
        },
        LIMIT,
        CURSOR,
        {"in": "header", "name": "If-None-Match", "schema": {"type": "string"}},
    ],
    responses={304: {"description": "Unchanged since the given ETag"}, **problems(400, 404, 422)},
)
@blueprint.response(200, ThreadSchema)
def thread(site: str, page: str) -> Response:
    """Get a page's approved comments, with their replies.

    `page` is the page's URL or identifier, percent-encoded. Answers carry an ETag.
    """
    site_of(site)
    page = _page(page)
    order, limit, cursor = _slice(tuple(_single_arguments().items()))
    state = services().store.threads.state(site, page)
    parts = (site, page_key(page), str(state.version), order, str(limit), cursor)
    etag = _etag(*parts)
    if request.if_none_match.contains_weak(etag):
        return Answer(status=304, headers=_headers(etag))

    def make() -> bytes:
        found = services().store.threads.read(site, page, order, limit, cursor)
        base = f"/v1/sites/{site}"
        return orjson.dumps(
            {
                "page": page,
                "count": state.count,
                "order": order,
                "comments": [public_comment(node, base) for node in found.nodes],
                "next": _next(site, page, order, limit, found.cursor),
            }
        )

    body = services().answers.get(f"{etag} {page}", make)
    about = {"Content-Type": JSON, "Content-Length": str(len(body))}
    return Answer([body], 200, {**about, **_headers(etag)})


@blueprint.route("/comments/<root_id>/replies", methods=["GET"])
@blueprint.doc(parameters=[LIMIT, CURSOR], responses=problems(400, 404, 422))
@blueprint.response(200, RepliesSchema)
def replies(site: str, root_id: str) -> Response:
    """Get the approved replies below a top comment, oldest first."""
    site_of(site)
    named_id(root_id)
    _, limit, cursor = _slice(tuple(_single_arguments().items()))
    found = services().store.threads.replies(site, root_id, limit, cursor)
    base = f"/v1/sites/{site}"
    comments = [public_comment(node, base) for node in found.nodes]
    return answer({"comments": comments, "next": found.cursor or None})


@blueprint.route("/counts", methods=["GET"])
@blueprint.doc(
    parameters=[
        {
            "in": "query",
            "name": "page",
            "schema": {"type": "array", "items": {"type": "string"}},
            "description": "May be given up to a hundred times.",
        }
    ],
    responses=problems(404, 422),
)
@blueprint.response(200, CountsSchema)
def counts(site: str) -> Response:
    """Get the number of approved comments of many pages at once."""
    return _counts(site, {"pages": request.args.getlist("page")})


@blueprint.route("/counts", methods=["POST"])
@blueprint.doc(
    requestBody={"required": True, "content": {JSON: {"schema": PagesSchema}}},
    responses=problems(400, 404, 413, 422),
)
@blueprint.response(200, CountsSchema)
def counts_of(site: str) -> Response:
    """Get the number of approved comments of many pages, named in the body."""
    return _counts(site, read_json())


def _counts(site: str, body: Any) -> Response:
    site_of(site)
    pages = load(PagesSchema(), body)["pages"]
    states = services().store.threads.states(site, pages)
    found = {page: state.count for page, state in zip(pages, states, strict=True)}
    return answer({"counts": found}, 200, {"Cache-Control": "public, max-age=5"})


def _page_asked(page: str) -> str:
    """Return the page named in the path; some proxies fold the two slashes of a URL."""
    for scheme in ("http:/", "https:/"):
        if page.startswith(scheme) and not page.startswith(f"{scheme}/"):
            return f"{scheme}/{page[len(scheme) :]}"
    return page


def _single_arguments() -> dict[str, str]:
    found = {name: value for name, value in request.args.items() if name in SLICE.fields}
    wish_for(found.get("lang"))
    return found


@lru_cache(maxsize=4096)
def _page(page: str) -> str:
    """Return the page named in a path, validated: readers ask for the same ones all day."""
    named: str = load(PAGE, {"page": _page_asked(page)})["page"]
    return named


@lru_cache(maxsize=1024)
def _slice(asked: tuple[tuple[str, str], ...]) -> tuple[Order, int, str]:
    """Return order, limit and cursor of a query, validated."""
    wanted = load(SLICE, dict(asked))
    return wanted["order"], wanted["limit"], wanted["cursor"]


def _next(site: str, page: str, order: str, limit: int, cursor: str) -> str | None:
    if not cursor:
        return None
    query = urlencode({"order": order, "limit": limit, "cursor": cursor})
    return f"/v1/sites/{site}/pages/{quote(page, safe='')}/comments?{query}"


def _etag(*parts: str) -> str:
    digest = hashlib.blake2b("\x1f".join(parts).encode("utf-8", "replace"), digest_size=12)
    return digest.hexdigest()


def _headers(etag: str) -> dict[str, str]:
    return {"ETag": f'"{etag}"', "Cache-Control": "public, no-cache"}

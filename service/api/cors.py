"""Cross-origin requests (Fetch standard, CORS protocol), by each site's list of origins."""

from __future__ import annotations

from flask import Flask, Response, request
from redis.exceptions import RedisError

from service.api.services import services
from service.store.sites import SiteUnknown

METHODS = "GET, POST, PATCH, DELETE"
HEADERS = "Content-Type, Idempotency-Key, Edit-Token, If-None-Match, Accept-Language, X-Request-ID"
EXPOSED = "ETag, Location, Retry-After, RateLimit, RateLimit-Policy, X-Request-ID"
PREFLIGHT_KEPT_S = "600"


def register(app: Flask) -> None:
    """Answer preflights of site routes, and let the site's origins read its answers."""

    @app.before_request
    def preflight() -> Response | None:
        is_preflight = "Access-Control-Request-Method" in request.headers
        if request.method != "OPTIONS" or not is_preflight or not _site():
            return None
        response = Response(status=204)
        if _is_allowed():
            response.headers["Access-Control-Allow-Methods"] = METHODS
            response.headers["Access-Control-Allow-Headers"] = HEADERS
            response.headers["Access-Control-Max-Age"] = PREFLIGHT_KEPT_S
        return response

    @app.after_request
    def allow(response: Response) -> Response:
        if not _site():
            return response
        response.headers.add("Vary", "Origin")
        if _is_allowed():
            response.headers["Access-Control-Allow-Origin"] = request.headers["Origin"]
            response.headers["Access-Control-Expose-Headers"] = EXPOSED
        return response


def _site() -> str:
    return str((request.view_args or {}).get("site", ""))


def _is_allowed() -> bool:
    origin = request.headers.get("Origin", "").lower()
    if not origin:
        return False
    try:
        return origin in services().store.sites.get(_site()).site.origins
    except (SiteUnknown, RedisError, OSError):
        return False

"""Cross-origin requests (Fetch standard, CORS protocol), by each site's list of origins."""

from __future__ import annotations

from flask import Flask, Response
from redis.exceptions import RedisError

from service.api.media import asked
from service.api.services import services
from service.store.sites import SiteUnknown

API_PATH = "/v1/"
METHODS = "GET, POST, PATCH, DELETE"
HEADERS = "Content-Type, Idempotency-Key, Edit-Token, If-None-Match, Accept-Language, X-Request-ID"
EXPOSED = "ETag, Location, Retry-After, RateLimit, RateLimit-Policy, X-Request-ID"
PREFLIGHT_KEPT_S = "600"


def register(app: Flask) -> None:
    """Answer preflights of site routes, and let the site's origins read its answers."""

    @app.before_request
    def preflight() -> Response | None:
        current = asked()
        if current.method != "OPTIONS":
            return None
        if "Access-Control-Request-Method" not in current.headers or not _site():
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
            response.headers["Access-Control-Allow-Origin"] = asked().headers["Origin"]
            response.headers["Access-Control-Expose-Headers"] = EXPOSED
        return response


def _site() -> str:
    current = asked()
    site = (current.view_args or {}).get("site", "")
    return str(site) if site and current.path.startswith(API_PATH) else ""


def _is_allowed() -> bool:
    origin: str = asked().environ.get("HTTP_ORIGIN", "").lower()
    if not origin or services().silence.is_on:
        return False
    try:
        return origin in services().store.sites.get(_site()).site.origins
    except (SiteUnknown, RedisError, OSError):
        return False

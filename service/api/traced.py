"""Requests in traces: by route, site and comment."""

from __future__ import annotations

from flask import Flask, Response

from config.log import tell_from
from service.api.media import asked
from service.metrics.requests import METHODS, OTHER
from service.tracing import Tracing


def register(app: Flask, tracing: Tracing) -> None:
    """Have a span around each request, and the trace's number in its log lines."""
    app.wsgi_app = tracing.wrap(app.wsgi_app)  # type: ignore[method-assign, assignment]
    tell_from(tracing.about)

    @app.after_request
    def describe(response: Response) -> Response:
        current = asked()
        method = current.method if current.method in METHODS else OTHER
        facts: dict[str, str | int] = {
            "http.request.method": method,
            "http.route": current.route,
            "http.response.status_code": response.status_code,
            "ecluse.request": current.request_id,
        }
        known = {"ecluse.site": current.site, "ecluse.comment": current.comment_id}
        facts |= {name: value for name, value in known.items() if value}
        tracing.describe(f"{method} {current.route}", facts)
        return response

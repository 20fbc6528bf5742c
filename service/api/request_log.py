"""What log lines tell of the request they come from, and a line for each request if wished."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from flask import Response, has_request_context

from config.log import ACCESS
from service.api.media import asked
from service.metrics.requests import METHODS, OTHER

logger = logging.getLogger(ACCESS)


def about_request() -> Mapping[str, str]:
    """Return the number of the request that is being answered, its site and its comment."""
    if not has_request_context():
        return {}
    current = asked()
    return {
        "request": current.request_id,
        "site": current.site,
        "comment": current.comment_id,
    }


def log_request(response: Response, seconds: float) -> None:
    """Log one answered request.

    By its route, never its address: that may hold a page's, or whatever somebody typed.
    """
    current = asked()
    logger.info(
        "request",
        extra={
            "method": current.method if current.method in METHODS else OTHER,
            "route": current.route,
            "status": response.status_code,
            "ms": round(seconds * 1000, 2),
        },
    )

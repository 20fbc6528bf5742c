"""Where a browser goes on to after a form."""

from __future__ import annotations

from flask import Response, redirect


def go_to(address: str) -> Response:
    """Send the browser to another page, which it then asks for by GET."""
    answer = redirect(address, 303)
    answer.headers["Cache-Control"] = "no-store"
    assert isinstance(answer, Response)  # noqa: S101  flask's own
    return answer

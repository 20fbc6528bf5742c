"""What kind of message a request is: JSON, a form, a browser's own form."""

from __future__ import annotations

from flask import request

FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")


def is_form() -> bool:
    """Say whether the request carries an HTML form."""
    return request.mimetype in FORM_TYPES


def wants_page() -> bool:
    """Say whether the caller is a browser that shows what it is answered."""
    return is_form() and "text/html" in request.headers.get("Accept", "")

"""What kind of message a request is: JSON, a form, a browser's own form."""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

from flask import Request, request
from werkzeug.exceptions import BadRequest
from werkzeug.formparser import FormDataParser

URLENCODED = "application/x-www-form-urlencoded"
FORM_TYPES = (URLENCODED, "multipart/form-data")


class FormRequest(Request):
    """Read a form whole and in UTF-8, or not at all; Werkzeug alone would guess or drop it."""

    def make_form_data_parser(self) -> FormDataParser:
        """Return a parser that raises ``ValueError`` for a form it cannot read."""
        parser = super().make_form_data_parser()
        parser.silent = False
        return parser

    def _load_form_data(self) -> None:
        if "form" in vars(self):
            return
        raw = self.get_data(cache=True)
        try:
            super()._load_form_data()
            if not self.files:
                (unquote_to_bytes(raw) if self.mimetype == URLENCODED else raw).decode()
        except ValueError:
            raise BadRequest from None


def is_form() -> bool:
    """Say whether the request carries an HTML form."""
    return request.mimetype in FORM_TYPES


def wants_page() -> bool:
    """Say whether the caller is a browser that shows what it is answered."""
    return is_form() and "text/html" in request.headers.get("Accept", "")

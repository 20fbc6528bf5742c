"""What kind of message a request is: JSON, a form, a browser's own form."""

from __future__ import annotations

import random
from collections.abc import Mapping
from time import perf_counter
from typing import Any, Literal
from urllib.parse import unquote_to_bytes

from flask import Request, request
from werkzeug.exceptions import BadRequest, ClientDisconnected
from werkzeug.formparser import FormDataParser

from service.cached import cached_property

JSON = "application/json"
URLENCODED = "application/x-www-form-urlencoded"
FORM_TYPES = (URLENCODED, "multipart/form-data")


class WholeRequest(Request):
    """Read a body whole, and a form in UTF-8, or not at all.

    Werkzeug alone cuts a chunked body off at the limit, takes a form it cannot parse for
    an empty one, and puts other letters for bytes that are not UTF-8.

    ``wanted_language`` and ``site_language`` are what its body and its site say about the
    language of the answer; ``began`` is when it came, by ``perf_counter``. ``site`` and
    ``comment_id`` name what it is about, once that is known to exist.
    """

    wanted_language = ""
    site_language = ""
    site = ""
    comment_id = ""

    def __init__(self, *args: Any, **options: Any) -> None:
        self.began = perf_counter()
        super().__init__(*args, **options)

    @cached_property
    def request_id(self) -> str:
        """Return the caller's number of the request, when it is a plain one, or a new one."""
        given: str = self.environ.get("HTTP_X_REQUEST_ID", "")
        is_plain = given.isascii() and given.isalnum() and len(given) <= 64
        return given if is_plain else f"{random.getrandbits(64):016x}"

    @cached_property
    def mimetype(self) -> str:
        """Return the content type without its parameters, in small letters."""
        sent: str = self.environ.get("CONTENT_TYPE", "")
        return sent if sent == JSON else super().mimetype

    @cached_property
    def is_form(self) -> bool:
        """Say whether the request carries an HTML form."""
        return self.mimetype in FORM_TYPES

    @cached_property
    def query(self) -> Mapping[str, str]:
        """Return the query's parameters; most requests have none to be read."""
        return self.args if self.environ.get("QUERY_STRING") else {}

    @property
    def route(self) -> str:
        """Return the rule that the address follows, without what stands for its parts."""
        rule = self.url_rule
        return rule.rule if rule else "unmatched"

    def get_data(  # type: ignore[override]  # we never ask for text
        self, cache: bool = True, as_text: Literal[False] = False, parse_form_data: bool = False
    ) -> bytes:
        """Return the body.

        Raises ``RequestEntityTooLarge`` or ``ClientDisconnected``.
        """
        raw = super().get_data(cache, as_text, parse_form_data)
        if self.content_length is None:
            self.stream.read(1)
        elif len(raw) < self.content_length and not parse_form_data:
            raise ClientDisconnected
        return raw

    def whole_body(self) -> bytes:
        """Return the body, once; one whose length is told needs none of Werkzeug's streams.

        Raises ``RequestEntityTooLarge`` or ``ClientDisconnected``.
        """
        length, limit = self.content_length, self.max_content_length
        if length is None or limit is None or length > limit:
            return self.get_data(cache=False)
        raw: bytes = self.environ["wsgi.input"].read(length)
        if len(raw) < length:
            raise ClientDisconnected
        return raw

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


def asked() -> WholeRequest:
    """Return the request itself: each look through Flask's proxy costs as much as a look-up."""
    proxy: Any = request
    current: WholeRequest = proxy._get_current_object()
    return current


def is_form() -> bool:
    """Say whether the request carries an HTML form."""
    return asked().is_form


def wants_page() -> bool:
    """Say whether the caller is a browser that shows what it is answered."""
    current = asked()
    return current.is_form and "text/html" in current.headers.get("Accept", "")

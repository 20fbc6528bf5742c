"""What clients of Akismet's API send: read as far as it can be read, and never refused a field.

Names and values: akismet.com/developers, and what its clients were seen to send.
"""

from __future__ import annotations

import codecs
import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from marshmallow import EXCLUDE, Schema, ValidationError, fields

from service.schemas.addresses import (
    EMAIL_LIMIT,
    URL_LIMIT,
    IpAddress,
    WebAddress,
    is_web_address,
)
from service.schemas.submission import AUTHOR_LIMIT, CONTENT_LIMIT, TITLE_LIMIT
from service.schemas.text import made_safe

MOST_FIELDS = 2_000
"""WordPress sends about 40, with all that its form has and the server's variables."""
_YES = frozenset({"1", "true", "yes", "on"})
_CONTEXT = re.compile(r"comment_context(\[[0-9]{0,6}\])?")
# What a blog may say it is written in; with any other name its bytes are taken for Windows-1252.
_CHARSET = re.compile(
    "(iso-?8859|latin|windows-?125|cp125|koi8|shift|euc|gb|big5|cp932)", re.IGNORECASE
)
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}")
_TAG = re.compile(r"<[^<>]{0,300}>")


class FieldsInvalid(ValueError):
    """Say that a body has more fields than any client sends."""


class Lenient(fields.Field[str]):
    """Take a text as far as it can be shown and stored."""

    def __init__(self, limit: int, *, multiline: bool = False) -> None:
        super().__init__(load_default="")
        self.limit = limit
        self.multiline = multiline

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **more: Any
    ) -> str:
        return made_safe(str(value), self.limit, multiline=self.multiline)


class OrNothing(fields.Field[str]):
    """Take what another field understands, and nothing where it objects."""

    def __init__(self, inner: fields.String) -> None:
        super().__init__(load_default="")
        self.inner = inner

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **more: Any
    ) -> str:
        try:
            understood: str = self.inner.deserialize(value)
        except ValidationError:
            return ""
        return understood


class Whole(fields.Field[str]):
    """Take a text as it is, and nothing where it is too long to be meant."""

    def __init__(self, limit: int) -> None:
        super().__init__(load_default="")
        self.limit = limit

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **more: Any
    ) -> str:
        text = made_safe(str(value), self.limit + 1)
        return text if len(text) <= self.limit else ""


class Said(fields.Field[bool]):
    """Take the ways in which clients say yes; anything else is no."""

    def __init__(self) -> None:
        super().__init__(load_default=False)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **more: Any
    ) -> bool:
        return str(value).strip().lower() in _YES


class AkismetSchema(Schema):
    """Describe the fields of a comment-check, submit-spam or submit-ham that we read."""

    class Meta:
        """Pass over what we do not read: clients send all that they have."""

        unknown = EXCLUDE

    blog = Whole(URL_LIMIT)
    user_ip = OrNothing(IpAddress())
    user_agent = Lenient(1000)
    referrer = Lenient(2000)
    permalink = Whole(URL_LIMIT)
    comment_type = Lenient(40)
    comment_author = Lenient(AUTHOR_LIMIT)
    comment_author_email = Whole(EMAIL_LIMIT)
    comment_author_url = OrNothing(WebAddress())
    comment_content = Lenient(CONTENT_LIMIT, multiline=True)
    comment_date_gmt = Whole(40)
    blog_lang = Whole(200)
    user_role = Whole(200)
    user_id = Whole(64)
    is_test = Said()
    recheck_reason = Whole(40)
    callback = Whole(URL_LIMIT)


@dataclass(frozen=True, slots=True)
class Sent:
    """Hold the fields of a call, read; ``names`` are those that came at all."""

    data: Mapping[str, Any]
    names: frozenset[str]
    context: tuple[str, ...] = ()
    has_honey: bool = False

    def __getitem__(self, name: str) -> Any:
        return self.data[name]

    @property
    def page(self) -> str:
        """Return the page the comment stands under: its address, or else the blog's."""
        for address in (self["permalink"], self["blog"]):
            if address and is_web_address(address, dots=0):
                return str(address)
        return str(self["permalink"] or self["blog"])[:URL_LIMIT] or "-"

    @property
    def language(self) -> str:
        """Return the blog's first language, as ``fr`` of ``fr_FR, en``; empty for none."""
        found = _LANGUAGE.match(self["blog_lang"].strip())
        return found[0].lower() if found else ""

    @property
    def submitted_at(self) -> float:
        """Return when the comment was written, in seconds since 1970, or 0."""
        try:
            moment = dt.datetime.fromisoformat(self["comment_date_gmt"])
        except ValueError:
            return 0.0
        seconds = moment.replace(tzinfo=moment.tzinfo or dt.UTC).timestamp()
        return seconds if 0 < seconds < 4_102_444_800 else 0.0  # before the year 2100

    @property
    def identity(self) -> str:
        """Return what the comment is known by when it comes again, whatever was done to it.

        Blogs escape and clean up a comment between a check and a correction.
        """
        words = "".join(c for c in _TAG.sub("", self["comment_content"]).casefold() if c.isalnum())
        whose = (self["comment_author"].casefold(), self["comment_author_email"].casefold())
        return "\x1f".join((words, *whose))


_SCHEMA = AkismetSchema()


def read_fields(pairs: Sequence[tuple[str, str]]) -> Sent:
    """Return the fields of a call, of each name the last; nothing in them is an error."""
    found = dict(pairs)
    if "content_type" in found:  # as Discourse and pykismet3 call it
        found.setdefault("comment_type", found["content_type"])
    honeypot = found.get("honeypot_field_name", "")
    honey = (honeypot, f"POST_{honeypot}", "POST_ak_hp_textarea") if honeypot else (
        "POST_ak_hp_textarea",
    )  # fmt: skip
    context = (value for name, value in pairs if _CONTEXT.fullmatch(name))
    data: dict[str, Any] = _SCHEMA.load(found)
    return Sent(
        data,
        frozenset(found),
        tuple(made_safe(value, TITLE_LIMIT) for value in context),
        any(found.get(name, "").strip() for name in honey),
    )


def parse_form(raw: bytes) -> list[tuple[str, str]]:
    """Return the fields of a urlencoded body, in whatever charset it is.

    What is UTF-8 is read as such, whatever ``blog_charset`` says, for many clients send a blog's
    charset and their own bytes. Raises ``FieldsInvalid``.
    """
    try:
        pairs = parse_qsl(
            raw.decode("latin-1"), True, encoding="latin-1", max_num_fields=MOST_FIELDS
        )
    except ValueError:
        raise FieldsInvalid from None
    charset = _charset_of(dict(pairs))
    return [(_decoded(name, charset), _decoded(value, charset)) for name, value in pairs]


def _charset_of(found: Mapping[str, str]) -> str:
    named = found.get("blog_charset") or found.get("charset") or ""
    if len(named) <= 30 and _CHARSET.match(named):
        try:
            name = codecs.lookup(named).name
        except (LookupError, ValueError):
            return "cp1252"
        return "cp1252" if name in ("iso8859-1", "latin-1") else name  # as browsers read it
    return "cp1252"


def _decoded(text: str, charset: str) -> str:
    if text.isascii():
        return text
    raw = text.encode("latin-1")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode(charset, "replace")

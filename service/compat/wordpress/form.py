"""What a WordPress comment form says, in our own words: the site, the page, the fields."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

from flask import request

from service.api.callers import origin_of, origin_of_request
from service.api.media import asked
from service.api.problems import Problem
from service.api.services import services
from service.exchange.arriving import id_of
from service.exchange.wordpress import key_of
from service.schemas.submission import HONEYPOT, is_comment_id
from service.schemas.wordpress import CLOSED, NOT_FOUND, WHICH_SITE
from service.store.sites import KnownSite, SiteUnknown

SITE_PARAMETER = "site"
SAME_AGAIN = "wordpress-form"
"""The idempotency key of every form: the same words by the same person are sent once a day."""
_NUMBER = re.compile(r"[1-9][0-9]{0,18}")
_UNSAFE = re.compile(r"[\\\x00-\x1f\x7f]")
_COMMENT_PAGE = re.compile(r"/comment-page-[0-9]+/?$")
_PASSING = frozenset({"replytocom", "unapproved", "moderation-hash", "cpage"})


def site_meant(origin: str) -> KnownSite:
    """Return the site a form belongs to: the one its address names, or whose origin it has.

    Raises ``Problem`` 403 or 404.
    """
    name = request.args.get(SITE_PARAMETER, "")
    store = services().store.sites
    if name:
        try:
            known = store.get(name)
        except SiteUnknown:
            raise Problem(404, "site-unknown", NOT_FOUND) from None
        found = [known] if origin in known.site.origins else []
    else:
        every = (store.get(each) for each in sorted(store.names()))
        found = [known for known in every if origin in known.site.origins]
    if not origin or not found:
        raise Problem(403, "origin-not-allowed", CLOSED)
    if len(found) > 1:
        raise Problem(403, "site-needed", WHICH_SITE)
    asked().site_language = found[0].site.lang
    return found[0]


def form_origin() -> str:
    """Return the web origin of the page a form stands on."""
    return origin_of_request()


def fields_of(form: dict[str, str], origin: str) -> dict[str, Any]:
    """Return a form's fields under our own names."""
    return {
        "content": form.get("comment", ""),
        "author": form.get("author", ""),
        "email": form.get("email", ""),
        "url": form.get("url", ""),
        "page": page_of(form, origin),
        "parent": parent_of(form, origin),
        "idempotency_key": SAME_AGAIN,
        HONEYPOT: form.get("ak_hp_textarea", "") or form.get(HONEYPOT, ""),
    }


def page_of(form: dict[str, str], origin: str) -> str:
    """Return the page a comment stands under, which a form names by its post's number only.

    It is where the form says by a whole address that the browser goes on to, or else where it
    stands, if that is of the site; then a path to go on to, which is often one page of thanks
    for all. A page that tells browsers to send no path is named as WordPress's short links
    name it.
    """
    told = (form.get("redirect_to", ""), request.headers.get("Referer", ""), led_on(form, origin))
    for address in told:
        if origin_of(address) == origin and _has_path(address):
            return tidied(address)
    number = form.get("comment_post_ID", "")
    if not _NUMBER.fullmatch(number):
        raise Problem(404, "page-unknown", NOT_FOUND)
    return f"{origin}/?p={number}"


def led_on(form: dict[str, str], origin: str) -> str:
    """Return where a form has the browser go on to; nothing where that is not of ``origin``.

    Browsers read a backslash as a slash and pass over line ends: what has any is refused.
    """
    said = form.get("redirect_to", "").strip()
    if not said or _UNSAFE.search(said):
        return ""
    try:
        address = urljoin(f"{origin}/", said)
    except ValueError:
        return ""
    return address if origin_of(address) == origin else ""


def parent_of(form: dict[str, str], origin: str) -> str:
    """Return the comment that is answered: ours, or one of the blog's that was imported."""
    above = form.get("comment_parent", "")
    if _NUMBER.fullmatch(above):
        return id_of(key_of(origin, above))
    return above if is_comment_id(above) else ""


def tidied(address: str) -> str:
    """Return a page's address without the place in its thread that WordPress adds."""
    parts = urlsplit(address)
    query = [pair for pair in parse_qsl(parts.query) if pair[0] not in _PASSING]
    path = _COMMENT_PAGE.sub("/", parts.path)
    return urlunsplit((parts.scheme, parts.netloc, path, urlencode(query), ""))


def _has_path(address: str) -> bool:
    """Say whether an address tells more than its origin, or is a form's whole answer."""
    parts = urlsplit(address)
    return parts.path not in ("", "/") or bool(parts.query)

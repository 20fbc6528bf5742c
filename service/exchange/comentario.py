"""Comentario, and Commento before it: their JSON exports (versions 1 and 3)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from service.exchange.foreign import (
    NO_PAGE,
    NO_TIME,
    UNREADABLE,
    FileUnreadable,
    Foreign,
    Found,
    Skipped,
)
from service.exchange.json_stream import objects
from service.exchange.plain import plain
from service.exchange.remark42 import text_in
from service.exchange.scratch import Scratch
from service.exchange.wordpress import moment_ms
from service.moderation.verdict import Status

_STATES = {
    "approved": Status.APPROVED,
    "unapproved": Status.HELD,
    "flagged": Status.HELD,
}
_NOBODY = frozenset({"", "anonymous", "root", "0" * 64, "00000000-0000-0000-0000-000000000000"})
_GONE = frozenset({"", "[deleted]"})


def remember(pieces: Iterable[bytes], scratch: Scratch) -> None:
    """Take note of the pages and people of an export, who stand behind its comments.

    Raises ``FileUnreadable``.
    """
    kinds = set()
    for name, data in objects(pieces):
        kinds.add(name)
        if data is None:
            continue
        if name == "commenters":
            who = text_in(data, "id", "commenterHex")
            link = text_in(data, "websiteUrl", "link")
            is_staff = data.get("isModerator") is True
            person = [text_in(data, "name"), text_in(data, "email"), link, is_staff]
            scratch.keep("commenter", who, person)
        elif name == "pages":
            page = [text_in(data, "path"), text_in(data, "title")]
            scratch.keep("page", text_in(data, "id"), page)
    if not kinds & {"comments", "commenters"}:
        raise FileUnreadable("it is no export of Comentario")


def comentario(pieces: Iterable[bytes], scratch: Scratch) -> Iterator[Found]:
    """Yield the comments of an export whose pages and people were taken note of.

    Raises ``FileUnreadable``.
    """
    number = 0
    for name, data in objects(pieces):
        if name == "comments":
            number += 1
            yield (
                Skipped(f"comment {number}", UNREADABLE)
                if data is None
                else _comment_of(data, number, scratch)
            )


def _comment_of(data: dict[str, Any], number: int, scratch: Scratch) -> Found:
    name = text_in(data, "id", "commentHex")
    if not name:
        return Skipped(f"comment {number}", UNREADABLE)
    key = f"comentario|{name}"
    page, title = _page_of(data, scratch)
    at_ms = moment_ms(text_in(data, "createdTime", "creationDate"))
    if not page or at_ms is None:
        return Skipped(key, NO_TIME if page else NO_PAGE)
    who = text_in(data, "userCreated", "commenterHex")
    person = None if who in _NOBODY else scratch.find("commenter", who)
    author, email, url, is_staff = person or (text_in(data, "authorName"), "", "", False)
    above = text_in(data, "parentId", "parentHex")
    content = text_in(data, "markdown") or plain(text_in(data, "html"))
    return Foreign(
        key=key,
        page=page,
        status=_status_of(data, content),
        content=content,
        at_ms=at_ms,
        author=author,
        email=email if "@" in email else "",
        url=url if url != "undefined" else "",
        author_id="" if who in _NOBODY else f"comentario:{who}",
        page_title=title,
        parent="" if above in _NOBODY else f"comentario|{above}",
        is_staff=bool(is_staff),
    )


def _page_of(data: dict[str, Any], scratch: Scratch) -> tuple[str, str]:
    known = scratch.find("page", text_in(data, "pageId"))
    if known:
        return known[0], known[1]
    path = text_in(data, "path") or text_in(data, "url")
    host = text_in(data, "host", "domain")
    if path.startswith("/") and host:
        return f"https://{host}{path}", ""
    return path, ""


def _status_of(data: dict[str, Any], content: str) -> Status:
    if data.get("deleted") is True or data.get("isDeleted") is True or content in _GONE:
        return Status.DELETED
    if "state" in data:
        return _STATES.get(text_in(data, "state"), Status.HELD)
    if data.get("isPending") is True:
        return Status.HELD
    return Status.APPROVED if data.get("isApproved") is True else Status.REJECTED

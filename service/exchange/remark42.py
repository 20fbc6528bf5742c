"""Remark42: its backup, a line of JSON about the site and then one for each comment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from service.exchange.foreign import NO_PAGE, NO_TIME, UNREADABLE, Foreign, Found, Skipped
from service.exchange.plain import plain
from service.exchange.wordpress import moment_ms
from service.moderation.verdict import Status

LONGEST_LINE = 1 << 20


def remark42(lines: Iterable[bytes | None]) -> Iterator[Found]:
    """Yield the comments of a Remark42 backup."""
    for number, line in enumerate(lines, 1):
        if line is None:
            yield Skipped(f"line {number}", UNREADABLE)
        elif line.strip():
            try:
                data = orjson.loads(line)
            except orjson.JSONDecodeError:
                data = None
            if not isinstance(data, dict):
                yield Skipped(f"line {number}", UNREADABLE)
            elif "version" not in data or "locator" in data:
                yield _comment_of(data, number)


def text_in(data: dict[str, Any], *names: str) -> str:
    """Return the first text under one of some names, or nothing."""
    return next((data[name] for name in names if isinstance(data.get(name), str)), "")


def object_in(data: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the object under a name, or an empty one."""
    found = data.get(name)
    return found if isinstance(found, dict) else {}


def _comment_of(data: dict[str, Any], number: int) -> Found:
    name, where, user = text_in(data, "id"), object_in(data, "locator"), object_in(data, "user")
    if not name:
        return Skipped(f"line {number}", UNREADABLE)
    site = text_in(where, "site")
    key = f"remark42|{site}|{name}"
    page, at_ms = text_in(where, "url"), moment_ms(text_in(data, "time"))
    if not page or at_ms is None:
        return Skipped(key, NO_TIME if page else NO_PAGE)
    above, user_id = text_in(data, "pid"), text_in(user, "id")
    is_deleted = data.get("delete") is True
    # `orig` is what was typed, `text` what it was rendered to.
    written = text_in(data, "orig") or plain(text_in(data, "text"))
    return Foreign(
        key=key,
        page=page,
        status=Status.DELETED if is_deleted else Status.APPROVED,
        content=written,
        at_ms=at_ms,
        author=text_in(user, "name"),
        email=text_in(user, "email"),
        author_id=f"remark42:{user_id}" if user_id else "",
        page_title=text_in(data, "title"),
        parent=f"remark42|{site}|{above}" if above else "",
        is_staff=user.get("admin") is True,
    )

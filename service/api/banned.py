"""Bans at the door: who is told so, and who is not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from babel.dates import format_datetime

from service.api.language import language
from service.api.problems import Problem
from service.api.services import now_ms, services
from service.schemas.messages import Message
from service.schemas.presentation import iso
from service.store.bans import Ban, Visitor
from service.store.sealing import Personal

TITLE = "You cannot comment here."


def refuse_banned(site: str, personal: Personal, data: Mapping[str, Any]) -> bool:
    """Say whether whoever sends these fields is banned in the shadow; staff never is.

    Raises ``Problem`` 403 ``banned`` for a plain ban, and counts it.
    """
    if data.get("is_staff"):
        return False
    bans = services().store.bans
    visitor = Visitor(personal.email, personal.ip, data.get("author_id", ""))
    ban = bans.match(site, visitor, now_ms())
    if ban is None or ban.is_shadow:
        return ban is not None
    bans.count_refused(site)
    raise _banned(ban)


def _banned(ban: Ban) -> Problem:
    if ban.until_ms is None:
        return Problem(403, "banned", TITLE)
    until = dt.datetime.fromtimestamp(ban.until_ms / 1000, dt.UTC)
    moment = format_datetime(until, "d MMMM y, HH:mm 'UTC'", locale=language())
    detail = Message("From {moment} on you can comment again.", moment=moment)
    return Problem(403, "banned", TITLE, detail=detail, extra={"until": iso(ban.until_ms)})

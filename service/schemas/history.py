"""What somebody wants to see of the audit log."""

from __future__ import annotations

import datetime as dt
from typing import Any

from marshmallow import EXCLUDE, Schema, fields, post_load

from service.schemas.submission import BODY_ERRORS
from service.schemas.text import Text
from service.store.audit import AuditFilters

NOT_DATE = "A date is written like 2026-11-26."
DAY_MS = 86_400_000


class AuditQuerySchema(Schema):
    """Describe filters of the audit log; days are whole ones, in UTC."""

    class Meta:
        """Leave out what stands in the address beside."""

        unknown = EXCLUDE

    error_messages = BODY_ERRORS

    kind = Text(limit=40, load_default="")
    actor = Text(limit=100, load_default="")
    comment = Text(limit=40, load_default="")
    since = fields.Date(load_default=None, error_messages={"invalid": NOT_DATE})
    until = fields.Date(load_default=None, error_messages={"invalid": NOT_DATE})

    @post_load
    def made(self, data: dict[str, Any], **_more: Any) -> AuditFilters:
        """Return the filters."""
        return AuditFilters(
            kind=data["kind"],
            actor=data["actor"],
            comment_id=data["comment"],
            after_ms=_ms(data["since"]),
            before_ms=_ms(data["until"]) + DAY_MS if data["until"] else 0,
        )


def _ms(day: dt.date | None) -> int:
    if day is None:
        return 0
    return int(dt.datetime.combine(day, dt.time(), dt.UTC).timestamp() * 1000)

"""The audit log of what concerns no single site: who signs in, and what they may do."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import orjson

from service.store import keys
from service.store.paging import CursorInvalid
from service.store.server.connection import Client

MOST_AT_ONCE = 500
_ID = re.compile(r"[0-9]{1,15}-[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class Entry:
    """Hold one line of the log; its ``id`` begins with when the server wrote it."""

    id: str
    kind: str
    actor: str
    detail: dict[str, Any]

    @property
    def at_ms(self) -> int:
        """Return when it was written, in ms since the epoch."""
        return int(self.id.partition("-")[0])


class GeneralAudit:
    """Append to the log, and read its newest lines."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def add(self, kind: str, actor: str, **detail: object) -> None:
        """Append a line."""
        line: Any = {"kind": kind, "actor": actor, "detail": orjson.dumps(detail)}
        self._client.xadd(keys.AUDIT, line)

    def newest(self, limit: int = MOST_AT_ONCE, before: str = "") -> list[Entry]:
        """Return the last lines, newest first; with ``before``, those older than that line.

        Raises ``CursorInvalid``.
        """
        if before and not _ID.fullmatch(before):
            raise CursorInvalid(before)
        newest = f"({before}" if before else "+"
        found: Any = self._client.xrevrange(keys.AUDIT, newest, "-", min(limit, MOST_AT_ONCE))
        return [_entry(entry_id, fields) for entry_id, fields in found]


def _entry(entry_id: bytes, fields: dict[bytes, bytes]) -> Entry:
    return Entry(
        id=entry_id.decode(),
        kind=fields[b"kind"].decode(),
        actor=fields[b"actor"].decode(),
        detail=orjson.loads(fields[b"detail"]),
    )

"""The audit log of what concerns no single site: who signs in, and what they may do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from service.store import keys
from service.store.connection import Client

MOST_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Entry:
    """Hold one line of the log; ``at_ms`` is when the server wrote it."""

    at_ms: int
    kind: str
    actor: str
    detail: dict[str, Any]


class GeneralAudit:
    """Append to the log, and read its newest lines."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def add(self, kind: str, actor: str, **detail: object) -> None:
        """Append a line."""
        line: Any = {"kind": kind, "actor": actor, "detail": orjson.dumps(detail)}
        self._client.xadd(keys.AUDIT, line)

    def newest(self, limit: int = MOST_AT_ONCE) -> list[Entry]:
        """Return the last lines, newest first."""
        return list(self._entries(min(limit, MOST_AT_ONCE)))

    def _entries(self, limit: int) -> Iterator[Entry]:
        found: Any = self._client.xrevrange(keys.AUDIT, count=limit)
        for entry_id, fields in found:
            yield Entry(
                at_ms=int(entry_id.split(b"-")[0]),
                kind=fields[b"kind"].decode(),
                actor=fields[b"actor"].decode(),
                detail=orjson.loads(fields[b"detail"]),
            )

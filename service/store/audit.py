"""The audit log: who did what, when. It is read here; the scripts that do things write it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import starmap
from typing import Any

import orjson

from service.store.keys import SiteKeys
from service.store.paging import CursorInvalid
from service.store.server.connection import Client

AT_ONCE = 500
MOST_LOOKED_AT = 2_000
"""Entries one page of a filtered log looks at; the next page goes on from there."""
HAS_REASON = "has_reason"
"""The mark of an entry whose reason stands apart (decide.lua)."""
_ID = re.compile(r"[0-9]{1,15}-[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class Entry:
    """Hold one entry: when (ms), what kind of thing, by whom, on which comment, and the rest."""

    id: str
    kind: str
    actor: str = ""
    comment_id: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def has_reason(self) -> bool:
        """Say whether a moderator wrote why; the words stand apart from the log."""
        return bool(self.details.get(HAS_REASON))

    @property
    def at_ms(self) -> int:
        """Return when it was written."""
        return int(self.id.partition("-")[0])


@dataclass(frozen=True, slots=True)
class AuditFilters:
    """Say which entries are wanted; what is empty asks for nothing.

    ``after_ms`` and ``before_ms`` bound the time, the latter not included.
    """

    kind: str = ""
    actor: str = ""
    comment_id: str = ""
    after_ms: int = 0
    before_ms: int = 0

    def take(self, entry: Entry) -> bool:
        """Say whether an entry is wanted."""
        return (
            self.kind in ("", entry.kind)
            and self.actor in ("", entry.actor)
            and self.comment_id in ("", entry.comment_id)
        )


@dataclass(frozen=True, slots=True)
class Leaf:
    """Hold one page of a log, newest first, and the place after it, empty at the end."""

    entries: tuple[Entry, ...]
    cursor: str


class AuditLog:
    """Read the audit logs of the sites."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def find(self, site: str, filters: AuditFilters, limit: int, cursor: str = "") -> Leaf:
        """Return up to ``limit`` entries, newest first, looking at 2,000 at most.

        Raises ``CursorInvalid``.
        """
        if cursor and not _ID.fullmatch(cursor):
            raise CursorInvalid(cursor)
        found: list[Entry] = []
        newest = f"({cursor}" if cursor else _newest(filters)
        looked_at = 0
        while looked_at < MOST_LOOKED_AT:
            rows = self._backwards(site, newest, filters.after_ms)
            for entry in rows:
                looked_at += 1
                if filters.take(entry):
                    found.append(entry)
                if len(found) == limit or looked_at == MOST_LOOKED_AT:
                    return self._leaf(site, found, entry.id)
            if len(rows) < AT_ONCE:
                return self._leaf(site, found, "")
            newest = f"({rows[-1].id}"
        return self._leaf(site, found, newest[1:])

    def every(self, site: str, filters: AuditFilters, most: int) -> Iterator[Entry]:
        """Yield up to ``most`` entries, oldest first, in steps."""
        oldest, count = str(filters.after_ms) if filters.after_ms else "-", 0
        while True:
            newest = _newest(filters)
            rows: Any = self._client.xrange(SiteKeys(site).audit, oldest, newest, AT_ONCE)
            taken = [entry for entry in starmap(_entry, rows) if filters.take(entry)]
            yield from self._with_reasons(site, taken[: most - count])
            count += len(taken)
            if count >= most:
                return
            if len(rows) < AT_ONCE:
                return
            oldest = f"({rows[-1][0].decode()}"

    def newest(self, site: str, kinds: frozenset[str], since_ms: int, most: int) -> list[Entry]:
        """Return the newest entries of some kinds, oldest first, of the last ``most`` written."""
        found: list[Entry] = []
        newest, looked_at = "+", 0
        while looked_at < most:
            rows = self._backwards(site, newest, since_ms)
            found += [entry for entry in rows if entry.kind in kinds]
            looked_at += len(rows)
            if len(rows) < AT_ONCE:
                break
            newest = f"({rows[-1].id}"
        return found[::-1]

    def note(self, site: str, kind: str, actor: str, **details: object) -> None:
        """Write an entry about something that no script did."""
        self._client.xadd(
            SiteKeys(site).audit,
            {"kind": kind, "actor": actor, "detail": orjson.dumps(details)},
        )

    def _leaf(self, site: str, found: Sequence[Entry], cursor: str) -> Leaf:
        return Leaf(tuple(self._with_reasons(site, found)), cursor)

    def _with_reasons(self, site: str, entries: Sequence[Entry]) -> list[Entry]:
        """Return entries with the reasons that moderators wrote, where those were not erased."""
        pipe = self._client.pipeline(transaction=False)
        for entry in filter(lambda each: each.has_reason, entries):
            pipe.hget(SiteKeys(site).reasons(entry.comment_id), entry.id)
        found = iter(pipe.execute())
        return [_told(each, next(found)) if each.has_reason else each for each in entries]

    def _backwards(self, site: str, newest: str, after_ms: int) -> list[Entry]:
        oldest = str(after_ms) if after_ms else "-"
        rows: Any = self._client.xrevrange(SiteKeys(site).audit, newest, oldest, AT_ONCE)
        return [_entry(entry_id, fields) for entry_id, fields in rows]


def _newest(filters: AuditFilters) -> str:
    return f"({filters.before_ms}" if filters.before_ms else "+"


def _entry(entry_id: bytes, fields: Mapping[bytes, bytes]) -> Entry:
    """Return an entry; what a script wrote as JSON stands among the details."""
    told: dict[str, Any] = {name.decode(): _value(value) for name, value in fields.items()}
    kind, comment_id = str(told.pop("kind", "")), str(told.pop("comment", ""))
    details: dict[str, Any] = {}
    for name, value in told.items():
        details.update(value if isinstance(value, dict) else {name: value})
    actor = str(details.pop("actor", ""))
    return Entry(entry_id.decode(), kind, actor, comment_id, details)


def _told(entry: Entry, reason: bytes | None) -> Entry:
    details = {name: value for name, value in entry.details.items() if name != HAS_REASON}
    told = {"reason": reason.decode()} if reason is not None else {"reason_erased": True}
    return replace(entry, details=details | told)


def _value(raw: bytes) -> Any:
    if not raw.startswith(b"{"):
        return raw.decode("utf-8", "replace")
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        return raw.decode("utf-8", "replace")

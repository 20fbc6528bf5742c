"""Comments to try a policy on: those that moderators decided last, and those that came last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from service.moderation.verdict import Status
from service.store.comments import Comments
from service.store.keys import SiteKeys
from service.store.records import Record
from service.store.server.connection import Client

CHUNK = 250
LOOKED_AT = 4
"""Entries of the audit log read for each comment wanted, at most: it tells of other things too."""
SETTLED = (Status.APPROVED, Status.HELD, Status.REJECTED, Status.SPAM)


@dataclass(frozen=True, slots=True)
class Sample:
    """Hold a site's newest comments: those decided last, and those that came last."""

    by_moderators: tuple[Record, ...]
    arrived: tuple[Record, ...]


class Decided:
    """Find the newest comments with a verdict; the cost of a call grows with ``most`` alone."""

    def __init__(self, client: Client, comments: Comments) -> None:
        self._client = client
        self._comments = comments

    def sample(self, site: str, most: int) -> Sample:
        """Return at most ``most`` comments of either sort, each once, the newest first.

        The comments decided last are in the order of their decisions, whoever or whatever
        decided on those that came last.
        """
        decided, arrived = self._decided_ids(site, most), self._arrived_ids(site, most)
        records = self._records(site, list(dict.fromkeys([*decided, *arrived])))
        found = [records[name] for name in decided if name in records]
        return Sample(
            tuple(record for record in found if record.decision is not None),
            tuple(records[name] for name in arrived if name in records),
        )

    def _arrived_ids(self, site: str, most: int) -> list[str]:
        keys = SiteKeys(site)
        pipe = self._client.pipeline(transaction=False)
        for status in SETTLED:
            pipe.zrange(keys.status(status), 0, most - 1, desc=True, withscores=True)
        found: list[tuple[float, str]] = sorted(
            ((score, name.decode()) for rows in pipe.execute() for name, score in rows),
            reverse=True,
        )
        return [name for _, name in found[:most]]

    def _decided_ids(self, site: str, most: int) -> list[str]:
        ids: dict[str, None] = {}
        until = "+"
        for _ in range(0, most * LOOKED_AT, CHUNK):
            entries: Any = self._client.xrevrange(SiteKeys(site).audit, until, count=CHUNK)
            for _, told in entries:
                if told.get(b"kind") == b"decision" and len(ids) < most:
                    ids[told[b"comment"].decode()] = None
            if len(entries) < CHUNK or len(ids) >= most:
                break
            until = f"({entries[-1][0].decode()}"
        return list(ids)

    def _records(self, site: str, ids: list[str]) -> dict[str, Record]:
        parts = (ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK))
        return {
            record.comment.id: record
            for part in parts
            for record in self._comments.get_many(site, part)
            if record.verdict is not None
        }

"""All comments of a site, the oldest first, in bounded memory: for an export, never a request."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

from service.store.comments import Comments
from service.store.records import Record
from service.store.server.connection import Client
from service.store.upkeep.examine import Look, comment_ids

AT_ONCE = 500
_TABLE = """
CREATE TABLE comments (number INTEGER PRIMARY KEY, id TEXT UNIQUE, at INTEGER, page TEXT);
CREATE INDEX by_time ON comments (at, id);
CREATE INDEX by_page ON comments (page, at, id);
"""
_ADD = "INSERT OR IGNORE INTO comments (id, at, page) VALUES (?, ?, ?)"


class Whole:
    """Walk over every comment of a site.

    Which there are is looked up first and put in order in a temporary file. A comment that
    stays while the site works is met once, wherever it moves; one that comes meanwhile may be.
    What stands in no thread of ours, for another's site shows it itself, is not among them.
    """

    def __init__(self, client: Client, comments: Comments) -> None:
        self._client = client
        self._comments = comments

    def by_time(self, site: str) -> Iterator[list[Record]]:
        """Yield the comments in runs, in the order they were written."""
        with closing(self._listed(site)) as listed:
            for numbered in self._runs(site, listed, "at, id"):
                yield [record for _, record in numbered]

    def by_page(self, site: str) -> Iterator[list[tuple[int, Record]]]:
        """Yield the comments in runs, page after page, each with a number of its own."""
        with closing(self._listed(site)) as listed:
            yield from self._runs(site, listed, "page, at, id")

    def _runs(
        self, site: str, listed: sqlite3.Connection, order: str
    ) -> Iterator[list[tuple[int, Record]]]:
        rows = listed.execute(f"SELECT number, id FROM comments ORDER BY {order}")  # noqa: S608
        while run := rows.fetchmany(AT_ONCE):
            numbers = {name: number for number, name in run}
            records = self._comments.get_many(site, list(numbers))
            yield [(numbers[record.comment.id], record) for record in records]

    def _listed(self, site: str) -> sqlite3.Connection:
        listed = sqlite3.connect("", isolation_level=None)
        listed.executescript(_TABLE)
        listed.execute("BEGIN")
        look = Look(self._client, site, mends=False)
        for ids in comment_ids(look):
            pipe = look.node.pipeline(transaction=False)
            for name in ids:
                pipe.hmget(look.keys.comment(name), "submitted_at", "page_key", "origin")
            rows = [
                (name, int(at), (page or b"").decode())
                for name, (at, page, origin) in zip(ids, pipe.execute(), strict=True)
                if at is not None and origin is None
            ]
            listed.executemany(_ADD, rows)
        return listed

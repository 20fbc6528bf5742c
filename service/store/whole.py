"""All comments of a site, the oldest first, in bounded memory: for an export, never a request."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

from service.store.comments import Comments
from service.store.connection import Client
from service.store.facets import SIZE, table_of
from service.store.keys import STATUS_ORDER, SiteKeys
from service.store.records import Record

AT_ONCE = 500
_TABLE = """
CREATE TABLE comments (number INTEGER PRIMARY KEY, id TEXT UNIQUE, at INTEGER, page TEXT);
CREATE INDEX by_time ON comments (at, id);
CREATE INDEX by_page ON comments (page, at, id);
"""


class Whole:
    """Walk over every comment of a site.

    Which there are is looked up first and put in order in a temporary file. A comment that
    stays while the site works is met once, wherever it moves; one that comes meanwhile may be.
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
            self._note_pages(site, listed)
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
        for rows in self._found(site):
            listed.executemany("INSERT OR IGNORE INTO comments (id, at) VALUES (?, ?)", rows)
        return listed

    def _found(self, site: str) -> Iterator[list[tuple[str, int]]]:
        keys = SiteKeys(site)
        client: Any = self._client
        cursor = None
        while cursor != 0:
            cursor, found = client.hscan(keys.facets, cursor or 0, count=AT_ONCE)
            packed = [(name, data) for name, data in found.items() if len(data) == SIZE]
            times = table_of(b"".join(data for _, data in packed))["time"].tolist()
            yield [(name.decode(), at) for (name, _), at in zip(packed, times, strict=True)]
        for status in STATUS_ORDER:
            cursor = None
            while cursor != 0:
                cursor, pairs = client.zscan(keys.status(status), cursor or 0, count=AT_ONCE)
                yield [(name.decode(), int(at)) for name, at in pairs]
        yield from self._waiting(keys)

    def _waiting(self, keys: SiteKeys) -> Iterator[list[tuple[str, int]]]:
        """Yield what no check has seen."""
        client: Any = self._client
        last = "-"
        while True:
            rows = client.xrange(keys.inbox, last, "+", AT_ONCE)
            yield [(told[b"id"].decode(), int(entry.partition(b"-")[0])) for entry, told in rows]
            if len(rows) < AT_ONCE:
                return
            last = f"({rows[-1][0].decode()}"

    def _note_pages(self, site: str, listed: sqlite3.Connection) -> None:
        keys = SiteKeys(site)
        last = 0
        while True:
            found = listed.execute(
                "SELECT number, id FROM comments WHERE number > ? ORDER BY number LIMIT ?",
                (last, AT_ONCE),
            ).fetchall()
            if not found:
                return
            pipe = self._client.pipeline(transaction=False)
            for _, name in found:
                pipe.hget(keys.comment(name), "page_key")
            pages = [(page or b"").decode() for page in pipe.execute()]
            listed.executemany(
                "UPDATE comments SET page = ? WHERE number = ?",
                [(page, number) for page, (number, _) in zip(pages, found, strict=True)],
            )
            last = found[-1][0]

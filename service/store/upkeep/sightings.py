"""What was seen on a walk over a site, in a file that goes with it: memory has a bound."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from typing import Any

_SCHEMA = """
CREATE TABLE waiting (id TEXT PRIMARY KEY, revision INTEGER) WITHOUT ROWID;
CREATE TABLE entered (id TEXT, revision INTEGER, PRIMARY KEY (id, revision)) WITHOUT ROWID;
CREATE TABLE written (author TEXT, id TEXT, version INTEGER, status TEXT,
                      PRIMARY KEY (author, id)) WITHOUT ROWID;
CREATE TABLE suspect (author TEXT PRIMARY KEY, approved INTEGER, refused INTEGER) WITHOUT ROWID;
CREATE TABLE again (author TEXT, id TEXT, version INTEGER, status TEXT,
                    PRIMARY KEY (author, id)) WITHOUT ROWID;
"""
_REFUSED = "status IN ('rejected', 'spam')"
Row = tuple[Any, ...]


class Sightings:
    """Keep the comments that wait, and who wrote which, in SQLite's own temporary file."""

    def __init__(self) -> None:
        # An empty name: a file of SQLite's, outside memory once it is large, removed on close.
        self._base = sqlite3.connect("", isolation_level=None)
        self._base.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;" + _SCHEMA)

    def close(self) -> None:
        """Forget everything."""
        self._base.close()

    def see_waiting(self, rows: Iterable[Row]) -> None:
        """Note comments that wait for the checks: id, revision."""
        self._keep("INSERT OR REPLACE INTO waiting VALUES (?, ?)", rows)

    def see_entries(self, rows: Iterable[Row]) -> None:
        """Note entries of the inbox: id, revision."""
        self._keep("INSERT OR IGNORE INTO entered VALUES (?, ?)", rows)

    def without_entry(self) -> list[Row]:
        """Return the comments that wait and have no entry: id, revision."""
        return self._all("SELECT id, revision FROM waiting EXCEPT SELECT id, revision FROM entered")

    def see_written(self, rows: Iterable[Row], *, is_again: bool = False) -> None:
        """Note who wrote a comment, its version and status; ``is_again`` on a second walk."""
        table = "again" if is_again else "written"
        self._keep(f"INSERT OR REPLACE INTO {table} VALUES (?, ?, ?, ?)", rows)  # noqa: S608

    def counted(self, authors: Iterable[str]) -> dict[str, tuple[int, int]]:
        """Return how many comments of each author are approved, and refused."""
        return {each: self._counted(each) for each in authors}

    def authors(self, after: str, count: int) -> list[str]:
        """Return some authors of comments, in order, after one of them."""
        rows = self._all(
            "SELECT DISTINCT author FROM written WHERE author > ? ORDER BY author LIMIT ?",
            after, count,
        )  # fmt: skip
        return [row[0] for row in rows]

    def suspect(self, rows: Iterable[Row]) -> None:
        """Note authors whose record may be wrong, with what it says now."""
        self._keep("INSERT OR REPLACE INTO suspect VALUES (?, ?, ?)", rows)

    def suspects(self) -> Iterator[Row]:
        """Yield the authors noted, with what their records said."""
        yield from self._all("SELECT author, approved, refused FROM suspect")

    def has_suspect(self, author: str) -> bool:
        """Say whether an author was noted."""
        return bool(self._all("SELECT 1 FROM suspect WHERE author = ?", author))

    def is_same_again(self, author: str) -> bool:
        """Say whether both walks met the same comments of an author, at the same versions."""
        one, other = (
            f"SELECT id, version FROM {table} WHERE author = ?"  # noqa: S608
            for table in ("written", "again")
        )
        met = (self._all(f"{pair[0]} EXCEPT {pair[1]}", author, author)
               for pair in ((one, other), (other, one)))  # fmt: skip
        return not any(met)

    def written_by(self, author: str) -> list[Row]:
        """Return the comments of an author: id, version."""
        return self._all("SELECT id, version FROM written WHERE author = ?", author)

    def walk_again(self) -> None:
        """Let the second walk take the place of the first."""
        self._base.executescript(
            "DELETE FROM written WHERE author IN (SELECT author FROM suspect);"
            "INSERT INTO written SELECT * FROM again; DELETE FROM again; DELETE FROM suspect;"
        )

    def _counted(self, author: str) -> tuple[int, int]:
        approved, refused = self._all(
            f"SELECT sum(status = 'approved'), sum({_REFUSED}) FROM written WHERE author = ?",  # noqa: S608
            author,
        )[0]
        return int(approved or 0), int(refused or 0)

    def _keep(self, statement: str, rows: Iterable[Row]) -> None:
        self._base.execute("BEGIN")
        self._base.executemany(statement, rows)
        self._base.execute("COMMIT")

    def _all(self, statement: str, *values: Any) -> list[Row]:
        return self._base.execute(statement, values).fetchall()


class Seen:
    """Remember names, many of them, to meet none twice."""

    def __init__(self) -> None:
        self._base = sqlite3.connect("", isolation_level=None)
        self._base.executescript(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
            "CREATE TABLE seen (name TEXT PRIMARY KEY) WITHOUT ROWID;"
        )

    def close(self) -> None:
        """Forget them."""
        self._base.close()

    def fresh(self, names: Iterable[str]) -> list[str]:
        """Return those names that were not met before, and remember them."""
        statement = "INSERT OR IGNORE INTO seen VALUES (?)"
        self._base.execute("BEGIN")
        fresh = [name for name in names if self._base.execute(statement, (name,)).rowcount]
        self._base.execute("COMMIT")
        return fresh

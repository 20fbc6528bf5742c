"""What an import must remember: kept in a file beside the data, not in memory.

The same file is the checkpoint: how far the import came, in one transaction with what it holds
back, so that the next run goes on from there. It is SQLite's, and for its owner only.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson

_TABLES = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value BLOB);
CREATE TABLE IF NOT EXISTS known (kind TEXT, name TEXT, value BLOB, PRIMARY KEY (kind, name));
CREATE TABLE IF NOT EXISTS later (id TEXT PRIMARY KEY, parent TEXT, value BLOB);
CREATE INDEX IF NOT EXISTS later_parent ON later (parent);
CREATE TABLE IF NOT EXISTS skipped (name TEXT, reason TEXT);
CREATE TABLE IF NOT EXISTS labels (id TEXT PRIMARY KEY, strength INTEGER, at INTEGER);
"""


class Scratch:
    """Keep notes in a file; nothing is kept for the next run before ``commit``."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        if path is not None:
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        self._database = sqlite3.connect(path or "", isolation_level=None)
        # A commit need not wait for the disk: after a power cut the import goes on from an
        # earlier one, and finds there what it has written since.
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = NORMAL")
        self._database.executescript(_TABLES)
        self._database.execute("BEGIN")
        self.find = lru_cache(maxsize=10_000)(self._find)

    def commit(self) -> None:
        """Make what was noted good for the next run."""
        self._database.execute("COMMIT")
        self._database.execute("BEGIN")

    def close(self, *, is_done: bool) -> None:
        """Close the file; one that is done is removed."""
        self._database.rollback()
        self._database.close()
        if is_done and self.path is not None:
            self.path.unlink(missing_ok=True)

    def keep(self, kind: str, name: str, value: Sequence[object]) -> None:
        """Take note of a page or a person in the file that is read."""
        self._database.execute(
            "INSERT OR REPLACE INTO known VALUES (?, ?, ?)", (kind, name, orjson.dumps(value))
        )

    def _find(self, kind: str, name: str) -> list[Any] | None:
        row = self._database.execute(
            "SELECT value FROM known WHERE kind = ? AND name = ?", (kind, name)
        ).fetchone()
        found: list[Any] | None = orjson.loads(row[0]) if row else None
        return found

    def fact(self, name: str) -> Any:
        """Return what was noted under a name, or None."""
        row = self._database.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return orjson.loads(row[0]) if row else None

    def set_fact(self, name: str, value: object) -> None:
        """Note something under a name."""
        self._database.execute(
            "INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, orjson.dumps(value))
        )

    def skip(self, name: str, reason: str) -> None:
        """Note that a comment is left out."""
        self._database.execute("INSERT INTO skipped VALUES (?, ?)", (name, reason))

    def skipped(self) -> Iterator[tuple[str, str]]:
        """Yield what was left out, and why."""
        yield from self._database.execute("SELECT name, reason FROM skipped ORDER BY rowid")

    def hold_back(self, comment_id: str, parent: str, value: bytes) -> None:
        """Keep a comment whose parent has not come yet."""
        self._database.execute(
            "INSERT OR REPLACE INTO later VALUES (?, ?, ?)", (comment_id, parent, value)
        )

    def release(self, comment_ids: Sequence[str]) -> None:
        """Forget comments that were held back."""
        self._database.executemany("DELETE FROM later WHERE id = ?", [(i,) for i in comment_ids])

    def orphans(self, most: int) -> list[tuple[str, bytes]]:
        """Return some held-back comments whose parents are not held back themselves."""
        return self._database.execute(
            "SELECT id, value FROM later WHERE parent NOT IN (SELECT id FROM later) LIMIT ?",
            (most,),
        ).fetchall()

    def below(self, parent: str) -> list[tuple[str, bytes]]:
        """Return the comments that are held back for one parent."""
        return self._database.execute(
            "SELECT id, value FROM later WHERE parent = ?", (parent,)
        ).fetchall()

    def left(self, most: int) -> list[tuple[str, bytes]]:
        """Return some of those that are held back, whatever for."""
        return self._database.execute("SELECT id, value FROM later LIMIT ?", (most,)).fetchall()

    def label(self, comment_id: str, strength: int, at_ms: int) -> None:
        """Note that there is something to learn from a comment."""
        self._database.execute(
            "INSERT OR REPLACE INTO labels VALUES (?, ?, ?)", (comment_id, strength, at_ms)
        )

    def strongest(self, most: int) -> list[str]:
        """Return the comments that teach most, corrections first, then the newest."""
        rows = self._database.execute(
            "SELECT id FROM labels ORDER BY strength DESC, at DESC LIMIT ?", (most,)
        )
        return [row[0] for row in rows]

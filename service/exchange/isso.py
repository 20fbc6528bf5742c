"""Isso: its SQLite database, read only."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from service.exchange.foreign import NO_TIME, UNREADABLE, FileUnreadable, Foreign, Found, Skipped
from service.exchange.plain import plain
from service.moderation.verdict import Status

_STATUSES = {1: Status.APPROVED, 2: Status.HELD, 4: Status.DELETED}
_TABLES = """
SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name IN ('threads', 'comments')
"""
_COUNT = "SELECT count(*) FROM comments"
_COMMENTS = """
SELECT comments.id, comments.parent, created, mode, remote_addr, text, author, email, website,
       threads.uri, threads.title
FROM comments JOIN threads ON threads.id = comments.tid ORDER BY comments.id
"""


def count(path: Path) -> int:
    """Return how many comments a database holds.

    Raises ``FileUnreadable``.
    """
    with closing(_connect(path)) as database:
        return int(database.execute(_COUNT).fetchone()[0])


def isso(path: Path, base: str) -> Iterator[Found]:
    """Yield the comments of a database of the site at ``base``.

    Raises ``FileUnreadable``.
    """
    with closing(_connect(path)) as database:
        try:
            for row in database.execute(_COMMENTS):
                yield _comment_of(row, base)
        except sqlite3.Error as error:
            raise FileUnreadable(f"SQLite: {error}") from None


def _connect(path: Path) -> sqlite3.Connection:
    """Open a database and believe nothing of its schema: no view, no trigger, no function."""
    try:
        database = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
        database.text_factory = lambda raw: raw.decode("utf-8", "replace")
        database.execute("PRAGMA trusted_schema = OFF")
        database.execute("PRAGMA query_only = ON")
        if database.execute(_TABLES).fetchone()[0] != 2:
            raise FileUnreadable("it is no database of Isso: a table is missing")
    except sqlite3.Error as error:
        raise FileUnreadable(f"SQLite: {error}") from None
    return database


def _comment_of(row: tuple[Any, ...], base: str) -> Found:
    name, above, created, mode, ip, text, author, email, website, uri, title = row
    key = f"isso|{base}|{name}"
    if mode not in _STATUSES or not isinstance(uri, str):
        return Skipped(key, UNREADABLE)
    if not isinstance(created, int | float) or not 0 < created < 4_102_444_800:
        return Skipped(key, NO_TIME)
    return Foreign(
        key=key,
        page=uri,
        status=_STATUSES[mode],
        content=plain(_text(text), keeps_lines=True),
        at_ms=round(created * 1000),
        author=_text(author),
        email=_text(email),
        url=_text(website),
        ip=_text(ip),
        page_title=_text(title),
        parent=f"isso|{base}|{above}" if above else "",
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""

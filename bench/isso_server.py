"""Isso, the comment server from the package index, as its own command and its image run it."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import orjson

from bench.children import NotStarted, child, listens, python, until_ready
from bench.load import send
from bench.texts import PAGES, Written, page_of, written

CONFIGURATION = """[general]
dbpath = {folder}/comments.db
host = http://127.0.0.1:{port}/
notify =
[moderation]
enabled = false
[guard]
enabled = false
[server]
listen = http://127.0.0.1:{port}/
public-endpoint = http://127.0.0.1:{port}
"""
IMAGE_PROCESSES = 4
"""Its Dockerfile: ``gunicorn -w 4 --preload isso.run --worker-tmp-dir /dev/shm``."""


def own_command(folder: Path, _port: int) -> list[str]:
    """Return the command that the package brings: one process, a thread for each request."""
    start = "import sys, isso; sys.argv[0] = 'isso'; sys.exit(isso.main())"
    return [sys.executable, "-c", start, "-c", str(folder / "isso.cfg"), "run"]


def image_command(_folder: Path, port: int) -> list[str]:
    """Return the command of its container image: gunicorn with four processes."""
    return python(
        "gunicorn", "-b", f"127.0.0.1:{port}", "-w", str(IMAGE_PROCESSES), "--preload",
        "--worker-tmp-dir", "/dev/shm", "--no-control-socket", "isso.run",  # noqa: S108
    )  # fmt: skip


@contextmanager
def isso(folder: Path, port: int, command_of: Callable[[Path, int], list[str]]) -> Iterator[int]:
    """Run Isso on the loopback, its guard and its moderation queue off; give its id."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "isso.cfg").write_text(CONFIGURATION.format(folder=folder, port=port), "utf-8")
    command = command_of(folder, port)
    with child(command, folder, {"ISSO_SETTINGS": str(folder / "isso.cfg")}) as process:
        until_ready(process, lambda: listens(port), folder)
        _open_threads(port)
        yield process.pid


def request_of(comment: Written) -> bytes:
    """Return the request that posts a comment; its title is given, so no page is fetched."""
    body = orjson.dumps(
        {
            "author": comment.author,
            "email": comment.email,
            "website": comment.url or None,
            "text": comment.content,
            "title": "An article",
        }
    )
    path = comment.page.removeprefix("https://journal.example")
    head = (
        f"POST /new?uri={quote(path, safe='')} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"User-Agent: {comment.user_agent}\r\nOrigin: http://127.0.0.1\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _open_threads(port: int) -> None:
    """Post to each page once, one after the other: several processes fail at it together."""
    for number, comment in enumerate(written(PAGES, seed=-1)):
        answer = send(port, request_of(replace(comment, page=page_of(number))))
        if not answer.startswith(b"HTTP/1.1 201"):
            raise NotStarted(answer.decode("latin-1"))


def count_stored(folder: Path) -> int:
    """Return how many comments Isso's database holds beside those that opened the pages."""
    with sqlite3.connect(folder / "comments.db") as database:
        found: int = database.execute("SELECT count(*) FROM comments").fetchone()[0]
        return found - PAGES

"""Waline, the comment server from npm, on SQLite; its limits by time off, nothing asked abroad.

It is installed by `make bench-peers` into the folder that ``ECLUSE_BENCH_PEERS`` names, by default
`var/peers`. Its README wants `node`, one process; that is how it runs here. At every request it
asks another host which ways of signing in there are: a server of ours beside it answers that none.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import orjson

from bench.children import ROOT, NotStarted, child, free_port, listens, until_ready
from bench.race import Served, asked
from bench.texts import Written

FOLDER = Path(os.environ.get("ECLUSE_BENCH_PEERS", ROOT / "var" / "peers"))
SITE_ADDRESS = "https://journal.example"
LOOK_UP_WITHIN_S = 20.0
# The columns Waline 1.39 reads and writes, as its assets/waline.sql names them.
TABLES = """
CREATE TABLE wl_Comment (id INTEGER PRIMARY KEY AUTOINCREMENT, user_id INTEGER, comment TEXT,
  insertedAt TIMESTAMP DEFAULT CURRENT_TIMESTAMP, ip TEXT DEFAULT '', link TEXT, mail TEXT,
  nick TEXT, pid INTEGER, rid INTEGER, sticky NUMERIC, status TEXT NOT NULL DEFAULT '',
  "like" INTEGER, ua TEXT, url TEXT, createdAt TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
  updatedAt TIMESTAMP DEFAULT CURRENT_TIMESTAMP);
CREATE TABLE wl_Users (id INTEGER PRIMARY KEY AUTOINCREMENT, display_name TEXT, email TEXT,
  password TEXT, type TEXT, label TEXT, url TEXT, avatar TEXT, github TEXT, twitter TEXT,
  facebook TEXT, google TEXT, weibo TEXT, qq TEXT, "2fa" TEXT,
  createdAt TIMESTAMP DEFAULT CURRENT_TIMESTAMP, updatedAt TIMESTAMP DEFAULT CURRENT_TIMESTAMP);
CREATE TABLE wl_Counter (id INTEGER PRIMARY KEY AUTOINCREMENT, time INTEGER, url TEXT,
  createdAt TIMESTAMP DEFAULT CURRENT_TIMESTAMP, updatedAt TIMESTAMP DEFAULT CURRENT_TIMESTAMP);
"""


class NotThere(Exception):
    """Say why a peer could not be had, or not be started."""


def version() -> str:
    """Return which version is installed. Raises ``NotThere``."""
    try:
        package = FOLDER / "node_modules" / "@waline" / "vercel" / "package.json"
        found: str = orjson.loads(package.read_bytes())["version"]
    except FileNotFoundError:
        raise NotThere("npm could not install @waline/vercel (`make bench-peers`)") from None
    return found


@contextmanager
def waline(folder: Path) -> Iterator[Served]:
    """Run Waline on a fresh database. Raises ``NotThere``."""
    version()
    node = shutil.which("node")
    if node is None:
        raise NotThere("there is no node")
    folder.mkdir(parents=True, exist_ok=True)
    with sqlite3.connect(folder / "waline.sqlite") as database:
        database.executescript(TABLES)
    script, port, beside = str(ROOT / "bench" / "waline.js"), free_port(), free_port()
    environment = {
        "SQLITE_PATH": str(folder),
        "JWT_TOKEN": "of the benchmark alone",
        "AKISMET_KEY": "false",
        "IPQPS": "0",
        "DISABLE_REGION": "true",
        "OAUTH_URL": f"http://127.0.0.1:{beside}/",
        "SITE_URL": SITE_ADDRESS,
        "TMPDIR": str(folder),
        "NODE_ENV": "production",
    }
    with (
        child([node, script, "-", str(beside)], folder, {}),
        child([node, script, str(FOLDER), str(port)], folder, environment) as process,
    ):
        try:
            until_ready(process, lambda: listens(port), folder)
            status, _, body = asked(port, thread_request("/none", 1))
        except (NotStarted, OSError) as error:
            raise NotThere(f"it did not start: {str(error)[-300:]}") from error
        if status != 200:
            raise NotThere(f"it answers {status}: {body[:200]!r}")
        yield Served(port, process.pid)


def request_of(comment: Written) -> bytes:
    """Return the request that posts a comment."""
    body = orjson.dumps(
        {
            "nick": comment.author,
            "mail": comment.email,
            "link": comment.url,
            "comment": comment.content,
            "url": comment.page.removeprefix(SITE_ADDRESS),
            "ua": comment.user_agent,
        }
    )
    head = (
        f"POST /api/comment HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Forwarded-For: {comment.ip}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def thread_request(path: str, shown: int) -> bytes:
    """Return the request of Waline's script for a page's first comments."""
    query = f"path={quote(path, safe='')}&pageSize={shown}&page=1&lang=en&sortBy=insertedAt_desc"
    return f"GET /api/comment?{query} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()


def count_stored(folder: Path) -> int:
    """Return how many comments its database holds."""
    with sqlite3.connect(folder / "waline.sqlite") as database:
        found: int = database.execute("SELECT count(*) FROM wl_Comment").fetchone()[0]
        return found


def twikoo() -> str:
    """Return why the other peer from npm, Twikoo's server `tkserver`, is not measured."""
    npm = shutil.which("npm")
    if npm is None:
        return "there is no npm"
    asked_npm = [npm, "view", "tkserver", "version"]
    try:
        found = subprocess.run(
            asked_npm, capture_output=True, text=True, check=False, timeout=LOOK_UP_WITHIN_S
        )
    except subprocess.TimeoutExpired:
        return "npm did not answer in time"
    if found.returncode:
        return "npm does not have tkserver (" + (_code(found.stderr) or "no answer") + ")"
    return (
        f"npm has tkserver {found.stdout.strip()}, which nobody has taught this benchmark to start"
    )


def _code(said: str) -> str:
    words = (line.rpartition(" ")[2] for line in said.splitlines() if " code " in line)
    return next(words, "")

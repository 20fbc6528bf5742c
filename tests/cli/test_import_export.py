"""`ecluse import`, and `ecluse export` of a whole site."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import pytest

from service.exchange.arriving import id_of
from service.store.store import Store
from tests.cli.conftest import Ecluse
from tests.exchange import files
from workers.learn import Pupil

ORIGIN = "http://site.test"


@pytest.fixture
def wxr(tmp_path: Path) -> Path:
    path = tmp_path / "export.xml"
    path.write_text(files.WXR, "utf-8")
    return path


@pytest.mark.usefixtures("store")
def test_a_file_is_imported_with_a_report_and_again_without_effect(
    ecluse: Ecluse, wxr: Path, tmp_path: Path
) -> None:
    skipped = tmp_path / "skipped.jsonl"
    told = ecluse("import", "demo", str(wxr), "--json", "--skipped", str(skipped)).data
    assert (told["read"], told["imported"]) == (9, 7)
    assert told["statuses"] == {"approved": 4, "held": 1, "rejected": 1, "spam": 1}
    assert [json.loads(line)["comment"] for line in skipped.read_text().splitlines()] == [
        "wordpress|blog.test|6", "wordpress|blog.test|7"
    ]  # fmt: skip
    again = ecluse("import", "demo", str(wxr), "--json").data
    assert (again["imported"], again["already_there"]) == (0, 7)
    assert not list(tmp_path.glob("*.ecluse-import"))
    assert ecluse("verify", "demo").code == 0


def test_decisions_are_learned_from_when_asked(ecluse: Ecluse, store: Store, wxr: Path) -> None:
    assert ecluse("import", "demo", str(wxr), "--json").data["to_learn"] == 0
    assert store.learned.state("demo").waiting == 0
    assert ecluse("import", "demo", str(wxr), "--learn", "--json").data["to_learn"] == 3
    Pupil(store.learned, store.comments).study("demo")
    lessons = store.learned.lessons("demo")
    kinds = {name: lesson.teaching.guilt for name, lesson in lessons.items()}
    assert kinds == {
        id_of("wordpress|blog.test|8"): (1, 0),
        id_of("wordpress|blog.test|9"): (-1, -1),
        id_of("wordpress|blog.test|10"): (-1, -1),
    }
    [entry, *_] = store.audit.newest("demo", frozenset({"import"}), 0, 9)
    assert entry.actor == "cli"


@pytest.mark.usefixtures("store")
def test_an_export_comes_back_and_holds_what_is_personal_only_when_asked(
    ecluse: Ecluse, wxr: Path, tmp_path: Path
) -> None:
    ecluse("import", "demo", str(wxr))
    ecluse("sites", "create", "other", "--origin", ORIGIN)
    for form in ("jsonl", "wxr"):
        bare = ecluse("export", "demo", "--format", form).out
        assert "zoe@example.org" not in bare
        assert "192.0.2" not in bare
        target = tmp_path / f"out.{form}"
        assert (
            ecluse("export", "demo", "--format", form, "--personal", "--output", str(target)).code
            == 0
        )
        assert target.stat().st_mode & 0o777 == 0o600
        told = ecluse("import", "other", str(target), "--json").data
        assert told["imported"] + told["already_there"] == 7
    lines = ecluse("export", "demo", "--personal").lines
    assert ecluse("export", "other", "--personal").lines == lines


@pytest.mark.usefixtures("store")
def test_an_export_writes_one_thing_and_refuses_json_where_that_is_xml(
    ecluse: Ecluse, wxr: Path, tmp_path: Path
) -> None:
    ecluse("import", "demo", str(wxr))
    lines = ecluse("export", "demo")
    assert len(lines.lines) > 1
    assert ecluse("export", "demo", "--json") == lines
    target = tmp_path / "out"
    assert ecluse("export", "demo", "--json", "--output", str(target)).out == ""
    assert target.read_text("utf-8") == lines.out
    ElementTree.fromstring(ecluse("export", "demo", "--format", "wxr").out)  # noqa: S314  our own
    both = ecluse("export", "demo", "--format", "wxr", "--json")
    assert (both.code, both.out) == (2, "")
    assert "--json goes without --format wxr" in both.err


def test_a_download_is_kept_in_the_audit_log(ecluse: Ecluse, store: Store) -> None:
    ecluse("export", "demo", "--personal")
    [entry] = store.audit.newest("demo", frozenset({"export"}), 0, 9)
    assert (entry.actor, entry.details) == ("cli", {"format": "jsonl", "personal": True})


@pytest.mark.usefixtures("store")
def test_a_broken_file_says_where_it_broke_and_goes_on_once_mended(
    ecluse: Ecluse, wxr: Path, tmp_path: Path
) -> None:
    wxr.write_text(files.WXR.replace(files.WXR_TAIL, "</rss>" + " " * 20), "utf-8")
    broken = ecluse("import", "demo", str(wxr), "--json")
    assert (broken.code, broken.err.count("\n")) == (1, 1)
    assert "cannot be read" in broken.err
    assert "line" in broken.err
    wxr.write_text(files.WXR, "utf-8")
    mended = ecluse("import", "demo", str(wxr), "--json").data
    assert (mended["imported"], mended["already_there"]) == (0, 7)
    assert ecluse("import", "demo", str(tmp_path / "nothing")).code == 1
    wxr.write_text("what is this", "utf-8")
    assert "--format" in ecluse("import", "demo", str(wxr)).err
    isso = files.write_isso(tmp_path / "comments.db")
    assert ecluse("import", "demo", str(isso)).code == 2
    told = ecluse("import", "demo", str(isso), "--base", "http://site.test/", "--json").data
    assert told["imported"] == 3


COMMENT: dict[str, Any] = {
    "id": 11,
    "post": 1,
    "parent": 0,
    "author_name": "Zoé",
    "author_email": "zoe@example.org",
    "author_url": "",
    "author_ip": "192.0.2.7",
    "author_user_agent": "Firefox",
    "date_gmt": "2026-11-23T20:48:19",
    "content": {"raw": "Deux\nlignes", "rendered": "<p>Deux<br />lignes</p>"},
    "type": "comment",
}


class Rest(BaseHTTPRequestHandler):
    """Answer as WordPress does, two comments a page."""

    refusals = 0

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        if Rest.refusals:
            Rest.refusals -= 1
            self.send_response(503)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        # "Basic" and base64 of mo:abcd efgh
        is_known = self.headers["Authorization"] == "Basic bW86YWJjZCBlZmdo"
        status = query["status"][0]
        link = "http://site.test/quai/comment-page-2/#comment-"
        rows = [
            {**COMMENT, "id": n, "status": {"approve": "approved"}.get(status, status),
             "link": f"{link}{n}"}
            for n in {"approve": (11, 12, 13), "spam": (14,)}.get(status, ())
        ]  # fmt: skip
        page = int(query["page"][0])
        body = json.dumps(rows[2 * page - 2 : 2 * page]).encode() if is_known else b"{}"
        self.send_response(200 if is_known else 401)
        self.send_header("X-WP-Total", str(len(rows)))
        self.send_header("X-WP-TotalPages", str((len(rows) + 1) // 2))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_told: object) -> None:
        """Say nothing."""


@contextmanager
def blog() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Rest)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_blog_is_asked_for_its_comments_and_its_spam(
    ecluse: Ecluse, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.exchange.wordpress_rest.PAUSE_S", 0.0)
    (tmp_path / "password").write_text("abcd efgh\n")
    words = ("--user", "mo", "--password-file", str(tmp_path / "password"), "--json")
    with blog() as address:
        Rest.refusals = 2
        told = ecluse("import", "demo", address, *words).data
        assert told["statuses"] == {"approved": 3, "spam": 1}
        (tmp_path / "password").write_text("wrong")
        wrong = ecluse("import", "demo", address, *words, "--anew")
        assert (wrong.code, wrong.err.count("\n")) == (1, 1)
    record = store.comments.get("demo", id_of(f"wordpress|{urlsplit(address).netloc}|11"))
    assert (record.comment.page, record.comment.content) == (
        "http://site.test/quai/", "Deux\nlignes"
    )  # fmt: skip
    assert "https://" in ecluse("import", "demo", "http://blog.test", *words).err

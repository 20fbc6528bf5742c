"""The WordPress plugin: PHP itself runs it, over the few functions of WordPress it calls."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import threading
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.api.house import ORIGIN
from tests.clients.conftest import Served
from tests.compat.akismet import blog_of

PLUGIN = Path(__file__).parents[2] / "clients" / "wordpress" / "ecluse.php"
WORDPRESS = Path(__file__).parent / "wordpress.php"
PHP = shutil.which("php") or ""
AKISMET = "https://rest.akismet.com/1.1/comment-check"
BODY = "api_key=0123456789ab&comment_content=Bonjour+%C3%A0+tous"


@pytest.fixture(autouse=True)
def php() -> None:
    if not PHP:
        with warnings.catch_warnings():
            warnings.simplefilter("default")
            warnings.warn("the WordPress plugin is NOT tested: no php (apt: php-cli)", stacklevel=1)
        pytest.skip("NOT TESTED: the WordPress plugin needs php (apt-get install php-cli)")


@dataclass
class Arrived:
    path: str
    headers: dict[str, str]
    body: str


@dataclass
class Host:
    """Where the plugin sends what was Akismet's; answers as the door does."""

    url: str = ""
    arrived: list[Arrived] = field(default_factory=list)


@pytest.fixture(scope="module")
def recorder() -> Iterator[Host]:
    host = Host()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            headers = {name.lower(): value for name, value in self.headers.items()}
            host.arrived.append(Arrived(self.path, headers, body))
            self.send_response(200)
            self.send_header("Content-Type", "text/plain")
            self.end_headers()
            self.wfile.write(b"true")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    host.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield host
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def host(recorder: Host) -> Host:
    recorder.arrived.clear()
    return recorder


def request(
    url: str = AKISMET,
    answer: object = False,
    body: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    told = {"Host": "rest.akismet.com", "Content-Type": "application/x-www-form-urlencoded"}
    sent = urlencode(body) if body else BODY
    args = {"method": "POST", "body": sent, "headers": {**told, **(headers or {})}}
    return {"url": url, "answer": answer, "args": args}


def run(*requests: dict[str, Any], **constants: str) -> dict[str, Any]:
    """Give requests to the plugin, as WordPress would; return what came of them."""
    done = subprocess.run(
        [PHP, "-d", "display_errors=stderr", "-d", "error_reporting=32767", WORDPRESS, PLUGIN],
        input=json.dumps(requests), env={"PATH": os.environ["PATH"], **constants},
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_php_can_read_it() -> None:
    done = subprocess.run([PHP, "-l", PLUGIN], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_was_akismets_comes_here_as_it_was(host: Host) -> None:
    asked = request(f"{AKISMET}?x=1", headers={"User-Agent": "WordPress/6.1.9 | Akismet/5.7.2"})
    found = run(asked, ECLUSE_URL=f"{host.url}/behind/", ECLUSE_KEY="0123456789ab")
    assert found["answers"] == [{"body": "true"}]
    (arrived,) = host.arrived
    assert arrived.path == "/behind/1.1/comment-check?x=1"
    assert arrived.body == BODY
    assert arrived.headers["host"] == host.url.removeprefix("http://")
    assert arrived.headers["user-agent"] == "WordPress/6.1.9 | Akismet/5.7.2"
    assert "authorization" not in arrived.headers
    assert found["key"] == "0123456789ab"
    assert found["notice"] == ""


def test_a_key_in_akismets_host_name_is_not_lost(host: Host) -> None:
    run(request("http://0123456789ab.rest.akismet.com/1.1/submit-spam"), ECLUSE_URL=host.url)
    (arrived,) = host.arrived
    assert arrived.path == "/1.1/submit-spam"
    told = base64.b64decode(arrived.headers["authorization"].removeprefix("Basic "))
    assert told == b"0123456789ab:"


def test_the_door_itself_answers_in_akismets_words(served: Served) -> None:
    key = blog_of(served.house).key
    fields = {"api_key": key, "blog": ORIGIN, "user_ip": "192.0.2.7", "comment_author": "Zoé"}
    verify = request(AKISMET.replace("comment-check", "verify-key"), body={**fields, "key": key})
    ham = request(body={**fields, "comment_content": "Très bon article, merci !"})
    spam = request(body={**fields, "comment_author": "akismet-guaranteed-spam"})
    del fields["api_key"]
    in_host = request(f"https://{key}.rest.akismet.com/1.1/submit-spam", body=fields)
    found = run(verify, ham, spam, in_host, ECLUSE_URL=served.url)
    thanks = "Thanks for making the web a better place."
    assert [each["body"] for each in found["answers"]] == ["valid", "false", "true", thanks]


def test_other_requests_are_left_alone(host: Host) -> None:
    others = [
        "https://api.wordpress.org/core/version-check/1.7/",
        "https://rest.akismet.com.evil.example/1.1/comment-check",
        "https://evil.example/rest.akismet.com",
        "not a url at all",
    ]
    found = run(*map(request, others), request(answer={"body": "other"}), ECLUSE_URL=host.url)
    assert found["answers"] == [False, False, False, False, {"body": "other"}]
    assert host.arrived == []


@pytest.mark.parametrize(
    "address", [None, "", "moderation.example.org", "ftp://x.example", "https://rest.akismet.com"]
)
def test_without_an_address_nothing_is_sent_and_it_is_said(address: str | None) -> None:
    found = run(request(), **({} if address is None else {"ECLUSE_URL": address}))
    assert found["answers"] == [{"error": "ecluse_url_missing"}]
    assert "ECLUSE_URL" in found["notice"]

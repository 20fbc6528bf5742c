"""The web server itself: chunked bodies, large ones, HEAD, many who wait."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import orjson
import pytest

from config.settings import Secrets, Settings
from service.store.sites import Limit, Site
from service.store.store import open_store
from tests.api.house import ORIGIN, PAGE, comment_fields, thread_url
from tests.conftest import SECRETS, free_port, start_valkey, stop

COMMENTS = "/v1/sites/demo/comments"
JSON = {"Content-Type": "application/json", "Origin": ORIGIN}
WAITERS = 2


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Serve the site `demo` with no worker, as `ecluse web` does; yield the port."""
    folder = tmp_path_factory.mktemp("w")
    server, url = start_valkey(folder)
    make_site(f"{url}?db=0", SECRETS)
    number = free_port()
    web = subprocess.Popen(
        [sys.executable, "-m", "service.cli", "web"],
        env=environment(url, folder, number),
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until_served(number)
        yield number
    finally:
        stop(web)
        stop(server)


def make_site(url: str, secrets: Secrets) -> None:
    opened = open_store(Settings(redis_url=url), secrets, url)
    opened.sites.create(Site("demo", origins=(ORIGIN,), limits={"ip": Limit(100_000, 60)}))
    opened.client.close()


def environment(url: str, folder: Path, port: int) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "ECLUSE_REDIS_URL": f"{url}?db=0",
        "ECLUSE_QUEUE_URL": f"{url}?db=1",
        "ECLUSE_DATA_DIR": str(folder),
        "ECLUSE_PORT": str(port),
        "ECLUSE_WAITERS": str(WAITERS),
        "ECLUSE_WEB_PROCESSES": "1",
        "ECLUSE_WAIT_LIMIT_S": "20",
    }


def wait_until_served(port: int) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            if ask(port, "GET", "/healthz")[0] == 200:
                return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("the web server did not start")


def ask(
    port: int, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
) -> tuple[int, dict[str, str], bytes]:
    """Send one request; return status, headers in small letters, and body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        named = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, named, answer.read()
    finally:
        connection.close()


def comment(**changes: Any) -> bytes:
    return orjson.dumps(comment_fields(**changes))


def raw(port: int, request: bytes) -> bytes:
    """Send bytes and return what comes back until the server says no more."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as wire:
        wire.sendall(request)
        return read_answer(wire)


def read_answer(wire: socket.socket) -> bytes:
    received = b""
    while b"\r\n\r\n" not in received or not is_whole(received):
        more = wire.recv(65_536)
        if not more:
            break
        received += more
    return received


def is_whole(received: bytes) -> bool:
    head, _, body = received.partition(b"\r\n\r\n")
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return len(body) >= int(line.partition(b":")[2])
    return body.endswith(b"0\r\n\r\n")


def test_a_comment_is_accepted(port: int) -> None:
    status, headers, body = ask(port, "POST", COMMENTS, comment(), JSON)
    assert status == 202
    assert orjson.loads(body)["status"] == "received"
    assert headers["access-control-allow-origin"] == ORIGIN


def test_a_chunked_body_is_read_like_any_other(port: int) -> None:
    whole = comment(content="Envoyé par morceaux.")
    chunks = iter([whole[:10], whole[10:40], whole[40:]])
    status, _, body = ask(port, "POST", COMMENTS, chunks, JSON)
    assert status == 202, body


def test_a_chunked_body_that_grows_too_large_is_refused(port: int) -> None:
    chunks = iter([b" " * 30_000] * 4)
    status, headers, body = ask(port, "POST", COMMENTS, chunks, JSON)
    assert status == 413
    assert headers["content-type"] == "application/problem+json"
    assert orjson.loads(body)["type"] == "urn:ecluse:problem:too-large"


def test_a_large_body_is_refused_before_it_is_sent(port: int) -> None:
    """Only the head goes out: a server that wanted the 5 MB first would never answer."""
    head = (
        f"POST {COMMENTS} HTTP/1.1\r\nHost: localhost\r\nOrigin: {ORIGIN}\r\n"
        "Content-Type: application/json\r\nContent-Length: 5000000\r\n\r\n"
    )
    answer = raw(port, head.encode())
    assert b" 413 " in answer.partition(b"\r\n")[0]
    assert b"urn:ecluse:problem:too-large" in answer


def test_head_has_the_headers_of_get_and_no_body(port: int) -> None:
    got = ask(port, "GET", thread_url(PAGE))
    head = ask(port, "HEAD", thread_url(PAGE))
    assert head[0] == 200
    assert head[1]["etag"] == got[1]["etag"]
    assert head[1]["content-length"] == got[1]["content-length"]
    assert head[2] == b""


def test_a_304_has_no_body(port: int) -> None:
    etag = ask(port, "GET", thread_url(PAGE))[1]["etag"]
    status, _, body = ask(port, "GET", thread_url(PAGE), headers={"If-None-Match": etag})
    assert (status, body) == (304, b"")


def test_a_preflight_is_answered(port: int) -> None:
    headers = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST"}
    status, answered, _ = ask(port, "OPTIONS", COMMENTS, headers=headers)
    assert status == 204
    assert answered["access-control-allow-origin"] == ORIGIN


@pytest.mark.parametrize("method", ["TRACE", "PUT", "BREW"])
def test_other_methods_are_a_405(port: int, method: str) -> None:
    status, headers, _ = ask(port, method, COMMENTS)
    assert status == 405
    assert headers["content-type"] == "application/problem+json"


ODD_REQUESTS = [
    b"GET /v1/sites/%00/counts HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /v1/sites/%ff%fe/counts?page=%ff HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /v1/" + b"x" * 7_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /v1 HTTP/1.1\r\nHost: a b\r\nHost: c\r\n\r\n",
    b"GET /v1 HTTP/1.1\r\nHost: x\r\nX-Odd: \xff\xfe\r\n\r\n",
    b"GET /v1 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \xff\r\nAuthorization: b\r\n\r\n",
    b"GET /v1 HTTP/1.1\r\nHost: x\r\nX-Long: " + b"y" * 20_000 + b"\r\n\r\n",
    b"POST " + COMMENTS.encode() + b" HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    b"POST " + COMMENTS.encode() + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n"
    b"Content-Length: 2\r\n\r\nab",
    b"NONSENSE\r\n\r\n",
]  # fmt: skip


@pytest.mark.parametrize("request_", ODD_REQUESTS, ids=lambda request: str(request[:40]))
def test_an_odd_request_is_refused_and_the_next_one_is_served(port: int, request_: bytes) -> None:
    answer = raw(port, request_)
    status = answer.partition(b"\r\n")[0].split(b" ")[1] if answer else b"400"
    assert status.startswith(b"4"), answer[:200]
    assert ask(port, "GET", "/healthz")[0] == 200


def test_who_waits_keeps_nobody_from_being_accepted(port: int) -> None:
    """Nobody checks here, so two wait to the end; eighteen others are answered at once."""
    wires = [waiting(port) for _ in range(20)]
    try:
        with ThreadPoolExecutor(8) as others:
            posts = [others.submit(ask, port, "POST", COMMENTS, comment(), JSON) for _ in range(24)]
            assert {each.result()[0] for each in posts} == {202}
        answered = [wire for wire in wires if has_answer(wire)]
        assert len(answered) >= 20 - WAITERS
        assert {read_answer(wire).split(b" ")[1] for wire in answered} == {b"202"}
    finally:
        for wire in wires:
            wire.close()


def waiting(port: int) -> socket.socket:
    """Post a comment with ``?wait=20`` and leave the connection open."""
    body = comment()
    wire = socket.create_connection(("127.0.0.1", port), timeout=25)
    head = (
        f"POST {COMMENTS}?wait=20 HTTP/1.1\r\nHost: localhost\r\nOrigin: {ORIGIN}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    wire.sendall(head.encode() + body)
    return wire


def has_answer(wire: socket.socket) -> bool:
    """Say whether an answer has begun to arrive, after a second at most."""
    wire.settimeout(1)
    try:
        return bool(wire.recv(1, socket.MSG_PEEK))
    except TimeoutError:
        return False
    finally:
        wire.settimeout(25)


def test_an_address_in_the_absolute_form_of_proxies_is_routed(port: int) -> None:
    body = b"blog=http%3A%2F%2Fexample.org&user_ip=192.0.2.7&comment_content=hi"
    head = (
        "POST http://0123456789ab.rest.akismet.com/1.1/comment-check HTTP/1.1\r\n"
        "Host: 0123456789ab.rest.akismet.com\r\nConnection: close\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", port), 10) as line:
        line.sendall(head.encode() + body)
        answer = line.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(b"\r\n\r\ninvalid")

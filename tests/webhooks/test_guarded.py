"""Posting to addresses others named: checked after the name was looked up, bounded in all ways."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from service.remote.guarded import AddressForbidden, PostFailed, is_public, post
from tests.webhooks.receiver import Receiver


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0",  # noqa: S104
        "100.64.0.1", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fe80::1%eth0",
        "fc00::1", "ff02::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::",
        "::169.254.169.254", "::ffff:0:127.0.0.1", "fec0::1",
    ],
)  # fmt: skip
def test_an_address_near_by_is_not_public_however_it_is_wrapped(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "64:ff9b::808:808"])
def test_an_address_in_the_open_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("host", ["localhost", "127.1", "0x7f000001", "2130706433", "[::1]"])
def test_every_spelling_of_this_machine_is_forbidden(host: str) -> None:
    with pytest.raises((AddressForbidden, PostFailed)):
        post(f"http://{host}:9/", b"", {}, 1)


def test_a_name_that_changes_its_mind_leads_nowhere_else(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The resolver is the outside world here: it answers once, and otherwise after that."""
    answers = iter(["127.0.0.1"])
    port = int(receiver.origin.rpartition(":")[2])

    def resolve(*_asked: object, **_more: object) -> list[object]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    monkeypatch.setattr("service.remote.guarded.socket.getaddrinfo", resolve)
    monkeypatch.setattr("service.remote.guarded.socket.create_connection", connect_literally)
    status = post(f"http://hook.example:{port}/x", b"{}", {}, 5, may_be_private=True).status
    assert status == 204
    assert receiver.requests[0].headers["host"] == f"hook.example:{port}"


def connect_literally(address: tuple[str, int], timeout: float) -> socket.socket:
    """Connect without any resolver: only a literal address can."""
    made = socket.socket()
    made.settimeout(timeout)
    made.connect((socket.inet_ntoa(socket.inet_aton(address[0])), address[1]))
    return made


def test_one_private_address_among_public_ones_forbids_a_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def resolve(*_asked: object, **_more: object) -> list[object]:
        return [(2, 1, 6, "", (each, 443)) for each in ("93.184.215.14", "10.0.0.1")]

    monkeypatch.setattr("service.remote.guarded.socket.getaddrinfo", resolve)
    with pytest.raises(AddressForbidden):
        post("https://both.example/", b"", {}, 1)


@contextmanager
def dripping(head: bytes) -> Iterator[int]:
    """Serve one byte at a time, for as long as anybody listens."""
    server = socket.create_server(("127.0.0.1", 0))
    is_over = threading.Event()

    def serve() -> None:
        taken, _ = server.accept()
        with taken:
            try:
                taken.sendall(head)
                while not is_over.wait(0.02):
                    taken.sendall(b"a")
            except OSError:
                return

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield server.getsockname()[1]
    finally:
        is_over.set()
        thread.join()
        server.close()


def test_an_answer_that_drips_is_cut_when_its_time_is_over() -> None:
    """The drip would end only with the test: that it returns at all is the proof."""
    with dripping(b"") as port, pytest.raises(PostFailed):
        post(f"http://127.0.0.1:{port}/", b"", {}, 0.2, may_be_private=True)


def test_of_a_body_without_end_the_beginning_is_read() -> None:
    with dripping(b"HTTP/1.1 200 OK\r\n\r\n" + b"a" * 70_000) as port:
        reply = post(f"http://127.0.0.1:{port}/", b"", {}, 30, may_be_private=True)
    assert (reply.status, len(reply.body)) == (200, 65_536)


@pytest.mark.parametrize("url", ["ftp://a.example/", "http://[::1/", "x", "http://a:99999/"])
def test_what_is_no_web_address_fails(url: str) -> None:
    with pytest.raises(PostFailed):
        post(url, b"", {}, 1)

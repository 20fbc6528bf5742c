"""What is sent or looked for without waiting: nothing lost, nothing taken, errors told."""

from __future__ import annotations

import select
import socket
import struct
import threading
from collections.abc import Iterator

import pytest

from service.store.server.at_once import has_news, send_all

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    one, other = socket.socketpair()
    yield one, other
    one.close()
    other.close()


def received(of: socket.socket, count: int) -> bytes:
    found = b""
    while len(found) < count:
        found += of.recv(65_536)
    return found


@pytest.mark.parametrize("size", [0, 1, 1_000, 5_000_000])
def test_everything_arrives_also_what_no_buffer_holds(pair: Pair, size: int) -> None:
    data = bytes(number % 251 for number in range(1_000)) * (size // 1_000) or b"x" * size
    sender = threading.Thread(target=send_all, args=(pair[0], data))
    sender.start()
    assert received(pair[1], len(data)) == data
    sender.join()


def test_a_closed_end_is_an_error_and_no_signal(pair: Pair) -> None:
    pair[1].close()
    with pytest.raises(BrokenPipeError):
        send_all(pair[0], b"nobody hears this")


def test_a_look_takes_nothing_and_sees_the_end(pair: Pair) -> None:
    assert not has_news(pair[0])
    pair[1].sendall(b"news")
    assert has_news(pair[0])
    assert pair[0].recv(10) == b"news"
    assert not has_news(pair[0])
    pair[1].close()
    assert has_news(pair[0])
    assert pair[0].recv(10) == b""


def test_a_broken_connection_is_news() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        ours = socket.create_connection(server.getsockname())
        theirs, _ = server.accept()
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        theirs.close()  # with a reset
        with ours:
            select.select([ours], [], [], 5)
            assert has_news(ours)

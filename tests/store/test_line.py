"""A thread's own connection: it heals, it is not shared, and it never answers out of turn."""

from __future__ import annotations

import os
import threading

import pytest
from redis.exceptions import ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

from service.store.server.connection import connect
from service.store.server.line import Line, Wire
from service.store.store import Store
from tests.store.shelf import raw


def own_name(line: Line) -> int:
    return int(line.send("CLIENT", "ID"))


def test_a_thread_keeps_its_connection_and_another_has_its_own(store: Store) -> None:
    line = Line(store.client)
    seen: list[int] = []
    thread = threading.Thread(target=lambda: seen.append(own_name(line)))
    thread.start()
    thread.join()
    assert own_name(line) == own_name(line)
    assert seen[0] != own_name(line)


def test_a_closed_connection_costs_the_caller_nothing(store: Store) -> None:
    line = Line(store.client)
    raw(store).client_kill_filter(_id=str(own_name(line)))
    assert line.send("ECHO", "still here") == b"still here"
    assert line.send("ECHO", "and again") == b"and again"


def test_an_error_of_the_server_leaves_the_connection_in_order(store: Store) -> None:
    line = Line(store.client)
    before = own_name(line)
    with pytest.raises(ResponseError):
        line.send("HGET", "one argument too few")
    assert own_name(line) == before


def test_a_call_broken_off_before_its_answer_never_answers_the_next(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = Line(store.client)
    own_name(line)
    read_on = Wire._read_on

    def broken_off(_: Wire) -> None:
        monkeypatch.setattr(Wire, "_read_on", read_on)
        raise KeyboardInterrupt

    monkeypatch.setattr(Wire, "_read_on", broken_off)
    with pytest.raises(KeyboardInterrupt):
        line.send("ECHO", "first")
    assert line.send("ECHO", "second") == b"second"


def test_a_forked_process_opens_its_own(store: Store) -> None:
    line = Line(store.client)
    parents = own_name(line)
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.write(writing, str(own_name(line)).encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert int(os.read(reading, 20)) != parents
    assert own_name(line) == parents


def test_a_silent_server_is_given_up_like_by_the_client(redis_url: str) -> None:
    line = Line(connect(redis_url, retries=0, timeout_s=0.1))
    before = own_name(line)
    with pytest.raises(RedisTimeoutError):
        line.send("BLPOP", "nobody pushes here", 2)
    assert line.send("ECHO", "in time") == b"in time"
    assert own_name(line) != before

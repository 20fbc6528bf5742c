"""What many readers ask for is asked once, and never told when it is no longer so."""

from __future__ import annotations

import os
import threading
import time
from typing import Any

from redis import Redis

from service.store.server.connection import connect
from service.store.server.watched import MOST, REMEMBERED_S, WatchedHashes


def soon(hashes: WatchedHashes, key: str, values: tuple[bytes | None, bytes | None]) -> bool:
    """Say whether a change is told within a moment: it comes with the writer's own answer."""
    until = time.monotonic() + 5.0
    while hashes.get(key) != values:
        if time.monotonic() > until:
            return False
    return True


def watched(url: str, clock: Any = None) -> WatchedHashes:
    more = {"clock": clock} if clock else {}
    return WatchedHashes(connect(url), "a", "b", **more)


def connection_id(hashes: WatchedHashes) -> int:
    return int(hashes.send("CLIENT", "ID"))


def test_what_was_read_is_not_asked_again_until_it_changes(redis_url: str) -> None:
    with Redis.from_url(redis_url) as other:
        hashes = watched(redis_url)
        other.hset("h", mapping={"a": 1, "b": 2})
        assert hashes.get("h") == (b"1", b"2")
        other.config_resetstat()
        assert [hashes.get("h") for _ in range(50)] == [(b"1", b"2")] * 50
        assert "cmdstat_hmget" not in other.info("commandstats")


def test_each_change_is_told_at_once(redis_url: str) -> None:
    with Redis.from_url(redis_url) as other:
        hashes = watched(redis_url, lambda: 0.0)
        for number in range(300):
            other.hset("h", "a", number)
            assert soon(hashes, "h", (str(number).encode(), None))
        other.delete("h")
        assert soon(hashes, "h", (None, None))
        other.hset("h", "a", "again")
        assert soon(hashes, "h", (b"again", None))
        other.flushdb()
        assert soon(hashes, "h", (None, None))


def test_what_one_thread_changes_every_other_sees(redis_url: str) -> None:
    hashes = watched(redis_url, lambda: 0.0)
    turn, rounds, found = threading.Barrier(2), 100, []

    def read() -> None:
        for number in range(rounds):
            turn.wait()
            found.append(soon(hashes, "h", (str(number).encode(), None)))
            turn.wait()

    reader = threading.Thread(target=read)
    reader.start()
    with Redis.from_url(redis_url) as other:
        for number in range(rounds):
            other.hset("h", "a", number)
            turn.wait()
            turn.wait()
    reader.join()
    assert found == [True] * rounds


def test_a_lost_connection_forgets_what_it_would_not_be_told(redis_url: str) -> None:
    with Redis.from_url(redis_url) as other:
        hashes = watched(redis_url)
        other.hset("h", "a", "old")
        assert hashes.get("h")[0] == b"old"
        other.client_kill_filter(_id=str(connection_id(hashes)))
        other.hset("h", "a", "new")
        assert hashes.get("h")[0] == b"new"
        other.hset("h", "a", "newest")
        assert soon(hashes, "h", (b"newest", None))


def test_nothing_is_told_for_longer_than_the_limit(redis_url: str) -> None:
    now = [0.0]
    hashes = watched(redis_url, lambda: now[0])
    with Redis.from_url(redis_url) as other:
        other.hset("h", "a", "old")
        hashes.get("h")
        hashes.send("CLIENT", "TRACKING", "OFF")  # a server that fails to tell
        other.hset("h", "a", "new")
        assert hashes.get("h")[0] == b"old"
        now[0] = REMEMBERED_S
        assert hashes.get("h")[0] == b"new"


def test_a_server_that_will_not_watch_is_asked_each_time(redis_url: str) -> None:
    with Redis.from_url(redis_url) as other:
        other.acl_setuser(
            "plain", enabled=True, passwords=["+s3cret"], keys=["*"],
            commands=["+@all", "-client|tracking"],
        )  # fmt: skip
        try:
            hashes = watched(redis_url.replace("://", "://plain:s3cret@"))
            for number in range(3):
                other.hset("h", "a", number)
                assert hashes.get("h")[0] == str(number).encode()
        finally:
            other.acl_deluser("plain")


def test_a_thread_remembers_a_bounded_number_of_keys(redis_url: str) -> None:
    hashes = watched(redis_url)
    for number in range(MOST + 5):
        hashes.get(f"h{number}")
    assert len(hashes._own.known) == 5


def test_a_fork_reads_for_itself(redis_url: str) -> None:
    hashes = watched(redis_url)
    with Redis.from_url(redis_url) as other:
        other.hset("h", "a", "1")
        hashes.get("h")
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            with Redis.from_url(redis_url) as own:
                own.hset("h", "a", "2")
            os.write(writing, hashes.get("h")[0] or b"")
            os._exit(0)
        os.waitpid(child, 0)
        assert os.read(reading, 20) == b"2"
        assert soon(hashes, "h", (b"2", None))

"""Ids and nonces: never twice, in no thread and in no fork."""

from __future__ import annotations

import os
import threading

from ulid import ULID

from service.store.randomness import BLOCK, new_comment_id, random_bytes


def test_no_bytes_are_given_twice_across_blocks_and_sizes() -> None:
    drawn = [random_bytes(size) for size in (10, 12, BLOCK, 7, 16) * 200]
    assert [len(each) for each in drawn] == [10, 12, BLOCK, 7, 16] * 200
    assert len({*drawn}) == len(drawn)


def test_threads_draw_from_blocks_of_their_own() -> None:
    found: list[bytes] = []
    threads = [
        threading.Thread(target=lambda: found.extend(random_bytes(12) for _ in range(500)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({*found}) == 2000


def test_a_fork_does_not_draw_what_its_parent_draws() -> None:
    random_bytes(1)
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.write(writing, random_bytes(64))
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reading, 64) != random_bytes(64)


def test_an_id_is_a_ulid_of_now() -> None:
    before = ULID().timestamp
    found = ULID.from_str(new_comment_id())
    assert before - 0.002 <= found.timestamp <= ULID().timestamp + 0.002

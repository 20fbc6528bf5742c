"""Random bytes for what is made with every comment, drawn from the system a block at a time.

A draw is a system call, and Python gives its lock to another thread for as long as it takes:
of a comment's id and its nonce, drawn one by one, the requests beside it paid 8%. For ids and
nonces, which need not stay secret once they are used; what must comes from ``secrets``.
"""

from __future__ import annotations

import os
import threading
import time

from ulid import ULID

BLOCK = 4096
ULID_RANDOM = 10
"""Bytes of a ULID that are random; the six before them are its time in ms (ulid/spec)."""


class _Drawn(threading.local):
    """Hold what a thread has drawn and not used yet."""

    block = b""
    used = 0


_drawn = _Drawn()


def random_bytes(count: int) -> bytes:
    """Return ``count`` bytes (1 to 4,096) that were never returned before."""
    begin = _drawn.used
    end = begin + count
    if end > len(_drawn.block):
        _drawn.block, begin, end = os.urandom(BLOCK), 0, count
    _drawn.used = end
    return _drawn.block[begin:end]


def new_comment_id() -> str:
    """Return a fresh ULID, 26 characters that sort by time."""
    now = int(time.time() * 1000).to_bytes(6, "big")
    return str(ULID(now + random_bytes(ULID_RANDOM)))


def _forget() -> None:
    _drawn.block = b""


os.register_at_fork(after_in_child=_forget)

"""Answers that go on for a while, for a bounded number of callers."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

LASTS_S = 30.0
EVERY_S = 2.0
THREADS_PER_STREAM = 4


def places_of(threads: int) -> int:
    """Return how many of a process's request threads may be held by streams: a quarter."""
    return threads // THREADS_PER_STREAM


class Stream(Iterator[bytes]):
    """Give what ``piece`` returns, again and again, until that is nothing or time is up.

    Its place is free once it has ended or is closed, which a server does also when the caller
    has gone: it notices at the next piece.
    """

    def __init__(
        self,
        piece: Callable[[], bytes],
        pause: Callable[[], bool],
        leave: Callable[[], None],
    ) -> None:
        self._piece = piece
        self._pause = pause
        self._leave: Callable[[], None] | None = leave
        self._has_begun = False

    def __next__(self) -> bytes:
        """Return the next piece, after a pause where it is not the first."""
        goes_on = self._leave is not None and (not self._has_begun or self._pause())
        self._has_begun = True
        try:
            piece = self._piece() if goes_on else b""
        except BaseException:
            self.close()
            raise
        if not piece:
            self.close()
            raise StopIteration
        return piece

    def close(self) -> None:
        """Free the place, once."""
        leave, self._leave = self._leave, None
        if leave is not None:
            leave()


class Streams:
    """Let at most ``places`` answers of this process go on at once.

    There are none until a web server offers some, which knows how many threads it has: each
    stream holds one. It lasts ``lasts_s`` seconds at most, and has a piece every ``every_s``
    seconds.
    """

    def __init__(self, places: int = 0, lasts_s: float = LASTS_S, every_s: float = EVERY_S) -> None:
        self._places = threading.Semaphore(places)
        self._lasts_s = lasts_s
        self._every_s = every_s
        self._is_over = threading.Event()

    def offer(self, places: int) -> None:
        """Let so many go on at once; none goes on yet."""
        self._places = threading.Semaphore(places)

    def begin(self, piece: Callable[[], bytes]) -> Stream | None:
        """Return a stream of pieces, or None where no place is free or the process ends."""
        if self._is_over.is_set() or not self._places.acquire(blocking=False):
            return None
        until = time.monotonic() + self._lasts_s

        def pause() -> bool:
            fits = time.monotonic() + self._every_s <= until
            return fits and not self._is_over.wait(self._every_s)

        return Stream(piece, pause, self._places.release)

    def end(self) -> None:
        """End those that go on, and begin no more: the process is asked to stop."""
        self._is_over.set()

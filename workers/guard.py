"""A bound on the time one check may take, by an alarm in the worker's main thread."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from types import FrameType

from service.moderation.pipeline import Guard, no_guard


class CheckTimedOut(Exception):
    """Say that a check did not come to an end in its time."""


def alarm_guard(timeout_s: float) -> Guard:
    """Return a guard that stops a check after ``timeout_s`` seconds with ``CheckTimedOut``.

    Regular expressions and pure Python are stopped; a call that never returns to the
    interpreter is not, and is left to the inbox's own idle time. Outside the main
    thread, where no alarm can be set, nothing is bounded.
    """
    if threading.current_thread() is not threading.main_thread():
        return no_guard

    def guard(check: str) -> AbstractContextManager[object]:
        return _alarm(check, timeout_s)

    return guard


@contextmanager
def _alarm(check: str, timeout_s: float) -> Iterator[None]:
    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise CheckTimedOut(check)

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, timeout_s)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)

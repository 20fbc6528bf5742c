"""The bound on a check's time: it stops what hangs, and leaves nothing behind."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable

import pytest

from service.moderation.pipeline import Guard, no_guard
from tests.workers.house import backtrack, spin
from workers.guard import CheckTimedOut, alarm_guard


@pytest.mark.parametrize("hang", [spin, backtrack])
def test_what_never_ends_is_stopped(hang: Callable[[], None]) -> None:
    with pytest.raises(CheckTimedOut, match=r"spam\.links"), alarm_guard(0.05)("spam.links"):
        hang()


def test_a_check_in_time_meets_no_alarm_later() -> None:
    before = signal.getsignal(signal.SIGALRM)
    with alarm_guard(30.0)("spam.links"):
        assert signal.getitimer(signal.ITIMER_REAL)[0] > 0
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    assert signal.getsignal(signal.SIGALRM) is before


def test_a_check_that_fails_takes_its_alarm_along() -> None:
    before = signal.getsignal(signal.SIGALRM)
    with pytest.raises(ZeroDivisionError), alarm_guard(30.0)("spam.links"):
        raise ZeroDivisionError
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    assert signal.getsignal(signal.SIGALRM) is before


def test_after_one_check_was_stopped_the_next_has_its_whole_time() -> None:
    guard = alarm_guard(0.05)
    for _ in range(2):
        with pytest.raises(CheckTimedOut), guard("spam.links"):
            spin()
    with guard("spam.links"):
        pass


def test_outside_the_main_thread_nothing_is_bounded() -> None:
    made: list[Guard] = []
    thread = threading.Thread(target=lambda: made.append(alarm_guard(0.05)))
    thread.start()
    thread.join()
    assert made == [no_guard]

"""Questions asked at one moment are answered together, each to whom it belongs."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from service.compat.together import MOST_AT_ONCE, Together


class Worker:
    """Square numbers, holding the first call until the test lets it go; -1 is too much."""

    def __init__(self) -> None:
        self.calls: list[list[int]] = []
        self.has_begun = threading.Event()
        self.may_end = threading.Event()

    def __call__(self, numbers: Sequence[int]) -> list[int]:
        self.calls.append(list(numbers))
        if len(self.calls) == 1:
            self.has_begun.set()
            assert self.may_end.wait(30)
        if -1 in numbers:
            raise ValueError("too much")
        return [number * number for number in numbers]


def ask_behind(worker: Worker, numbers: Sequence[int]) -> list[int | Exception]:
    """Ask for numbers from a thread each, while the worker is busy with 100."""
    together = Together(worker)

    def ask(number: int) -> int | Exception:
        try:
            return together.ask("kind", number)
        except ValueError as error:
            return error

    with ThreadPoolExecutor(len(numbers) + 1) as threads:
        first = threads.submit(ask, 100)
        assert worker.has_begun.wait(30)
        others = [threads.submit(ask, number) for number in numbers]
        queue = together._queues["kind"]
        while len(queue.waiting) < len(numbers):
            threading.Event().wait(0.001)
        worker.may_end.set()
        assert first.result(30) == 10_000
        return [other.result(30) for other in others]


def test_who_comes_meanwhile_is_answered_in_one_go() -> None:
    worker = Worker()
    assert ask_behind(worker, range(8)) == [number * number for number in range(8)]
    assert [len(call) for call in worker.calls] == [1, 8]


def test_no_more_than_a_bounded_number_is_answered_at_once() -> None:
    worker = Worker()
    ask_behind(worker, range(MOST_AT_ONCE + 3))
    assert [len(call) for call in worker.calls] == [1, MOST_AT_ONCE, 3]


def test_one_that_fails_takes_no_other_with_it() -> None:
    answers = ask_behind(Worker(), [2, -1, 3])
    assert answers[0] == 4
    assert isinstance(answers[1], ValueError)
    assert answers[2] == 9


def test_questions_of_another_kind_do_not_wait() -> None:
    worker = Worker()
    together = Together(worker)
    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(together.ask, "one", 2)
        assert worker.has_begun.wait(30)
        assert together.ask("other", 3) == 9
        worker.may_end.set()
        assert first.result(30) == 4


def test_a_failure_of_one_who_is_alone_is_theirs() -> None:
    worker = Worker()
    worker.may_end.set()
    with pytest.raises(ValueError, match="too much"):
        Together(worker).ask("kind", -1)

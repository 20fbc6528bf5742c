"""Combining: every thread gets its own, whoever did the work, and nobody waits for ever."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Lock

import pytest

from service.combining import MOST_AT_ONCE, Combiner

THREADS = 12


class Broken(Exception):
    pass


class Doubling:
    """Double numbers, and remember which came together; 13 cannot be doubled."""

    def __init__(self) -> None:
        self.goes: list[list[int]] = []
        self.may_end = Event()
        self.has_begun = Event()
        self._lock = Lock()

    def __call__(self, numbers: Sequence[int]) -> list[int]:
        with self._lock:
            self.goes.append(list(numbers))
        self.has_begun.set()
        assert self.may_end.wait(10)
        if 13 in numbers:
            raise Broken(len(numbers))
        return [2 * number for number in numbers]


@pytest.fixture
def work() -> Doubling:
    return Doubling()


def test_a_thread_alone_does_its_own(work: Doubling) -> None:
    work.may_end.set()
    assert Combiner().do("a", 4, work) == 8
    assert work.goes == [[4]]


def test_those_who_come_meanwhile_are_served_together(work: Doubling) -> None:
    combiner = Combiner()
    with ThreadPoolExecutor(THREADS) as pool:
        first = pool.submit(combiner.do, "a", 0, work)
        assert work.has_begun.wait(10)
        others = [pool.submit(combiner.do, "a", number, work) for number in range(1, THREADS)]
        while len(combiner._waiting) < THREADS - 1:
            assert not any(each.done() for each in others)
        work.may_end.set()
        assert first.result(10) == 0
        assert [each.result(10) for each in others] == [2 * n for n in range(1, THREADS)]
    assert work.goes[0] == [0]
    assert [sorted(go) for go in work.goes[1:]] == [list(range(1, THREADS))]


def test_groups_are_done_apart(work: Doubling) -> None:
    combiner = Combiner()
    with ThreadPoolExecutor(THREADS) as pool:
        first = pool.submit(combiner.do, "a", 0, work)
        assert work.has_begun.wait(10)
        others = [pool.submit(combiner.do, number % 2, number, work) for number in range(1, 9)]
        while len(combiner._waiting) < 8:
            pass
        work.may_end.set()
        assert [each.result(10) for each in (first, *others)] == [2 * n for n in range(9)]
    assert sorted(sorted(go) for go in work.goes[1:]) == [[1, 3, 5, 7], [2, 4, 6, 8]]


def test_no_go_is_without_bound(work: Doubling) -> None:
    combiner, count = Combiner(), MOST_AT_ONCE + 5
    with ThreadPoolExecutor(count + 1) as pool:
        first = pool.submit(combiner.do, "a", 0, work)
        assert work.has_begun.wait(10)
        others = [pool.submit(combiner.do, "a", number, work) for number in range(100, 100 + count)]
        while len(combiner._waiting) < count:
            pass
        work.may_end.set()
        assert first.result(10) == 0
        assert [each.result(10) for each in others] == [2 * n for n in range(100, 100 + count)]
    assert [len(go) for go in work.goes] == [1, MOST_AT_ONCE, 5]


def test_an_error_reaches_only_who_caused_it(work: Doubling) -> None:
    combiner = Combiner()
    with ThreadPoolExecutor(THREADS) as pool:
        first = pool.submit(combiner.do, "a", 13, work)
        assert work.has_begun.wait(10)
        others = [pool.submit(combiner.do, "a", number, work) for number in (1, 13, 2)]
        while len(combiner._waiting) < 3:
            pass
        work.may_end.set()
        for broken in (first, others[1]):
            with pytest.raises(Broken, match="1"):
                broken.result(10)
        assert [others[0].result(10), others[2].result(10)] == [2, 4]


def test_who_answers_too_few_is_asked_one_by_one() -> None:
    def lazy(numbers: Sequence[int]) -> list[int]:
        return [2 * numbers[0]]

    combiner = Combiner()
    with ThreadPoolExecutor(THREADS) as pool:
        asked = [pool.submit(combiner.do, "a", number, lazy) for number in range(200)]
        assert [each.result(10) for each in asked] == [2 * number for number in range(200)]


@pytest.mark.parametrize("interval", [1e-6, 5e-3])
def test_nobody_is_left_waiting(interval: float) -> None:
    before = sys.getswitchinterval()
    sys.setswitchinterval(interval)
    try:
        combiner = Combiner()
        with ThreadPoolExecutor(THREADS) as pool:
            asked = [
                pool.submit(combiner.do, number % 3, number, lambda numbers: [-n for n in numbers])
                for number in range(3_000)
            ]
            assert [each.result(30) for each in asked] == [-number for number in range(3_000)]
        assert (combiner._waiting, combiner._is_led) == ([], False)
    finally:
        sys.setswitchinterval(before)

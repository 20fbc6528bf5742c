"""Doing together what several threads wait for: one does it for all who came meanwhile.

The checks take a third of the time for each text when eight are looked at at once, and a
server under load has several at hand. Nobody waits for company: who comes alone begins.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from threading import Lock
from typing import Generic, TypeVar

A = TypeVar("A")
Q = TypeVar("Q")

MOST_AT_ONCE = 16

logger = logging.getLogger(__name__)


class _Ask(Generic[Q, A]):
    """Hold one question and, once it is known, its answer."""

    __slots__ = ("answer", "is_done", "question")

    def __init__(self, question: Q) -> None:
        self.question = question
        self.is_done = False
        self.answer: A | None = None


class _Queue(Generic[Q, A]):
    """Hold who waits, and whose turn it is."""

    __slots__ = ("turn", "waiting")

    def __init__(self) -> None:
        self.turn = Lock()
        self.waiting: deque[_Ask[Q, A]] = deque()


class Together(Generic[Q, A]):
    """Answer questions of one kind by ``work``, which takes several and answers in order."""

    def __init__(self, work: Callable[[Sequence[Q]], Sequence[A]]) -> None:
        self._work = work
        self._queues: dict[Hashable, _Queue[Q, A]] = {}

    def ask(self, kind: Hashable, question: Q) -> A:
        """Return the answer; questions of the same ``kind`` may be answered with it.

        Where ``work`` fails on several, each thread tries its own alone, so that it raises
        for the one whose question it fails on.
        """
        ask: _Ask[Q, A] = _Ask(question)
        queue = self._queues.setdefault(kind, _Queue())
        queue.waiting.append(ask)
        with queue.turn:
            while not ask.is_done:
                self._answer_some(queue)
        return self._work([question])[0] if ask.answer is None else ask.answer

    def _answer_some(self, queue: _Queue[Q, A]) -> None:
        count = min(len(queue.waiting), MOST_AT_ONCE)
        asks = [queue.waiting.popleft() for _ in range(count)]
        try:
            answers = self._work([ask.question for ask in asks])
            for ask, answer in zip(asks, answers, strict=True):
                ask.answer = answer
        except Exception as error:
            # Whoever it fails for tries again alone, and hears of it there.
            logger.warning("several could not be answered together: %s", type(error).__name__)
        finally:
            for ask in asks:
                ask.is_done = True

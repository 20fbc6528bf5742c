"""Combining: of the threads that ask at the same moment one does the work of all in one go.

For work that costs little more for several than for one. A thread that finds nobody at work
does its own at once; those that come meanwhile wait, and one of them does all of theirs next
(flat combining: Hendler, Incze, Shavit and Tzafrir, SPAA 2010). No thread ever waits for work
that might come, but who begins lets those run first that can.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Generic, TypeVar

MOST_AT_ONCE = 32
"""So many askers are served in one go; the others wait for the next."""

Item = TypeVar("Item")
Made = TypeVar("Made")


def _closed() -> Lock:
    gate = Lock()
    gate.acquire()
    return gate


@dataclass(eq=False, slots=True)
class _Asker(Generic[Item, Made]):
    """Hold what a thread asks for; ``gate`` opens when it is made, or when it is to lead."""

    group: Hashable
    item: Item
    work: Callable[[Sequence[Item]], Sequence[Made]]
    gate: Lock = field(default_factory=_closed)
    leads: bool = False
    made: Sequence[Made] = ()
    error: Exception | None = None


class Combiner:
    """Do the work of many threads together, one go after the other."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._waiting: list[_Asker[Any, Any]] = []
        self._is_led = False

    def do(
        self, group: Hashable, item: Item, work: Callable[[Sequence[Item]], Sequence[Made]]
    ) -> Made:
        """Return what ``work`` makes of ``item``, maybe together with others of its ``group``.

        ``work`` returns one thing for each item, in order. Where it fails on several each is
        tried alone, in its own thread, which then meets the error.
        """
        asker = _Asker(group, item, work)
        with self._lock:
            self._waiting.append(asker)
            asker.leads = not self._is_led
            self._is_led = True
        if not asker.leads:
            asker.gate.acquire()
        if asker.leads:
            self._lead()
        if asker.error:
            raise asker.error
        return (asker.made or work([item]))[0]

    def _lead(self) -> None:
        """Do what is waited for, and have the first who came meanwhile lead next."""
        # Python's lock is kept for 5 ms, longer than most work here takes: unless it is given
        # up, the others come one by one, each with nobody before it.
        os.sched_yield()
        with self._lock:
            taken = self._waiting[:MOST_AT_ONCE]
            del self._waiting[:MOST_AT_ONCE]
        try:
            _make(taken)
        finally:
            with self._lock:
                following = self._waiting[:1]
                self._is_led = bool(following)
            for asker in following:
                asker.leads = True
            for asker in (*following, *taken):
                asker.gate.release()


def _make(askers: Sequence[_Asker[Any, Any]]) -> None:
    """Do the work of the askers, group by group; those it fails on together are left nothing."""
    groups: dict[Hashable, list[_Asker[Any, Any]]] = {}
    for asker in askers:
        groups.setdefault(asker.group, []).append(asker)
    for first, *others in groups.values():
        members = [first, *others]
        try:
            made = first.work([asker.item for asker in members])
            for asker, each in zip(members, made, strict=True):
                asker.made = (each,)
        except Exception as error:
            first.error = None if others else error

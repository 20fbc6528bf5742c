"""The watch: how long each check takes, and how it fails, seen from outside the pipeline."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from types import TracebackType

from service.moderation.pipeline import Guard
from service.store.telemetry.tally import Timing


class Watch:
    """Time every run of a check; ``clock`` gives seconds."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self.clock = clock
        self.timings: dict[str, Timing] = {}

    def over(self, guard: Guard) -> Guard:
        """Return a guard that does what ``guard`` does, and is timed."""
        return lambda check: _Timed(self, check, guard(check))

    def taken(self) -> dict[str, Timing]:
        """Return what was seen since the last call, by check."""
        timings, self.timings = self.timings, {}
        return timings


class _Timed:
    """Time one run. A class, for it is entered some thirty times for each batch."""

    __slots__ = ("_check", "_inner", "_started", "_watch")

    def __init__(self, watch: Watch, check: str, inner: AbstractContextManager[object]) -> None:
        self._watch, self._check, self._inner = watch, check, inner

    def __enter__(self) -> None:
        self._inner.__enter__()
        self._started = self._watch.clock()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool | None:
        seen = self._watch.timings.get(self._check)
        if seen is None:
            seen = self._watch.timings[self._check] = Timing()
        seen.calls += 1
        seen.seconds += self._watch.clock() - self._started
        if kind is not None:
            seen.failures[kind.__name__] = seen.failures.get(kind.__name__, 0) + 1
        return self._inner.__exit__(kind, error, trace)

"""How much a failing service may cost: a breaker that opens, a budget for second tries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

MOST_FAILURES_IN_A_ROW = 3
PAUSE_S = 30.0
RETRIES_PER_REQUEST = 0.1
MOST_RETRIES_SAVED = 3.0


@dataclass
class Breaker:
    """Stop asking after failures in a row; after a pause let one request try.

    ``clock`` counts seconds from any moment and never goes back.
    """

    clock: Callable[[], float]
    failures: int = 0
    _open_until: float = 0.0

    @property
    def is_open(self) -> bool:
        """Say whether nothing is to be asked now."""
        return self.failures >= MOST_FAILURES_IN_A_ROW and self.clock() < self._open_until

    def succeeded(self) -> None:
        """Note an answer."""
        self.failures = 0

    def failed(self) -> None:
        """Note that no answer came, or none of use."""
        self.failures += 1
        self._open_until = self.clock() + PAUSE_S


@dataclass
class RetryBudget:
    """Allow one second try for ten requests: a service in trouble is not asked twice as much."""

    saved: float = MOST_RETRIES_SAVED

    def deposit(self) -> None:
        """Note a first try."""
        self.saved = min(self.saved + RETRIES_PER_REQUEST, MOST_RETRIES_SAVED)

    def spend(self) -> bool:
        """Tell whether a second try is allowed, and count it."""
        if self.saved < 1:
            return False
        self.saved -= 1
        return True

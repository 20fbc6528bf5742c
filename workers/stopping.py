"""Whether this process was asked to stop: a long task looks between two of its steps."""

from __future__ import annotations

import threading

_asked = threading.Event()


def ask_to_stop() -> None:
    """Have the task in hand end at its next step."""
    _asked.set()


def is_stopping() -> bool:
    """Say whether the process was asked to stop."""
    return _asked.is_set()

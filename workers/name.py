"""What a worker is called: its host and its process, as its runner knows it."""

from __future__ import annotations

import os
import socket


def name_of(pid: int) -> str:
    """Return the name of the worker that is process ``pid`` of this host."""
    return f"{socket.gethostname()}-{pid}"


def own_name() -> str:
    """Return this process's name; forked children for single tasks keep their parent's."""
    return name_of(os.getpid())

"""The benchmarks in a process in which a browser may be open already."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def own_loop() -> Iterator[None]:
    """Let a benchmark run an event loop though the browser's waits in this thread.

    Playwright leaves its loop running between two calls, and `asyncio.run` refuses then. Which
    tests a process has run before is for the distribution to say.
    """
    waiting = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    yield
    asyncio._set_running_loop(waiting)

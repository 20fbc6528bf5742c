"""Workers for tests: a moderator over the test's store, and checks that misbehave."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from redis import Redis

from config.settings import Settings
from service.moderation.batch import Batch, Check
from service.moderation.pipeline import Guard, Pipeline, no_guard
from service.moderation.signal import Signal
from service.store.doorbell import Doorbell
from service.store.inbox_group import GROUP
from service.store.learning.layers import Layers
from service.store.store import Store
from tests.store.shelf import DEMO, raw
from workers.moderate import Moderator

BAD = "bad"
"""The content on which the checks below misbehave."""


@dataclass(frozen=True)
class Misbehaving:
    """A check that finds nothing, and does ``what`` to a batch with a bad comment in it."""

    what: Callable[[], object]
    name: str = "test.misbehaving"

    def review(self, batch: Batch) -> Sequence[Sequence[Signal]]:
        """Misbehave, or find nothing."""
        if any(case.comment.content == BAD for case in batch.cases):
            self.what()
        return [()] * len(batch)


def fail() -> None:
    """Raise what nobody expects."""
    raise RuntimeError("a check is broken")


def spin() -> None:
    """Never come back, in plain Python."""
    while True:
        pass


def backtrack() -> None:
    """Never come back, within one regular expression."""
    re.match(r"(a|a)+$", "a" * 64 + "b")


def die() -> None:
    """End this process as the kernel does when memory runs out."""
    os.kill(os.getpid(), signal.SIGKILL)


def exit_at_once() -> None:
    """End this process as a crash in native code does."""
    os._exit(139)


def queue_of(settings: Settings) -> Redis:
    """Return the connection to RQ's database."""
    return Redis.from_url(settings.queue_url)


def moderator_of(
    store: Store,
    settings: Settings,
    *checks: Check,
    faulty: tuple[str, ...] = (),
    guard: Guard = no_guard,
    name: str = "w1",
    **options: Any,
) -> Moderator:
    """Return a moderator with the checks given; ``options`` are settings."""
    return Moderator(
        inbox=store.inbox,
        indexing=store.indexing,
        sites=store.sites,
        pipeline=Pipeline(checks, faulty, guard),
        doorbell=Doorbell(queue_of(settings)),
        layers=Layers(store.learned),
        settings=replace(settings, **options),
        name=name,
    )


def let_time_pass(store: Store, seconds: float) -> None:
    """Make every entry that a worker holds look as if it were held that much longer."""
    redis: Any = raw(store)
    for item in redis.xpending_range(DEMO.inbox, GROUP, "-", "+", 10_000):
        redis.xclaim(
            DEMO.inbox, GROUP, item["consumer"], 0, [item["message_id"]],
            idle=int(seconds * 1000), justid=True,
        )  # fmt: skip

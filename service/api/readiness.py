"""Readiness: what stands between a process and its work, looked at once for many who ask."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from redis import Redis
from redis.exceptions import RedisError

from config.settings import Settings
from service.live_workers import absence
from service.moderation.pipeline import Pipeline
from service.store.inbox import waits
from service.store.server.condition import trouble_now
from service.store.server.connection import Client, connect
from service.store.server.embedded import ServerUrls
from service.store.server.trouble import trouble_of
from service.store.sites import Sites

FRESH_S = 1.0
"""How long an answer counts at least, so that probing costs the same however often it is done."""
SHARE = 20
"""How many times as long as a look took its answer counts: many sites, or a server that hangs, are
looked at less often."""
OLDEST_S = 5.0
PATIENCE_S = 1.0
OK = "ok"


class Failed(Exception):
    """Say in a word why a part is not ready."""


class Answer(NamedTuple):
    """Hold what was found: for each part ``ok``, or in a word why not."""

    parts: Mapping[str, str]

    @property
    def is_ready(self) -> bool:
        """Say whether every part is ready."""
        return all(found == OK for found in self.parts.values())


NEVER_LOOKED = Answer({})


@dataclass
class Readiness:
    """Look at the parts, at most once a second whoever asks, with connections of their own.

    A server that hangs holds one thread for a few seconds at most; who asks meanwhile gets the
    last answer. ``clock`` measures time in seconds, ``now`` tells it since the epoch.
    """

    settings: Settings
    store: Client
    queue: Redis
    judge: Callable[[], Pipeline]
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], float] = time.time
    _looking: threading.Lock = field(default_factory=threading.Lock, init=False)
    _last: Answer = field(default=NEVER_LOOKED, init=False)
    _fresh_until: float = field(default=-math.inf, init=False)

    def ask(self) -> Answer:
        """Return the last answer while it is fresh, or look again."""
        is_first = self._last is NEVER_LOOKED
        if self.clock() >= self._fresh_until and self._looking.acquire(blocking=is_first):
            try:
                self._look_if_stale()
            finally:
                self._looking.release()
        return self._last

    def _look_if_stale(self) -> None:
        began = self.clock()
        if began < self._fresh_until:
            return
        self._last = self._looked()
        ended = self.clock()
        self._fresh_until = ended + min(max(FRESH_S, (ended - began) * SHARE), OLDEST_S)

    def _looked(self) -> Answer:
        parts = {
            "store": self._store,
            "queue": self._queue,
            "model": self._model,
            "workers": self._workers,
            "inbox": self._inbox,
        }
        return Answer({name: _found(look) for name, look in parts.items()})

    def _store(self) -> None:
        _refuse_trouble(self.store)

    def _queue(self) -> None:
        _refuse_trouble(self.queue)

    def _model(self) -> None:
        if self.judge().faulty:
            raise Failed("checks-not-loaded")

    def _workers(self) -> None:
        why = absence(self.store, self.queue, self.now())
        if why:
            raise Failed(why)

    def _inbox(self) -> None:
        most, longest_s = self.settings.inbox_limit, self.settings.inbox_age_limit_s
        for each in waits(self.store, Sites(self.store).names()):
            if most and each.count >= most:
                raise Failed("too-long")
            if longest_s and each.age_s(self.now()) > longest_s:
                raise Failed("too-old")


def readiness(settings: Settings, urls: ServerUrls, judge: Callable[[], Pipeline]) -> Readiness:
    """Return what looks at the parts, connected with little patience."""
    store = connect(urls.store, retries=0, timeout_s=PATIENCE_S)
    queue = connect(urls.queue, retries=0, timeout_s=PATIENCE_S)
    assert isinstance(queue, Redis)  # noqa: S101  server_urls refuses clusters
    return Readiness(settings, store, queue, judge)


def _refuse_trouble(server: Client) -> None:
    trouble = trouble_now(server)
    if trouble:
        raise Failed(trouble)


def _found(look: Callable[[], None]) -> str:
    try:
        look()
    except Failed as error:
        return str(error)
    except (RedisError, OSError) as error:
        return trouble_of(error) or "unreachable"
    return OK

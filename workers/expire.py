"""The `expire` task: forget what a site keeps no longer, a second's work at a time."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from config.settings import Settings, load_secrets
from service.store.doorbell import Doorbell
from service.store.server.embedded import server_urls
from service.store.sites import Retention, Sites, SiteUnknown
from service.store.store import open_store
from service.store.trials import DAYS_KEPT, Trials, day_of
from service.store.upkeep.retention import DELETE, ERASE, Forgetting, Place, first_place, next_place
from workers.queue import queue_connection

AT_ONCE_S = 1.0
"""A task ends after this long and rings for the rest: comments that arrive go first."""


@dataclass(frozen=True)
class Expirer:
    """Forget by the sites' retention; ``clock`` gives seconds since the epoch."""

    sites: Sites
    forgetting: Forgetting
    trials: Trials
    doorbell: Doorbell
    clock: Callable[[], float] = time.time
    stopwatch: Callable[[], float] = time.monotonic

    def begin(self) -> int:
        """Ring for every site that forgets something; return how many do."""
        rung = 0
        for name in self.sites.names():
            self.trials.forget_before(name, day_of(self.clock()) - DAYS_KEPT)
            if self.sites.get(name).site.retention != Retention():
                rung += self.doorbell.ring_to_expire(name, "")
        return rung

    def expire(self, site: str, start: Place) -> int:
        """Go on forgetting from ``start``; return how many comments were changed."""
        try:
            retention = self.sites.get(site).site.retention
        except SiteUnknown:
            return 0
        done = {ERASE: 0, DELETE: 0}
        until = self.stopwatch() + AT_ONCE_S
        place = first_place(retention, start)
        while place is not None:
            step = self.forgetting.step(site, retention, place, self._now_ms())
            done[place.what] += step.changed
            place = next_place(retention, place, step)
            if place is not None and self.stopwatch() > until:
                self.doorbell.ring_to_expire(site, place.written())
                break
        if any(done.values()):
            self.forgetting.tell(site, done[ERASE], done[DELETE], self._now_ms())
        return sum(done.values())

    def _now_ms(self) -> int:
        return int(self.clock() * 1000)


def expire() -> int:
    """Have every site forget what it keeps no longer: the daily cron task."""
    return expirer().begin()


def expire_site(site: str, place: str) -> int:
    """Go on forgetting on one site: the RQ task. Returns how many comments were changed."""
    return expirer().expire(site, Place.read(place))


@cache
def expirer() -> Expirer:
    """Return this process's expirer, made from the environment at the first call."""
    settings = Settings.from_environment()
    store = open_store(settings, load_secrets(settings), server_urls(settings).store)
    doorbell = Doorbell(queue_connection(settings))
    return Expirer(store.sites, store.forgetting, store.trials, doorbell)

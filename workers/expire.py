"""The `expire` task: forget what a site keeps no longer, a second's work at a time."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

from config.settings import Settings, load_secrets
from service.moderation.verdict import Status
from service.store.doorbell import Doorbell
from service.store.embedded import server_urls
from service.store.retention import REFUSED, SETTLED_FOR_GOOD, Forgetting, Step
from service.store.sites import Retention, Sites, SiteUnknown
from service.store.store import open_store
from service.store.trials import DAY_S, DAYS_KEPT, Trials, day_of
from workers.queue import queue_connection

AT_ONCE_S = 1.0
"""A task ends after this long and rings for the rest: comments that arrive go first."""
ERASE, DELETE = "erase", "delete"


@dataclass(frozen=True, slots=True)
class Place:
    """Say where a site's forgetting has come to: what is done, in which status, the cursor."""

    what: str = ""
    status: str = ""
    cursor: str = ""

    def written(self) -> str:
        """Return the place as a job carries it."""
        return f"{self.what}:{self.status}:{self.cursor}"

    @classmethod
    def read(cls, written: str) -> Place:
        """Return the place that was written."""
        return cls(*written.split(":")) if written else cls()


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
        place = _first(retention, start)
        while place is not None:
            step = self._step(site, retention, place)
            done[place.what] += step.changed
            place = _next(retention, place, step)
            if place is not None and self.stopwatch() > until:
                self.doorbell.ring_to_expire(site, place.written())
                break
        if any(done.values()):
            self.forgetting.tell(site, done[ERASE], done[DELETE], int(self.clock() * 1000))
        return sum(done.values())

    def _step(self, site: str, retention: Retention, place: Place) -> Step:
        is_deleting = place.what == DELETE
        days = retention.refused_days if is_deleting else retention.personal_days
        work = self.forgetting.delete if is_deleting else self.forgetting.erase_personal
        before_ms = int((self.clock() - days * DAY_S) * 1000)
        return work(site, Status(place.status), before_ms, place.cursor)


def _parts(retention: Retention) -> list[Place]:
    """Return what is to be done, deleting first: what is gone need not be erased."""
    deleting = [Place(DELETE, status) for status in REFUSED] if retention.refused_days else []
    erasing = [Place(ERASE, status) for status in SETTLED_FOR_GOOD]
    return deleting + (erasing if retention.personal_days else [])


def _first(retention: Retention, start: Place) -> Place | None:
    """Return ``start`` if it is still to be done, or the beginning, or None for nothing."""
    parts = _parts(retention)
    is_part = any(_is_same(start, part) for part in parts)
    return start if is_part else next(iter(parts), None)


def _next(retention: Retention, place: Place, step: Step) -> Place | None:
    """Return where to go on after a step: in the same listing, in the next one, or nowhere."""
    if step.cursor:
        return replace(place, cursor=step.cursor)
    parts = _parts(retention)
    at = next(index for index, part in enumerate(parts) if _is_same(place, part))
    return parts[at + 1] if at + 1 < len(parts) else None


def _is_same(one: Place, other: Place) -> bool:
    return (one.what, one.status) == (other.what, other.status)


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

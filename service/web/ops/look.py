"""What the operator's page shows, read once a second for however many look.

Open pages are told every two seconds, or ask. The telemetry is read for one of them and kept
for a second, so that what a page costs does not grow with the pages.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Lock

from flask import current_app

from service.api.services import now_ms, services
from service.store.decisions import DeadLetter
from service.store.telemetry.views import (
    CheckView,
    FailedTasks,
    InboxView,
    Overview,
    RqQueueView,
    WebhooksView,
    WorkerView,
)

SHOWN = 50
KEPT_MS = 1_000
MOST_KEPT = 64
"""Looks kept at once: one for each set of sites that accounts may see."""
EXTENSION = "ecluse_ops_looks"


@dataclass(frozen=True, slots=True)
class DeadOnSite:
    """Hold one dead letter, and the site it stands on."""

    site: str
    letter: DeadLetter


@dataclass(frozen=True, slots=True)
class Look:
    """Hold one look at the whole service, as far as it concerns certain sites."""

    overview: Overview
    workers: tuple[WorkerView, ...]
    queues: tuple[RqQueueView, ...]
    inboxes: tuple[InboxView, ...]
    webhooks: tuple[WebhooksView, ...]
    checks: tuple[CheckView, ...]
    failed: FailedTasks
    dead: tuple[DeadOnSite, ...]


@dataclass
class Looks:
    """Keep the last look at each set of sites for a second."""

    _kept: dict[tuple[str, ...], Look] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def of(
        self, sites: tuple[str, ...], at_ms: int, take: Callable[[Sequence[str], int], Look]
    ) -> Look:
        """Return the look kept, or a new one by ``take`` where it has grown old."""
        with self._lock:
            found = self._kept.get(sites)
            if found is None or not 0 <= at_ms - found.overview.at_ms < KEPT_MS:
                found = take(sites, at_ms)
                if len(self._kept) >= MOST_KEPT:
                    self._kept.clear()
                self._kept[sites] = found
            return found


def look(sites: Sequence[str]) -> Look:
    """Look anew at ``sites`` and at what they share."""
    return take(tuple(sites), now_ms())


def recent_look(sites: Sequence[str]) -> Look:
    """Return what was seen within the last second."""
    looks: Looks = current_app.extensions.setdefault(EXTENSION, Looks())
    return looks.of(tuple(sites), now_ms(), take)


def take(sites: Sequence[str], at_ms: int) -> Look:
    """Read everything the page shows."""
    telemetry = services().telemetry
    seen = telemetry.seen(sites, at_ms)
    return Look(
        overview=telemetry.overview(sites, at_ms, seen),
        workers=seen.workers,
        queues=telemetry.rq_queues(at_ms),
        inboxes=seen.inboxes,
        webhooks=seen.webhooks,
        checks=tuple(sorted(seen.checks, key=_by_trouble)),
        failed=telemetry.failed_tasks(limit=SHOWN),
        dead=tuple(_dead([each.site for each in seen.inboxes if each.dead_letters])),
    )


def _by_trouble(check: CheckView) -> tuple[bool, str]:
    """Have the checks that fail or are silent come first: they would drown among the others."""
    return not (check.is_failing or check.is_silent), check.name


def _dead(sites: Sequence[str]) -> list[DeadOnSite]:
    """Return the oldest dead letters of the sites, a page of them."""
    found: list[DeadOnSite] = []
    for site in sites:
        letters = services().store.decisions.dead_letters(site, SHOWN - len(found))
        found.extend(DeadOnSite(site, letter) for letter in letters)
        if len(found) >= SHOWN:
            break
    return found

"""Sampling: how full the inboxes are, noted every ten seconds for the charts."""

from __future__ import annotations

from typing import Any

from service.store import keys
from service.store.keys import SiteKeys
from service.store.scripts import script
from service.store.server.connection import Client
from service.store.sites import Sites
from service.store.telemetry.slots import GRIDS
from service.store.telemetry.workers import living

EVERY_MS = 9_500
"""A little less than a step of the shortest chart, so that none is left out."""


class Sampler:
    """Look at all sites' inboxes together.

    Every runner asks each ten seconds, and every look at the overview; one look in ten
    seconds is kept. It counts what was accepted by the sites' own counters, so that accepting
    does nothing for it.
    """

    def __init__(self, client: Client, sites: Sites) -> None:
        self._client = client
        self._sites = sites
        self._script = script("telemetry/sample")

    def sample(self, now_ms: int) -> bool:
        """Look, unless somebody has just done so; say whether this look was kept."""
        last: Any = self._client.hget(keys.OPS_SAMPLED, "at")
        if last and now_ms - int(last) < EVERY_MS:
            return False
        names = [keys.OPS_SAMPLED, *(grid.key(now_ms) for grid in GRIDS.values())]
        looks = [*self._look(), len(living(self._client))]
        kept = [grid.kept_s for grid in GRIDS.values()]
        return bool(self._script(self._client, names, [now_ms, EVERY_MS, *looks, *kept]))

    def _look(self) -> tuple[int, int, int]:
        """Return the comments ever accepted, in inboxes and held, of all sites."""
        pipe = self._client.pipeline(transaction=False)
        for name in self._sites.names():
            site = SiteKeys(name)
            pipe.hget(site.counters, "accepted")
            pipe.xlen(site.inbox)
            pipe.zcard(site.status("held"))
        found = [int(value or 0) for value in pipe.execute()]
        return sum(found[0::3]), sum(found[1::3]), sum(found[2::3])

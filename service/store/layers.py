"""The sites' layers as one process holds them: read again only when they have changed."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from service.moderation.learning.layer import SiteLayer
from service.store.keys import EVERY_SITE
from service.store.learned import Learned

MOST_KEPT = 16
"""Layers a process holds, each about 1 MB."""


class Layers:
    """Hold the layers of the sites met last; ``clock`` gives seconds since the epoch."""

    def __init__(self, learned: Learned, clock: Callable[[], float] = time.time) -> None:
        self._learned = learned
        self._clock = clock
        self._lock = threading.Lock()
        self._held: OrderedDict[str, tuple[int, SiteLayer | None]] = OrderedDict()

    def shared(self) -> SiteLayer | None:
        """Return the layer of all sites together, or None where nothing is shared."""
        return self.of(EVERY_SITE) if self._learned.is_shared else None

    def of(self, site: str, edition: int | None = None) -> SiteLayer | None:
        """Return the site's layer, or None where nothing was learned.

        ``edition`` is that of the layer kept, where the caller has just read it.
        """
        if edition is None:
            edition = self._learned.edition(site)
        with self._lock:
            held = self._held.get(site)
        if held is None or held[0] != edition:
            held = (edition, self._learned.layer(site, self._clock()) if edition else None)
        with self._lock:
            self._held[site] = held
            self._held.move_to_end(site)
            while len(self._held) > MOST_KEPT:
                self._held.popitem(last=False)
        return held[1]

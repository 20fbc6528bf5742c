"""The sites' layers as one process holds them: read again only when they have changed."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

from service.moderation.learning.layer import SiteLayer
from service.store.keys import EVERY_SITE
from service.store.learning.learned import Learned

MOST_KEPT = 16
"""Layers a process holds, each about 1 MB."""


class Layers:
    """Hold the layers of the sites met last, for all threads of a process.

    ``clock`` gives seconds since the epoch; what was looked up within the last ``fresh_s``
    of them is taken as it is, so that who asks a thousand times a second asks the store once.
    """

    def __init__(
        self, learned: Learned, clock: Callable[[], float] = time.time, fresh_s: float = 0.0
    ) -> None:
        self._learned = learned
        self._clock = clock
        self._fresh_s = fresh_s
        self._lock = Lock()
        self._held: OrderedDict[str, _Held] = OrderedDict()

    def shared(self) -> SiteLayer | None:
        """Return the layer of all sites together, or None where nothing is shared."""
        return self.of(EVERY_SITE) if self._learned.is_shared else None

    def of(self, site: str, edition: int | None = None) -> SiteLayer | None:
        """Return the site's layer, or None where nothing was learned.

        ``edition`` is that of the layer kept, where the caller has just read it.
        """
        held, now = self._held.get(site), self._clock()
        if edition is None:
            if held is not None and 0 <= now - held.looked_at < self._fresh_s:
                return held.layer
            edition = self._learned.edition(site)
        if held is not None and held.edition == edition:
            layer = held.layer
        else:
            layer = self._learned.layer(site, now) if edition else None
        with self._lock:
            self._held[site] = _Held(edition, layer, now)
            self._held.move_to_end(site)
            while len(self._held) > MOST_KEPT:
                self._held.popitem(last=False)
        return layer


@dataclass(frozen=True, slots=True)
class _Held:
    """Hold a layer, its edition, and when that was looked up."""

    edition: int
    layer: SiteLayer | None
    looked_at: float

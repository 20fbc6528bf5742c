"""The outbox: what happened on a site and its webhooks are not told yet (outbox.lua writes it)."""

from __future__ import annotations

from typing import Any

from service.store.comments import BELL_TTL_MS
from service.store.keys import SiteKeys
from service.store.server.connection import Client


class Outbox:
    """Say whether a worker must come for what is in the sites' outboxes."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def must_ring(self, site: str) -> bool:
        """Say whether there is anything to tell and nobody was called for it; then you are."""
        return self.depth(site) > 0 and self.set_bell(site)

    def depth(self, site: str) -> int:
        """Return how many events no webhook was given yet."""
        count: Any = self._client.xlen(SiteKeys(site).outbox)
        return int(count)

    def set_bell(self, site: str) -> bool:
        """Say that a worker must come and deliver, unless somebody said so already."""
        return bool(self._client.set(SiteKeys(site).deliver_bell, "1", nx=True, px=BELL_TTL_MS))

    def clear_bell(self, site: str) -> None:
        """Let the next event ring again; called before the first read."""
        self._client.delete(SiteKeys(site).deliver_bell)

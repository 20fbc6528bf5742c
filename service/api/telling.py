"""Waking the worker who tells webhooks."""

from __future__ import annotations

from service.api.services import services


def ring_to_deliver(site: str) -> None:
    """Have a site's webhooks told of what happened, if anything did and nobody was called yet."""
    if services().store.outbox.must_ring(site):
        services().doorbell.ring_to_deliver(site)


def ring_at_once(site: str) -> None:
    """Say that something waits for one of a site's webhooks, past the outbox."""
    if services().store.outbox.set_bell(site):
        services().doorbell.ring_to_deliver(site)

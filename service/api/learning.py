"""Waking the worker who learns."""

from __future__ import annotations

from service.api.services import services


def ring_to_learn(site: str) -> None:
    """Say that a site has something to learn or to forget, unless somebody said so already."""
    if services().store.learned.set_bell(site):
        services().doorbell.ring_to_learn(site)

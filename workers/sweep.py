"""The `sweep` task: ring again for every inbox that somebody left behind."""

from __future__ import annotations

from service.store.doorbell import Doorbell
from service.store.inbox import Inbox
from service.store.sites import Sites
from workers.moderate import moderator


def sweep() -> int:
    """Ring for every site whose inbox is not empty: the RQ cron task.

    Returns how many bells were rung.
    """
    here = moderator()
    return ring_where_needed(here.sites, here.inbox, here.doorbell)


def ring_where_needed(sites: Sites, inbox: Inbox, doorbell: Doorbell) -> int:
    """Ring for each inbox that is not empty and has no bell on its way already."""
    waiting = (name for name in sites.names() if inbox.is_waiting(name))
    return sum(doorbell.ring(name) for name in waiting if inbox.set_bell(name))

"""The inboxes as operators see them: what waits on each site, and for how long."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from service.store.keys import SiteKeys
from service.store.server.connection import Client
from service.store.telemetry.views import InboxView, Unlooked

COUNTERS = ("accepted", "replayed", "settled")


def look_at_inboxes(client: Client, sites: Sequence[str], now_ms: int) -> tuple[InboxView, ...]:
    """Return the sites' inboxes, in the order asked, by one pipeline."""
    pipe = client.pipeline(transaction=False)
    for name in sites:
        site = SiteKeys(name)
        pipe.xlen(site.inbox)
        pipe.xrange(site.inbox, count=1)
        for waiting in (site.status("held"), site.unscreened):
            pipe.zcard(waiting)
            pipe.zrange(waiting, 0, 0, withscores=True)
        pipe.zcard(site.handled)
        pipe.zcard(site.dead)
        pipe.hmget(site.counters, COUNTERS)
    found = pipe.execute()
    width = len(found) // len(sites) if sites else 1
    rows = [found[at : at + width] for at in range(0, len(found), width)]
    return tuple(_view(site, row, now_ms) for site, row in zip(sites, rows, strict=True))


def unlooked(inboxes: Sequence[InboxView]) -> Unlooked:
    """Return what waits for a check or a moderator, on all sites together."""
    ages = [
        age_s
        for each in inboxes
        for age_s in (each.oldest_s, each.held_oldest_s, each.unscreened_oldest_s)
        if age_s is not None
    ]
    return Unlooked(
        inbox=sum(each.depth for each in inboxes),
        unscreened=sum(each.unscreened for each in inboxes),
        held_unseen=sum(max(each.held - each.unscreened, 0) for each in inboxes),
        held_untouched=sum(each.held_untouched for each in inboxes),
        oldest_s=max(ages, default=None),
    )


def _view(site: str, row: Sequence[Any], now_ms: int) -> InboxView:
    depth, first, held, held_first, unscreened, unscreened_first, handled, dead, counters = row
    accepted, replayed, settled = (int(value or 0) for value in counters)
    return InboxView(
        site=site,
        depth=depth,
        oldest_s=_age_s(int(first[0][0].split(b"-")[0]), now_ms) if first else None,
        held=held,
        held_oldest_s=_age_s(held_first[0][1], now_ms) if held_first else None,
        unscreened=unscreened,
        unscreened_oldest_s=_age_s(unscreened_first[0][1], now_ms) if unscreened_first else None,
        held_untouched=max(held - handled, 0),
        dead_letters=dead,
        accepted=accepted,
        replayed=replayed,
        settled=settled,
    )


def _age_s(since_ms: float, now_ms: int) -> float:
    return max(now_ms - since_ms, 0) / 1000

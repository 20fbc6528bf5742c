"""What the queue's pages read from the store, and change in it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from service.api.outcomes import follow_up, ring_to_learn
from service.api.services import now_ms, services
from service.moderation.verdict import Status
from service.store.decisions import Order, Result
from service.store.queue.views import TooManyViews, View, ViewInvalid


def by_status(site: str) -> dict[Status, int]:
    """Return how many comments of a site are in each status."""
    found = services().store.decisions.counts(site)
    return {status: found.get(f"status.{status}", 0) for status in Status}


def held(sites: Sequence[str]) -> dict[str, int]:
    """Return how many comments wait on each site."""
    return {site: by_status(site)[Status.HELD] for site in sites}


def decide(site: str, orders: Sequence[Order], actor: str, reason: str) -> list[Result]:
    """Carry out decisions, and have what they teach learned."""
    results = services().store.decisions.decide(site, orders, actor, reason, now_ms())
    follow_up(site, results, actor)
    return results


def edit_and_approve(
    site: str, comment_id: str, content: str, version: int, actor: str, reason: str
) -> Result:
    """Put other words in the place of a comment's and approve it."""
    decisions = services().store.decisions
    result = decisions.edit_and_approve(site, comment_id, content, version, actor, reason, now_ms())
    follow_up(site, [result], actor)
    return result


def undo(site: str, comment_id: str, version: int | None, actor: str) -> Result:
    """Take back the last decision on a comment."""
    result = services().store.decisions.undo(site, comment_id, actor, now_ms(), version)
    ring_to_learn(site, [result])
    return result


def reasons(site: str) -> list[str]:
    """Return the reasons for a refusal to choose from, in the site's language: readers get them."""
    settings = services().store.sites.get(site).site
    return [template.text(settings.lang) for template in settings.templates]


def save_view(name: str, view: str, query: str) -> None:
    """Save a view for somebody; beyond what may be kept nothing happens."""
    with suppress(ViewInvalid, TooManyViews):
        services().store.views.save(name, View(view, query))

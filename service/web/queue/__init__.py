"""The moderators' queue: the room where held comments are read and decided."""

from __future__ import annotations

from service.web.queue import decisions, keys_page, listing, live, one, saved, scores

QUEUE_PAGES = (
    listing.blueprint,
    decisions.blueprint,
    one.blueprint,
    live.blueprint,
    keys_page.blueprint,
    saved.blueprint,
    scores.blueprint,
)
"""The blueprints of the room."""

"""What has happened in the queue since a page last asked.

Pages ask again and again, so an answer costs one small read where nothing has happened.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Response, request

from service.api.answer import answer
from service.api.services import services
from service.store.live import Event
from service.store.records import Record
from service.web.queue import words
from service.web.queue.cards import told_decision
from service.web.staff.guard import MODERATING, member, site_asked, staff_blueprint

MOST_AT_ONCE = 200
NOTHING_DECIDED = frozenset({"held", "claimed", "released", "noted"})
blueprint = staff_blueprint("queue_live", "/moderate", MODERATING)
_NO_STORE = {"Cache-Control": "no-store"}


@blueprint.get("/changes")
def changes() -> Response:
    """Get what has happened on a site after the place named; 204 when nothing has."""
    site = site_asked(request.args.get("site", ""))
    found = services().store.live.since(site, request.args.get("after", "")[:50], MOST_AT_ONCE)
    if not found.events and not found.is_lost:
        return Response(status=204, headers=_NO_STORE)
    told = _told(site, found.events)
    return answer({"last": found.last, "is_lost": found.is_lost, "events": told}, 200, _NO_STORE)


def _told(site: str, events: Sequence[Event]) -> list[dict[str, Any]]:
    """Return the last thing that happened to each comment, and by whom, in words."""
    last = {event.comment_id: event for event in events}
    left = [each.comment_id for each in last.values() if each.what not in NOTHING_DECIDED]
    records = {r.comment.id: r for r in services().store.comments.get_many(site, left)}
    return [_event(each, records) for each in last.values()]


def _event(event: Event, records: dict[str, Record]) -> dict[str, Any]:
    record = records.get(event.comment_id)
    decision = record.decision if record else None
    actor = event.by or (decision.actor if decision else "")
    return {
        "id": event.comment_id,
        "what": event.what,
        "version": event.version,
        "who": words.person(actor),
        "is_you": actor == member().actor,
        "says": told_decision(decision) if decision else "",
    }

"""What has happened in the queue since a page last asked.

Pages ask again and again, so an answer costs one small read where nothing has happened.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from flask import Response, request

from service.api.answer import answer
from service.api.services import now_ms, services
from service.store.queue.live import Event
from service.store.records import Record
from service.web.queue import words
from service.web.queue.asked import Asked, asked_for
from service.web.queue.cards import told_decision
from service.web.staff.guard import MODERATING, member, staff_blueprint

MOST_AT_ONCE = 200
NOTHING_DECIDED = frozenset({"held", "claimed", "released", "noted"})
blueprint = staff_blueprint("queue_live", "/moderate", MODERATING)
_NO_STORE = {"Cache-Control": "no-store"}


@blueprint.get("/changes")
def changes() -> Response:
    """Get what has happened on a site after the place named; 204 when nothing has.

    Of what came into the list asked for, it is told whether the filters let it pass.
    """
    asked = asked_for(request.args)
    site = asked.site
    found = services().store.live.since(site, request.args.get("after", "")[:50], MOST_AT_ONCE)
    if not found.events and not found.is_lost:
        return Response(status=204, headers=_NO_STORE)
    told = _told(asked, found.events)
    return answer({"last": found.last, "is_lost": found.is_lost, "events": told}, 200, _NO_STORE)


def _told(asked: Asked, events: Sequence[Event]) -> list[dict[str, Any]]:
    """Return the last thing that happened to each comment, and by whom, in words."""
    site = asked.site
    last = {event.comment_id: event for event in events}
    left = [each.comment_id for each in last.values() if each.what not in NOTHING_DECIDED]
    records = {r.comment.id: r for r in services().store.comments.get_many(site, left)}
    came = [each.comment_id for each in last.values() if each.what == asked.status]
    passing = _passing(asked, came)
    return [_event(each, records) | {"fits": each.comment_id in passing} for each in last.values()]


def _passing(asked: Asked, came: Sequence[str]) -> Collection[str]:
    """Return which of the comments that came into a list its filters let pass."""
    if not asked.narrowing or not came:
        return came
    return services().store.queue.fitting(asked.site, asked.filters(now_ms()), came)


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

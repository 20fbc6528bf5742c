"""Deciding: one comment or many, and taking it back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Response, render_template, request

from service.api.answer import answer
from service.api.language import language
from service.api.services import services
from service.moderation.verdict import Status
from service.schemas.messages import translate, translator
from service.schemas.staff import STATUS_OF, Move
from service.store.decisions import Outcome, Result
from service.store.records import Record
from service.web.queue import reading, words
from service.web.queue.asked import Asked
from service.web.queue.cards import cards, told_decision
from service.web.queue.listing import TOLD_AT_ONCE, card_context
from service.web.queue.sent import (
    back_to,
    decision_sent,
    joined,
    list_before,
    orders_sent,
    pairs_sent,
    tokens_sent,
    wants_json,
)
from service.web.staff.guard import CSRF_FIELD, MODERATING, member, staff_blueprint
from service.web.staff.page import page

blueprint = staff_blueprint("queue_decisions", "/moderate", MODERATING)
SENTENCES = {
    Outcome.STALE: words.CHANGED,
    Outcome.UNKNOWN: words.GONE,
    Outcome.UNSETTLED: words.UNSETTLED,
    Outcome.WITHDRAWN: words.WITHDRAWN,
}


@blueprint.post("/decisions")
def decide() -> Response:
    """Carry out a decision on the comments named, each only if nobody was faster.

    More than one are asked about first. A script is answered in JSON: 409 where none of
    them could be decided, each with its card as it stands now.
    """
    asked, sent = list_before(), decision_sent()
    move: Move = sent["action"]
    orders = orders_sent(STATUS_OF[move])
    if len(orders) > 1 and not sent["sure"]:
        return _sure(asked, move, len(orders))
    reason = sent["reason"] or sent["template"]
    results = reading.decide(asked.site, orders, member().actor, reason)
    return told(asked, move.value, results, STATUS_OF[move])


@blueprint.post("/undo")
def undo() -> Response:
    """Take back the last decision on each of the comments named."""
    asked = list_before()
    who = member().actor
    results = [reading.undo(asked.site, *pair, who) for pair in pairs_sent()]
    return told(asked, "undo", results)


def _sure(asked: Asked, move: Move, count: int) -> Response:
    """Ask before many are decided at once."""
    return page(
        "queue/sure.html",
        asked=asked,
        back=asked.query(),
        move=move,
        name=words.MOVE_NAMES[move],
        count=count,
        tokens=" ".join(tokens_sent()),
        reason=request.form.get("reason", "") or request.form.get("template", ""),
    )


def told(
    asked: Asked, did: str, results: Sequence[Result], target: Status | None = None
) -> Response:
    """Tell what became of decisions: a browser by its list, the page's script in JSON."""
    ids = [result.comment_id for result in results]
    records = {
        each.comment.id: each for each in services().store.comments.get_many(asked.site, ids)
    }
    outcomes = [_outcome(result, records.get(result.comment_id), target) for result in results]
    done = [f"{each['id']}:{each['version']}" for each in outcomes if each["is_done"]]
    if not wants_json():
        late = [each["id"] for each in outcomes if not each["is_done"]]
        undoable = joined(done) if len(done) <= TOLD_AT_ONCE else ""
        return back_to(
            asked,
            did=did,
            count=str(len(done)),
            done=undoable,
            late=joined(late[:TOLD_AT_ONCE]),
        )
    _show(asked, outcomes, records)
    return answer({"results": outcomes}, 200 if done else 409, {"Cache-Control": "no-store"})


def _outcome(result: Result, record: Record | None, target: Status | None) -> dict[str, Any]:
    """Return what became of one decision; one of ours that was sent twice is done."""
    is_repeated = (
        result.outcome is Outcome.STALE
        and record is not None
        and record.decision is not None
        and record.decision.actor == member().actor
        and record.status is target
    )
    is_done = result.outcome is Outcome.DONE or is_repeated
    return {
        "id": result.comment_id,
        "is_done": is_done,
        "version": result.version,
        "status": record.status.value if record else "",
        "says": "" if is_done else _says(result, record),
    }


def _says(result: Result, record: Record | None) -> str:
    is_decided = record is not None and record.decision is not None
    if result.outcome is Outcome.STALE and record and record.decision and is_decided:
        return told_decision(record.decision)
    return translate(SENTENCES.get(result.outcome, words.CHANGED), language())


def _show(asked: Asked, outcomes: Sequence[dict[str, Any]], records: dict[str, Record]) -> None:
    """Add to what is told the card of each comment that comes back to the page."""
    wanted = [each for each in outcomes if each["id"] in records and _comes_back(each)]
    found = cards(asked.site, [records[each["id"]] for each in wanted])
    context = card_context(asked)
    frame = {"_": translator(language()), "csrf_field": CSRF_FIELD, "csrf": member().csrf}
    for each, card in zip(wanted, found, strict=True):
        each["card"] = render_template("queue/card.html", card=card, **frame, **context)


def _comes_back(outcome: dict[str, Any]) -> bool:
    return not outcome["is_done"] or request.endpoint == "queue_decisions.undo"

"""What becomes of decisions: told to the caller, and to the worker who learns from them."""

from __future__ import annotations

from collections.abc import Sequence

from service.api import learning
from service.api.problems import Problem
from service.api.services import now_ms, services
from service.api.telling import ring_to_deliver
from service.moderation.verdict import Status
from service.store.comments import CommentUnknown
from service.store.decisions import Outcome, Result
from service.store.queue.second_looks import Decided

ALONE = {
    Outcome.STALE: Problem(409, "stale", "Somebody else has decided on this comment."),
    Outcome.UNSETTLED: Problem(409, "unsettled", "This comment is still being checked."),
    Outcome.WITHDRAWN: Problem(409, "withdrawn", "Its author has withdrawn this comment."),
    Outcome.NOTHING: Problem(409, "nothing-to-undo", "There is no decision to take back."),
}


def ring_to_learn(site: str, results: Sequence[Result]) -> None:
    """Wake the worker who learns, where anything was decided or taken back."""
    if any(result.outcome is Outcome.DONE for result in results):
        learning.ring_to_learn(site)
        ring_to_deliver(site)
        ring_to_call_back(site)


def ring_to_call_back(site: str) -> None:
    """Wake the worker who tells blogs what became of comments they asked about, if any waits."""
    callbacks = services().store.callbacks
    if callbacks.are_due(site, now_ms()) and callbacks.set_bell(site):
        services().doorbell.ring_to_call_back(site)


def follow_up(site: str, results: Sequence[Result], actor: str) -> None:
    """Have decisions learned, and some of them judged again by somebody not told of them."""
    ring_to_learn(site, results)
    share = services().store.sites.get(site).site.second_look
    if not share:
        return
    decided = [
        Decided(result.comment_id, actor, is_published=result.status == Status.APPROVED)
        for result in results
        if result.outcome is Outcome.DONE and result.status != Status.HELD
    ]
    services().store.second_looks.add(site, decided, share, now_ms())


def raise_alone(result: Result) -> None:
    """Raise ``CommentUnknown`` or ``Problem`` 409 for a single decision that was not done."""
    if result.outcome is Outcome.UNKNOWN:
        raise CommentUnknown(result.comment_id)
    if result.outcome in ALONE:
        raise ALONE[result.outcome]


def result_body(result: Result) -> dict[str, object]:
    """Return one decision's result as it is answered."""
    return {
        "id": result.comment_id,
        "outcome": result.outcome,
        "status": result.status or None,
        "version": result.version,
    }

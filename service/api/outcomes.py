"""What becomes of decisions: told to the caller, and to the worker who learns from them."""

from __future__ import annotations

from collections.abc import Sequence

from service.api import learning
from service.api.problems import Problem
from service.store.comments import CommentUnknown
from service.store.decisions import Outcome, Result

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

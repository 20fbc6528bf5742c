"""submit-spam and submit-ham: a blog's own moderator decides, and the site learns of it."""

from __future__ import annotations

from flask import Response

from service.api.outcomes import follow_up
from service.api.services import now_ms, services
from service.compat.akismet.answers import THANKS, word
from service.compat.akismet.call import Call
from service.compat.akismet.checking import is_guaranteed_spam
from service.compat.akismet.judge import judge, keep
from service.moderation.verdict import Status
from service.store.comments import CommentUnknown
from service.store.decisions import Order
from service.store.doors.door_keys import Door
from service.store.webhooks.callbacks import result_of

MISSED = {Status.SPAM: "missed_spam", Status.APPROVED: "false_positives"}


def correct(call: Call, target: Status) -> Response:
    """Decide on the comment in a call, as a moderator would.

    One that is not known here is kept first, also where the site has its comments only
    checked: a lesson is made of a comment, and with it forgotten.
    """
    if call.sent["is_test"] or is_guaranteed_spam(call) or not call.sent["comment_content"]:
        return word(THANKS)
    site = call.site.name
    comment_id = _known(call) or _kept(call)
    if not _is_decided(site, comment_id, target):
        # The blog knows it: that is no news to be posted back to it.
        services().store.at_door.note_told(site, comment_id, result_of(target, ""))
        order = Order(comment_id, target)
        results = services().store.decisions.decide(site, [order], call.actor, "", now_ms())
        follow_up(site, results, call.actor)
        store, now_s = services().store, services().clock()
        store.door_counts.add(site, Door.AKISMET, (MISSED[target],), now_s)
    return word(THANKS)


def _known(call: Call) -> str:
    """Return the comment that was kept when it was checked, or nothing."""
    store = services().store
    seen = store.at_door.seen(call.site.name, call.sent.identity)
    return seen if seen and store.comments.status(call.site.name, seen) else ""


def _kept(call: Call) -> str:
    opinion = judge(call, is_known=True)
    keep(call, opinion, (), is_stored=True)
    return opinion.comment_id


def _is_decided(site: str, comment_id: str, target: Status) -> bool:
    """Say whether somebody decided the same already, in the queue or by the same correction."""
    try:
        record = services().store.comments.get(site, comment_id)
    except CommentUnknown:
        return True
    return record.status is target and record.decision is not None

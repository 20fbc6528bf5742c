"""The address that WordPress's comment form is sent to."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, Response

from service.api.browser_forms import landing
from service.api.callers import Caller
from service.api.intake import Submission, submission_of
from service.api.media import asked
from service.api.own import keep_pass
from service.api.problems import Problem
from service.api.services import services
from service.compat.wordpress.answers import PATH, onward
from service.compat.wordpress.form import fields_of, form_origin, led_on, site_meant
from service.moderation.verdict import Status
from service.schemas.wordpress import DUPLICATE, NOT_A_FORM
from service.store.comments import ParentUnknown, Receipt, ThreadTooDeep

WAIT_S = 1.0
"""How long a browser is kept for a verdict, as with our own form."""

blueprint = Blueprint("wordpress_form", __name__)


@blueprint.route(PATH, methods=["POST"])
def comment() -> Response:
    """Take a comment from a form as WordPress makes it, and send the browser to it."""
    current = asked()
    if not current.is_form:
        raise Problem(400, "not-a-form", NOT_A_FORM)
    form, origin = current.form.to_dict(), form_origin()
    known = site_meant(origin)
    site = known.site.name
    submission = submission_of(known.site, Caller(origin=origin), fields_of(form, origin))
    receipt = _accepted(submission)
    if receipt.is_replay:
        raise Problem(409, "duplicate", DUPLICATE)
    if receipt.must_ring:
        services().doorbell.ring(site)
    target = landing(led_on(form, origin), submission.arrival.comment.page, origin)
    answer = onward(site, target, receipt.comment_id, _status(site, receipt.comment_id))
    keep_pass(answer, site, receipt.comment_id)
    return answer


def _accepted(submission: Submission) -> Receipt:
    """Keep a comment; one that answers what is not there stands by itself, as in WordPress."""
    comments, arrival = services().store.comments, submission.arrival
    try:
        return comments.accept(arrival)
    except (ParentUnknown, ThreadTooDeep):
        return comments.accept(replace(arrival, comment=replace(arrival.comment, parent="")))


def _status(site: str, comment_id: str) -> Status:
    """Return what the author is told of a comment, after a moment's wait for its verdict."""
    comments, waiters = services().store.comments, services().waiters
    if not waiters.wait(lambda: comments.status(site, comment_id), WAIT_S):
        return Status.RECEIVED
    return comments.get(site, comment_id).told_status

"""Comments in: submitting, asking after, editing, withdrawing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Response
from flask.views import MethodView
from flask_smorest import Blueprint

from service.api.answer import answer
from service.api.browser_forms import redirect_back
from service.api.callers import admitted, site_of
from service.api.intake import load, read_body, read_submission
from service.api.language import language
from service.api.limits import rate_limit_headers
from service.api.media import JSON, asked, is_form, wants_page
from service.api.nudge import nudge_if_needed
from service.api.openapi import COMMENT, RECEIPT, problems
from service.api.own import author_link, edit, own, withdraw
from service.api.problems import Problem
from service.api.services import services
from service.api.tokens import make_edit_token, make_form_token
from service.moderation.comment import Comment
from service.moderation.verdict import Status
from service.schemas.addresses import suggestion_for
from service.schemas.messages import Message, translate
from service.schemas.outgoing import FormTokenSchema, OwnCommentSchema, ReceiptSchema
from service.schemas.presentation import links, own_comment, told_reasons
from service.schemas.submission import (
    HONEYPOT,
    EditSchema,
    ServerSubmissionSchema,
    SubmissionSchema,
    edit_schema,
)
from service.schemas.wording import status_sentence
from service.store.comments import Receipt
from service.store.records import Record

blueprint = Blueprint(
    "comments", "comments", url_prefix="/v1/sites/<site>", description="Comments in"
)
WAIT_OF_A_PAGE_S = 1.0
SUGGESTION = "Did you mean {value}?"
WAIT = {
    "in": "query",
    "name": "wait",
    "schema": {"type": "number"},
    "description": "Seconds to wait for the verdict, for as long as the service allows",
}
EDIT_TOKEN = {"in": "header", "name": "Edit-Token", "schema": {"type": "string"}}


@blueprint.route("/comments", methods=["POST"])
@blueprint.doc(
    requestBody={
        "required": True,
        "content": {
            JSON: {"schema": ServerSubmissionSchema, "example": COMMENT},
            "application/x-www-form-urlencoded": {"schema": SubmissionSchema},
            "multipart/form-data": {"schema": SubmissionSchema},
        },
    },
    parameters=[
        WAIT,
        {"in": "header", "name": "Idempotency-Key", "schema": {"type": "string"}},
    ],
    responses=problems(400, 401, 403, 404, 413, 415, 422, 429, 503),
    security=[{"key": []}, {}],
)
@blueprint.response(
    202, ReceiptSchema, description="Accepted; its verdict is not known yet", example=RECEIPT
)
@blueprint.alt_response(200, schema=ReceiptSchema, description="Accepted, and judged already")
def submit(site: str) -> Response:
    """Submit a comment.

    Browsers are admitted by Origin, servers by key. `?wait=2` holds the answer until the
    verdict is known or two seconds have passed.
    """
    known = site_of(site)
    caller = admitted(known)
    is_page = wants_page()
    wait_s = _wished_wait_s() or (WAIT_OF_A_PAGE_S if is_page else 0.0)
    submission = read_submission(known.site, caller)
    nudge_if_needed(known.site, submission)
    with services().tracing.span("accept"):
        receipt = services().store.comments.accept(submission.arrival)
    asked().comment_id = receipt.comment_id
    if receipt.must_ring:
        services().doorbell.ring(site)
    comment = submission.arrival.comment
    record = _judged(site, receipt, wait_s)
    if is_page and caller.origin:
        return redirect_back(comment, receipt, record, caller.origin)
    return _receipt(site, receipt, record, submission.arrival.personal.email, comment)


@blueprint.route("/form-token", methods=["GET"])
@blueprint.doc(responses=problems(404))
@blueprint.response(200, FormTokenSchema)
def form_token(site: str) -> Response:
    """Get what a form about to be shown needs: a signed time stamp, its trap, what to require."""
    asked_for = site_of(site).site
    token = make_form_token(services().store.vault, site, services().clock())
    body = {
        "form_token": token,
        "honeypot": HONEYPOT,
        "required": sorted(asked_for.required),
        "lang": asked_for.lang,
    }
    return answer(body, 200, {"Cache-Control": "no-store"})


@blueprint.route("/comments/<comment_id>")
class OwnComment(MethodView):
    """A comment in its author's hands, by the edit token (or the site's key)."""

    @blueprint.doc(parameters=[WAIT, EDIT_TOKEN], responses=problems(400, 401, 403, 404))
    @blueprint.response(200, OwnCommentSchema)
    def get(self, site: str, comment_id: str) -> Response:
        """Ask what became of a comment. `?wait=2` waits for its verdict."""
        wait_s = _wished_wait_s()
        record = own(site, comment_id)
        if record.status is Status.RECEIVED and _wait(site, comment_id, wait_s):
            record = services().store.comments.get(site, comment_id)
        return _own_answer(record)

    @blueprint.doc(
        requestBody={"required": True, "content": {JSON: {"schema": EditSchema}}},
        parameters=[EDIT_TOKEN],
        responses=problems(400, 401, 403, 404, 409, 413, 415, 422, 503),
    )
    @blueprint.response(200, OwnCommentSchema)
    def patch(self, site: str, comment_id: str) -> Response:
        """Edit a comment; it is checked again. Possible for 15 minutes, unless set otherwise."""
        record = own(site, comment_id)
        schema = edit_schema(site_of(site).site.required, is_form=is_form())
        changed = _changed(record.comment, load(schema, read_body()))
        edit(record, changed)
        return _own_answer(services().store.comments.get(site, comment_id))

    @blueprint.doc(parameters=[EDIT_TOKEN], responses=problems(401, 403, 404, 409))
    @blueprint.response(200, OwnCommentSchema)
    def delete(self, site: str, comment_id: str) -> Response:
        """Withdraw a comment: its words and all that is personal go. For as long as an edit."""
        record = own(site, comment_id)
        withdraw(record)
        return _own_answer(services().store.comments.get(site, comment_id))


def _judged(site: str, receipt: Receipt, wait_s: float) -> Record | None:
    """Return the record once its verdict is known; None when nobody waits for it."""
    is_known = _wait(site, receipt.comment_id, wait_s)
    if is_known or receipt.is_replay:
        return services().store.comments.get(site, receipt.comment_id)
    return None


def _wait(site: str, comment_id: str, limit_s: float) -> bool:
    comments = services().store.comments
    return services().waiters.wait(lambda: comments.status(site, comment_id), limit_s)


def _wished_wait_s() -> float:
    wait = asked().query.get("wait")
    if not wait:
        return 0.0
    try:
        wished = float(wait)
    except ValueError:
        raise Problem(400, "bad-wait", "`wait` is a number of seconds.") from None
    limit = services().settings.wait_limit_s
    return min(wished, limit) if wished > 0 else 0.0


def _receipt(
    site: str, receipt: Receipt, record: Record | None, email: str, comment: Comment
) -> Response:
    status = record.told_status if record else Status.RECEIVED
    tongue = language()
    token = make_edit_token(services().store.vault, site, receipt.comment_id)
    body: dict[str, Any] = {
        "id": receipt.comment_id,
        "status": status,
        "message": status_sentence(status, tongue),
        "edit_token": token,
        "links": {
            **links(record.comment if record else comment),
            "author": author_link(site, receipt.comment_id, token),
        },
    }
    if record is not None:
        body["reasons"] = told_reasons(record, tongue)
    suggestion = suggestion_for(email)
    if suggestion:
        message = translate(Message(SUGGESTION, value=suggestion), tongue)
        body["suggestions"] = [{"field": "email", "value": suggestion, "message": message}]
    is_known = status is not Status.RECEIVED
    headers = {"Location": body["links"]["self"], "Content-Language": tongue}
    headers |= rate_limit_headers(receipt.allowances)
    return answer(body, 200 if is_known else 202, headers)


def _own_answer(record: Record) -> Response:
    body = own_comment(record, language(), services().settings.edit_window_s)
    return answer(body, 200, {"Cache-Control": "no-store"})


def _changed(comment: Comment, changes: dict[str, Any]) -> Comment:
    return replace(comment, **changes)

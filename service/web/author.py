"""The author's page `/c/{site}/{id}`: where a comment stands and why, and what its author may do.

It opens with the edit token, once in the address: a cookie takes its place. Coming from
another site, a browser keeps a strict cookie back even after a redirect, so that the page
asks it to load once more.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import orjson
from babel.dates import format_datetime
from flask import Blueprint, Response, make_response, render_template, request, url_for
from marshmallow import ValidationError

from service.api import own
from service.api.callers import origin_of, site_of
from service.api.intake import load
from service.api.language import language, translated
from service.api.problems import Problem, problem_of
from service.api.services import now_ms, services
from service.api.tokens import is_edit_token, make_edit_token
from service.moderation.verdict import Status
from service.schemas.messages import translate, translator
from service.schemas.presentation import (
    appeal_ends_ms,
    told_appeal,
    told_reasons,
    told_sentence,
)
from service.schemas.submission import edit_schema, is_comment_id
from service.schemas.voices import APPEAL_LIMIT, appeal_schema
from service.store.comments import CommentUnknown, EditClosed
from service.store.records import Record
from service.store.sites import SiteUnknown
from service.web.onward import go_to

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
}
MOMENT = {"fr": "d MMMM yyyy 'à' H 'h' mm 'UTC'", "en": "d MMMM yyyy 'at' HH:mm 'UTC'"}
AGAIN = "again"
FORM_KEY = "form_key"
DONE = {
    "edited": "Your changes are saved; the comment is checked again.",
    "withdrawn": "Your comment is withdrawn.",
    "appealed": "Your appeal is sent.",
    "erased": "Your comment is erased.",
}
UNCONFIRMED = "Tick the box to confirm."
OLD_PAGE = Problem(403, "csrf", "This page has grown old: load it again, then repeat.")
EDITABLE = frozenset({Status.RECEIVED, Status.APPROVED, Status.HELD})
blueprint = Blueprint("author", __name__, url_prefix="/c/<site>/<comment_id>")


@blueprint.get("", strict_slashes=False)
def show(site: str, comment_id: str) -> Response:
    """Show a comment to its author."""
    token = request.args.get("token", "")
    if token and _is_ours(site, comment_id, token):
        answer = _to(url_for("author.show", site=site, comment_id=comment_id))
        own.keep_pass(answer, site, comment_id)
        return answer
    record = _record(site, comment_id)
    if record is None:
        return _closed(site, comment_id)
    return _page(record, done=translate(DONE.get(request.args.get("done", ""), ""), language()))


@blueprint.get("/data")
def data(site: str, comment_id: str) -> Response:
    """Send all that is kept of a comment as a file."""
    record = _record(site, comment_id)
    if record is None:
        return _closed(site, comment_id)
    raw = orjson.dumps(own.data_of(record, language()), option=orjson.OPT_INDENT_2)
    answer = Response(raw, content_type="application/json")
    answer.headers.update(HEADERS)
    answer.headers["Content-Disposition"] = f'attachment; filename="ecluse-{comment_id}.json"'
    return answer


@blueprint.post("/<any(edit, withdraw, appeal, erase):action>")
def change(site: str, comment_id: str, action: str) -> Response:
    """Do what the author asks, and show the page again."""
    record = _record(site, comment_id)
    if record is None:
        return _closed(site, comment_id)
    try:
        _check_form(site, comment_id)
        done = ACTIONS[action](record)
    except (ValidationError, Problem, EditClosed) as error:
        return _page(record, wrong=action, problem=problem_of(error))
    return _to(url_for("author.show", site=site, comment_id=comment_id, done=done))


def _edit(record: Record) -> str:
    required = services().store.sites.get(record.comment.site).site.required
    changes = load(edit_schema(required, is_form=True), request.form.to_dict())
    own.edit(record, replace(record.comment, **changes))
    return "edited"


def _withdraw(record: Record) -> str:
    own.withdraw(record)
    return "withdrawn"


def _appeal(record: Record) -> str:
    own.appeal(record, load(appeal_schema(is_form=True), request.form.to_dict())["text"])
    return "appealed"


def _erase(record: Record) -> str:
    if "sure" not in request.form:
        raise ValidationError({"sure": [UNCONFIRMED]})
    own.erase(record)
    return "erased"


ACTIONS = {"edit": _edit, "withdraw": _withdraw, "appeal": _appeal, "erase": _erase}


def _record(site: str, comment_id: str) -> Record | None:
    """Return the comment, if the browser holds its author's cookie and there is one."""
    if not _is_ours(site, comment_id, request.cookies.get(own.COOKIE, "")):
        return None
    try:
        site_of(site)
        return services().store.comments.get(site, comment_id)
    except (SiteUnknown, CommentUnknown):
        return None


def _is_ours(site: str, comment_id: str, token: str) -> bool:
    vault = services().store.vault
    return is_comment_id(comment_id) and is_edit_token(vault, site, comment_id, token)


def _form_key(site: str, comment_id: str) -> str:
    return services().store.vault.sign("author page", site, comment_id)


def _check_form(site: str, comment_id: str) -> None:
    """Refuse what another site's page sent: it cannot know what our forms carry."""
    sent = request.form.get(FORM_KEY, "")
    if not services().store.vault.is_signed(sent, "author page", site, comment_id):
        raise OLD_PAGE


def _closed(site: str, comment_id: str) -> Response:
    """Say that the page opens by its link alone; a browser may have kept its cookie back."""
    is_plain = AGAIN in request.args or request.headers.get("Sec-Fetch-Site") == "none"
    if is_plain or request.method != "GET" or request.endpoint != "author.show":
        return _rendered("reader/author_closed.html", 403)
    here = url_for("author.show", site=site, comment_id=comment_id, again=1)
    answer = _rendered("reader/author_again.html", 200, here=here)
    answer.headers["Refresh"] = f"0; url={here}"
    return answer


def _page(
    record: Record, *, done: str = "", wrong: str = "", problem: Problem | None = None
) -> Response:
    tongue, comment = language(), record.comment
    ends_ms = appeal_ends_ms(record)
    errors = problem.errors if problem else {}
    is_open = record.received_at_ms >= own.oldest_editable_ms() and not record.is_withdrawn
    is_settled = record.decision is not None or record.is_held_by_reports
    is_editable = is_open and record.told_status in EDITABLE and not is_settled
    token = make_edit_token(services().store.vault, comment.site, comment.id)
    return _rendered(
        "reader/author.html",
        problem.status if problem else 200,
        comment=comment,
        sentence=told_sentence(record, tongue),
        reasons=() if record.is_withdrawn else told_reasons(record, tongue),
        is_withdrawn=record.is_withdrawn,
        is_erased=record.is_erased,
        is_editable=is_editable,
        is_withdrawable=is_open,
        open_until=_moment(record.received_at_ms + services().settings.edit_window_s * 1000),
        can_appeal=ends_ms is not None and now_ms() <= ends_ms,
        appeal_until=_moment(ends_ms or 0),
        appeal=told_appeal(record),
        appeal_limit=APPEAL_LIMIT,
        submitted=_moment(record.submitted_at_ms),
        back=comment.page if origin_of(comment.page) else "",
        link=request.host_url.rstrip("/") + own.author_link(comment.site, comment.id, token),
        form_key=_form_key(comment.site, comment.id),
        here={"site": comment.site, "comment_id": comment.id},
        required=services().store.sites.get(comment.site).site.required,
        done=done,
        wrong=wrong,
        written=request.form if wrong else {},
        problem="" if errors or not problem else translate(problem.title, tongue),
        errors=translated(errors),
    )


def _moment(at_ms: int) -> str:
    moment = dt.datetime.fromtimestamp(at_ms / 1000, dt.UTC)
    return format_datetime(moment, MOMENT[language()], locale=language())


def _rendered(template: str, status: int, **context: Any) -> Response:
    tongue = language()
    body = render_template(template, _=translator(tongue), tongue=tongue, **context)
    answer = make_response(body, status)
    answer.headers.update(HEADERS)
    answer.headers["Content-Language"] = tongue
    return answer


def _to(address: str) -> Response:
    answer = go_to(address)
    answer.headers.update(HEADERS)
    return answer

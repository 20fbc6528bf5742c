"""The room of appeals: comments that were refused, what their authors say, and the answer."""

from __future__ import annotations

import datetime as dt
from typing import Any

from babel.dates import format_datetime
from flask import Response, request, url_for

from service.api.appeals import is_alone, settle
from service.api.language import language
from service.api.problems import Problem, problem_of
from service.api.services import services
from service.schemas.messages import translate
from service.schemas.presentation import reasons_of
from service.schemas.wording import DECIDED
from service.store.appeals import AppealChanged, AppealUnknown, OwnRefusal
from service.store.comments import CommentUnknown
from service.store.records import Record
from service.store.reported import MACHINE, AppealOutcome
from service.web.onward import go_to
from service.web.staff.guard import MODERATING, member, site_asked, staff_blueprint
from service.web.staff.page import page

SHOWN = 20
MOMENT = {"fr": "d MMM yyyy, HH:mm", "en": "d MMM yyyy, HH:mm"}
ANSWERED = {
    "granted": "Appeal granted: the comment is published.",
    "upheld": "Refusal upheld: the author is told.",
}
OUTCOMES = {"granted": AppealOutcome.GRANTED, "upheld": AppealOutcome.UPHELD}
UNDECIDED = Problem(422, "validation", "Grant the appeal, or uphold the refusal.")
blueprint = staff_blueprint("appeals", "/moderate/appeals", MODERATING)


@blueprint.get("/", strict_slashes=False)
def listing() -> Response:
    """Show the open appeals, the longest waiting first."""
    return _listing(site_asked(request.args.get("site", "")))


@blueprint.post("/<comment_id>")
def answer(comment_id: str) -> Response:
    """Grant one appeal, or uphold the refusal."""
    site = site_asked(request.form.get("site", ""))
    try:
        outcome = OUTCOMES.get(request.form.get("outcome", ""))
        if outcome is None:
            raise UNDECIDED
        settle(site, comment_id, outcome, member().actor)
    except (Problem, OwnRefusal, AppealUnknown, AppealChanged, CommentUnknown) as error:
        return _listing(site, problem_of(error))
    return go_to(url_for("appeals.listing", site=site, done=outcome.value))


def _listing(site: str, problem: Problem | None = None) -> Response:
    appeals, tongue = services().store.appeals, language()
    found = appeals.open(site, SHOWN, request.args.get("cursor", ""))
    overturns = appeals.overturns(site)
    answered = overturns.granted + overturns.upheld
    return page(
        "appeals/listing.html",
        problem.status if problem else 200,
        site=site,
        sites=member().sites,
        shown=[_shown(record) for record in found.records],
        total=found.total,
        next=found.cursor,
        answered=answered,
        granted=overturns.granted,
        percent=round(100 * overturns.granted / answered) if answered else 0,
        done=translate(ANSWERED.get(request.args.get("done", ""), ""), tongue),
        problem=translate(problem.title, tongue) if problem else "",
    )


def _shown(record: Record) -> dict[str, Any]:
    appeal, decision, tongue = record.voices.appeal, record.decision, language()
    assert appeal is not None  # noqa: S101  it is listed for having one
    is_own = appeal.refused_by == member().actor
    return {
        "comment": record.comment,
        "status": translate(DECIDED[record.status], tongue)
        if appeal.refused_by != MACHINE
        else translate("The checks refused it.", tongue),
        "refused_by": "" if appeal.refused_by == MACHINE else appeal.refused_by.partition(":")[2],
        "reason": decision.reason if decision else "",
        "reasons": reasons_of(record, tongue),
        "text": appeal.text,
        "at": _moment(appeal.at_ms),
        "submitted": _moment(record.submitted_at_ms),
        "is_own": is_own,
        "may_answer": not is_own or is_alone(record.comment.site, member().actor),
    }


def _moment(at_ms: int) -> str:
    moment = dt.datetime.fromtimestamp(at_ms / 1000, dt.UTC)
    return format_datetime(moment, MOMENT[language()], locale=language())

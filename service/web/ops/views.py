"""The operator's page, its live parts, and what an operator does there."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response, render_template, request, url_for
from markupsafe import Markup

from service.api.answer import answer
from service.api.language import language
from service.api.problems import Problem
from service.api.services import now_ms, services
from service.schemas.messages import translate
from service.schemas.ops_words import advice_said, alert_said
from service.schemas.submission import is_comment_id
from service.store.telemetry.views import Span
from service.web.onward import go_to
from service.web.ops import words
from service.web.ops.figures import CHARTS, COLUMNS, drawn, rows
from service.web.ops.look import SHOWN, Look, look, recent_look
from service.web.staff.guard import MODERATING, OPERATING, member, staff_blueprint
from service.web.staff.page import frame, page

PARTS = ("alerts", "unlooked", "steer", "flow", "workers", "queues", "checks")
"""What stands above the charts."""
TROUBLES = ("dead", "failed")
"""What stands below them."""
MOST_AT_ONCE = 500
DIGEST_BYTES = 6
SPANS = {Span.HOUR: "1 hour", Span.DAY: "24 hours", Span.MONTH: "30 days"}
NO_STORE = {"Cache-Control": "no-store"}
DONE = {
    "retried": "Sent through again: {count}.",
    "discarded": "Taken off the list: {count}.",
    "suspended": "The workers are suspended.",
    "resumed": "The workers go on.",
    "nothing": "Nothing was ticked.",
}
"""What a page tells after a deed."""
EVERY_SITE_ONLY = Problem(
    403, "sites-missing", "Only accounts for all sites may do that: it concerns every site."
)
UNKNOWN = Problem(422, "validation", "There is no such action.")
blueprint = staff_blueprint("ops_page", "/ops", OPERATING)


@blueprint.get("/", strict_slashes=False)
def show() -> Response:
    """Show the whole page."""
    span = _span()
    shown = _parts(look(member().sites))
    series = services().telemetry.charts(span, now_ms())
    return page(
        "ops/ops.html",
        above=[shown[name] for name in PARTS],
        below=[shown[name] for name in TROUBLES],
        edition=_edition(shown),
        span=span,
        spans=SPANS,
        charts=CHARTS,
        columns=list(COLUMNS.values()),
        rows=rows(series, span),
        done=_done(),
        words=words,
    )


@blueprint.get("/now")
def now() -> Response:
    """Get the parts of the page that changed since those seen; 204 when none has."""
    shown = _parts(recent_look(member().sites))
    seen = request.args.get("seen", "")[:500].split(".")
    edition = _edition(shown)
    fresh = [
        html
        for html, each in zip(shown.values(), edition.split("."), strict=True)
        if each not in seen
    ]
    if not fresh:
        return Response(status=204, headers=NO_STORE)
    made = page("ops/now.html", headers={"X-Edition": edition}, parts=fresh)
    made.headers.update(NO_STORE)
    return made


@blueprint.get("/figures")
def figures() -> Response:
    """Get the figures over time for the charts."""
    return answer(drawn(services().telemetry.charts(_span(), now_ms())), 200, NO_STORE)


@blueprint.post("/workers")
def steer() -> Response:
    """Suspend the workers, once somebody is sure, or let them go on."""
    _must_see_everything()
    telemetry, actor, deed = services().telemetry, member().actor, request.form.get("do", "")
    if deed == "resume":
        telemetry.resume(actor)
        return _back("resumed")
    if deed != "suspend":
        raise UNKNOWN
    if not _is_sure():
        return _ask("suspend", url_for(".steer"), [])
    telemetry.suspend(actor, now_ms())
    return _back("suspended")


@blueprint.post("/tasks")
def tasks() -> Response:
    """Retry or discard failed tasks: one, those ticked, or all."""
    _must_see_everything()
    telemetry, actor = services().telemetry, member().actor
    deed, ids = _asked()
    if deed in ("discard", "discard-every") and not _is_sure():
        return _ask(deed, url_for(".tasks"), ids) if ids or deed != "discard" else _back("nothing")
    if deed == "retry":
        return _back("retried", len(telemetry.retry_tasks(ids, actor).done))
    if deed == "discard":
        return _back("discarded", len(telemetry.discard_tasks(ids, actor).done))
    if deed == "retry-every":
        return _back("retried", len(telemetry.retry_every_task(actor).done))
    if deed == "discard-every":
        return _back("discarded", len(telemetry.discard_every_task(actor).done))
    raise UNKNOWN


@blueprint.post("/dead-letters")
def dead_letters() -> Response:
    """Send dead letters through the checks again, or leave them to the moderators."""
    deed, ids = _asked()
    if deed not in ("retry", "discard"):
        raise UNKNOWN
    by_site = _by_site(ids)
    if not by_site:
        return _back("nothing")
    if deed == "discard":
        if not _is_sure():
            return _ask("leave", url_for(".dead_letters"), ids)
        return _back("discarded", sum(_left(site, found) for site, found in by_site.items()))
    return _back("retried", sum(_retried(site, found) for site, found in by_site.items()))


def _retried(site: str, ids: Sequence[str]) -> int:
    done = services().store.dead_letters.retry(site, ids, member().actor)
    if done:
        services().doorbell.ring(site)
    return len(done)


def _left(site: str, ids: Sequence[str]) -> int:
    return len(services().store.dead_letters.discard(site, ids, member().actor))


def _parts(seen: Look) -> dict[str, Markup]:
    """Return each part of the page as it stands now."""
    tongue, account = language(), member().account
    context: dict[str, Any] = {
        **frame(),
        "look": seen,
        "words": words,
        "alerts": [(each, translate(alert_said(each), tongue)) for each in seen.overview.alerts],
        "advice": translate(advice_said(seen.overview.advice), tongue),
        "sees_everything": not account.sites,
        "may_read": account.role in MODERATING,
        "shown": SHOWN,
    }
    return {
        name: Markup(render_template(f"ops/parts/{name}.html", **context))  # noqa: S704  ours
        for name in (*PARTS, *TROUBLES)
    }


def _edition(shown: Mapping[str, Markup]) -> str:
    """Return a short digest of each part, in order."""
    return ".".join(_digest(name + html) for name, html in shown.items())


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=DIGEST_BYTES).hexdigest()


def _span() -> Span:
    asked = request.args.get("span", "")
    return Span(asked) if asked in set(Span) else Span.HOUR


def _done() -> str:
    told = DONE.get(request.args.get("done", ""), "")
    count = request.args.get("count", "")
    number = int(count) if count.isascii() and count.isdecimal() and len(count) < 6 else 0
    return frame()["_"](told, count=number) if told else ""


def _asked() -> tuple[str, list[str]]:
    """Return what is to be done, and to which: the row of the button, or the rows ticked."""
    deed, _, only = request.form.get("do", "").partition(" ")
    ids = [only] if only else request.form.getlist("id")
    return deed, list(dict.fromkeys(ids))[:MOST_AT_ONCE]


def _by_site(ids: Sequence[str]) -> dict[str, list[str]]:
    """Return the comments named as ``site:id``, of the sites that are the account's."""
    mine = set(member().sites)
    found: dict[str, list[str]] = defaultdict(list)
    for each in ids:
        site, _, comment_id = each.rpartition(":")
        if site in mine and is_comment_id(comment_id):
            found[site].append(comment_id)
    return found


def _is_sure() -> bool:
    return request.form.get("sure") == "yes"


def _ask(what: str, address: str, ids: Sequence[str]) -> Response:
    """Ask whether somebody is sure; their answer is the same form again."""
    deed = "discard" if what == "leave" else what
    return page("ops/sure.html", what=what, deed=deed, address=address, ids=ids)


def _back(done: str, count: int | None = None) -> Response:
    if count == 0:
        done = "nothing"
    return go_to(url_for(".show", done=done, count=count))


def _must_see_everything() -> None:
    if member().account.sites:
        raise EVERY_SITE_ONLY

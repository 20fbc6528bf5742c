"""The operator's page, its live parts, and what an operator does there."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from flask import Response, copy_current_request_context, render_template, request, url_for
from markupsafe import Markup
from redis.exceptions import RedisError

from service.api.answer import answer
from service.api.language import language
from service.api.problems import Problem
from service.api.services import now_ms, services
from service.schemas.messages import translate
from service.schemas.ops_words import advice_said, alert_said
from service.schemas.submission import is_comment_id
from service.store.inbox import DIED
from service.store.telemetry.failures import QUEUES
from service.store.telemetry.views import AlertKind, Span
from service.web.onward import go_to
from service.web.ops import words
from service.web.ops.events import STILL, event
from service.web.ops.figures import CHARTS, COLUMNS, drawn, rows
from service.web.ops.look import SHOWN, DeadOnSite, Look, look, recent_look
from service.web.staff.guard import MODERATING, OPERATING, may_still, member, staff_blueprint
from service.web.staff.page import frame, page

PARTS = ("alerts", "unlooked", "steer", "flow", "workers", "queues", "webhooks", "checks")
"""What stands above the charts."""
TROUBLES = ("dead", "failed")
"""What stands below them."""
MOST_AT_ONCE = 500
PLACES = {
    AlertKind.NO_WORKER: "ops-workers",
    AlertKind.WORKER_SILENT: "ops-workers",
    AlertKind.INBOX_OLD: "ops-queues",
    AlertKind.CHECK_FAILING: "ops-checks",
    AlertKind.CHECK_SILENT: "ops-checks",
    AlertKind.WEBHOOKS_FAILING: "ops-webhooks",
    AlertKind.WEBHOOKS_LATE: "ops-webhooks",
    AlertKind.DEAD_LETTERS: "ops-dead",
    AlertKind.FAILED_TASKS: "ops-failed",
}
"""Where on the page there is more about an alert."""
DIGEST_BYTES = 6
SPANS = {Span.HOUR: "1 hour", Span.DAY: "24 hours", Span.MONTH: "30 days"}
NO_STORE = {"Cache-Control": "no-store"}
STREAMED = {**NO_STORE, "X-Accel-Buffering": "no"}
"""nginx would hold a stream back until it has a page of it."""
LONGEST_EDITION = 500
DONE = {
    "retried": "Sent through again: {count}.",
    "discarded": "Taken off the list: {count}.",
    "suspended": "The workers are suspended.",
    "resumed": "The workers go on.",
    "nothing": "Nothing was ticked.",
}
"""What a page tells after a deed."""
LEFT = "Left of them: {count}."
EVERY = ("retry-every", "discard-every")
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
    edition, fresh = _changes(request.args.get("seen", ""))
    if not fresh:
        return Response(status=204, headers=NO_STORE)
    made = page("ops/now.html", headers={"X-Edition": edition}, parts=fresh)
    made.headers.update(NO_STORE)
    return made


@blueprint.get("/events")
def events() -> Response:
    """Send the parts that change, as they change, for a while; 204 where no stream is free."""
    seen = request.headers.get("Last-Event-ID") or request.args.get("seen", "")

    @copy_current_request_context
    def piece() -> bytes:
        nonlocal seen
        try:
            if not may_still(OPERATING):
                return b""
            edition, fresh = _changes(seen)
        except RedisError:
            return b""
        if not fresh:
            return STILL
        seen = edition
        return event("parts", "".join(fresh), edition)

    # The answer to HEAD is never read, and so never closed.
    stream = services().streams.begin(piece) if request.method == "GET" else None
    if stream is None:
        return Response(status=204, headers=NO_STORE)
    return Response(stream, headers=STREAMED, content_type="text/event-stream")


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
    """Retry or discard failed tasks: one, those ticked, or all, of an RQ queue or of both."""
    _must_see_everything()
    telemetry, actor = services().telemetry, member().actor
    deed, ids = _asked()
    if deed in EVERY:
        return _every_task(deed, _scope(("", *QUEUES)))
    if deed == "discard" and not _is_sure():
        return _ask(deed, url_for(".tasks"), ids) if ids else _back("nothing")
    if deed == "retry":
        return _back("retried", len(telemetry.retry_tasks(ids, actor).done))
    if deed == "discard":
        return _back("discarded", len(telemetry.discard_tasks(ids, actor).done))
    raise UNKNOWN


def _every_task(deed: str, queue: str) -> Response:
    telemetry, actor = services().telemetry, member().actor
    if deed == "retry-every":
        outcome = telemetry.retry_every_task(actor, queue)
        return _back("retried", len(outcome.done), outcome.left)
    if not _is_sure():
        return _ask(deed, url_for(".tasks"), [], queue)
    outcome = telemetry.discard_every_task(actor, queue)
    return _back("discarded", len(outcome.done), outcome.left)


@blueprint.get("/tasks")
def failed_tasks() -> Response:
    """Show failed tasks page by page, of an RQ queue or of both."""
    _must_see_everything()
    asked = request.args.get("queue", "")
    queue = asked if asked in QUEUES else ""
    found = services().telemetry.failed_tasks(request.args.get("cursor", ""), SHOWN, queue)
    return _page("failed", "Failed tasks", failed=found, queue=queue)


@blueprint.get("/dead-letters")
def dead_page() -> Response:
    """Show dead letters page by page, of one site."""
    inboxes = services().telemetry.inboxes(member().sites, now_ms())
    sites = [each for each in inboxes if each.dead_letters]
    names = [each.site for each in sites]
    site = request.args.get("site", "")
    if site not in names:
        return go_to(url_for(".dead_page", site=names[0]) if names else url_for(".show"))
    cursor = request.args.get("cursor", "")
    found = services().store.decisions.dead_letter_page(site, SHOWN, cursor)
    return _page(
        "dead",
        "Dead letters",
        dead=[DeadOnSite(site, letter) for letter in found.letters],
        dead_cursor=found.cursor,
        dead_total=next(each.dead_letters for each in sites if each.site == site),
        dead_sites=sites,
        site=site,
    )


@blueprint.post("/dead-letters")
def dead_letters() -> Response:
    """Send dead letters through the checks again, or leave them to the moderators."""
    deed, ids = _asked()
    if deed in EVERY:
        return _every_dead_letter(deed, _scope(member().sites))
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


def _every_dead_letter(deed: str, site: str) -> Response:
    """Do it to the oldest dead letters of a site, 500 at most."""
    if deed == "discard-every" and not _is_sure():
        return _ask("leave-every", url_for(".dead_letters"), [], site)
    decisions = services().store.decisions
    ids = [each.comment_id for each in decisions.dead_letters(site, MOST_AT_ONCE)]
    if deed == "retry-every":
        return _back("retried", _retried(site, ids), decisions.dead_letter_count(site))
    return _back("discarded", _left(site, ids), decisions.dead_letter_count(site))


def _retried(site: str, ids: Sequence[str]) -> int:
    done = services().store.dead_letters.retry(site, ids, member().actor)
    if done:
        services().doorbell.ring(site)
    return len(done)


def _left(site: str, ids: Sequence[str]) -> int:
    return len(services().store.dead_letters.discard(site, ids, member().actor))


def _parts(seen: Look) -> dict[str, Markup]:
    """Return each part of the page as it stands now."""
    tongue = language()
    context: dict[str, Any] = {
        **_context(),
        "look": seen,
        "places": PLACES,
        "failed": seen.failed,
        "dead": seen.dead,
        "dead_total": seen.overview.dead_letters,
        "dead_sites": [each for each in seen.inboxes if each.dead_letters],
        "alerts": [(each, translate(alert_said(each), tongue)) for each in seen.overview.alerts],
        "advice": translate(advice_said(seen.overview.advice), tongue),
    }
    return {
        name: Markup(render_template(f"ops/parts/{name}.html", **context))  # noqa: S704  ours
        for name in (*PARTS, *TROUBLES)
    }


def _changes(seen: str) -> tuple[str, list[Markup]]:
    """Return the edition of the page as it stands, and its parts that are not in ``seen``."""
    shown = _parts(recent_look(member().sites))
    edition = _edition(shown)
    known = seen[:LONGEST_EDITION].split(".")
    digests = edition.split(".")
    return edition, [
        html for html, each in zip(shown.values(), digests, strict=True) if each not in known
    ]


def _context() -> dict[str, Any]:
    """Return what every part needs."""
    account = member().account
    return {
        **frame(),
        "words": words,
        "died": DIED,
        "queue": "",
        "queues": QUEUES,
        "sees_everything": not account.sites,
        "may_read": account.role in MODERATING,
    }


def _page(part: str, title: str, **found: Any) -> Response:
    """Return a page of one list alone, which does not renew itself."""
    context = {**_context(), **found, "pages": True}
    html = Markup(render_template(f"ops/parts/{part}.html", **context))  # noqa: S704  ours
    return page("ops/pages.html", title=frame()["_"](title), part=html)


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
    _ = frame()["_"]
    sentences = [_(told, count=_number(count))] if told else []
    if told and _number(request.args.get("left", "")):
        sentences.append(_(LEFT, count=_number(request.args["left"])))
    return " ".join(sentences)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else 0


def _scope(known: Collection[str]) -> str:
    """Return of what all are meant: what stands after the deed; raise ``UNKNOWN``."""
    scope = request.form.get("do", "").partition(" ")[2]
    if scope not in known:
        raise UNKNOWN
    return scope


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


def _ask(what: str, address: str, ids: Sequence[str], scope: str = "") -> Response:
    """Ask whether somebody is sure; their answer is the same form again."""
    deed = f"{what.replace('leave', 'discard')} {scope}".rstrip()
    return page("ops/sure.html", what=what, deed=deed, address=address, ids=ids, scope=scope)


def _back(done: str, count: int | None = None, left: int | None = None) -> Response:
    if count == 0:
        done = "nothing"
    return go_to(url_for(".show", done=done, count=count, left=left or None))


def _must_see_everything() -> None:
    if member().account.sites:
        raise EVERY_SITE_ONLY

"""The pages of what was done: the log and its file, the figures, the second look."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterator
from typing import Any

import orjson
from babel.dates import format_datetime
from flask import Response, request, url_for
from marshmallow import ValidationError

from service.api.language import language, translated
from service.api.problems import from_validation
from service.api.services import now_ms, services
from service.moderation.verdict import Status
from service.schemas.history import AuditQuerySchema
from service.schemas.presentation import iso
from service.schemas.submission import is_comment_id
from service.store.audit import AuditFilters, Entry
from service.store.records import Record
from service.web.history.figures import (
    REFUSALS,
    Precision,
    agreement_of,
    figures_of,
    precisions_of,
)
from service.web.onward import go_to
from service.web.staff.guard import MODERATING, Member, member, site_asked, staff_blueprint
from service.web.staff.page import page

SHOWN = 50
MOST_ROWS = 100_000
WINDOW_DAYS = 30
MOST_ENTRIES = 10_000
MOST_RECORDS = 1_000
SPOKE_FROM = 0.5
"""A check with a lower score said little."""
KINDS = {
    "decision": "Decision",
    "undo": "Decision taken back",
    "recall": "Campaign taken back",
    "report": "Readers' reports",
    "appeal": "Appeal",
    "note": "Note",
    "trust": "Author trusted",
    "distrust": "Trust withdrawn",
    "ban": "Ban",
    "lift": "Ban lifted",
    "settings": "Settings",
    "retention": "Retention",
    "erased": "Comment erased",
    "erased-address": "All of an address erased",
    "verify": "Indexes put right",
    "unlearned": "Lessons forgotten",
    "export": "Download",
    "import": "Comments imported",
    "dead-letter-retried": "Dead letter retried",
    "dead-letter-discarded": "Dead letter discarded",
}
"""What the kinds of entries are called; one not named here is shown as it is."""
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins so is a formula to a spreadsheet."""
COLUMNS = ("at", "kind", "actor", "comment", "details")
blueprint = staff_blueprint("history", "/moderate", MODERATING)


@blueprint.get("/history")
def log() -> Response:
    """Show the audit log, newest first."""
    site, (filters, errors) = _site(), _filters()
    leaf = services().store.audit.find(site, filters, SHOWN, request.args.get("cursor", ""))
    return page(
        "history/log.html",
        422 if errors else 200,
        site=site,
        sites=member().sites,
        entries=leaf.entries,
        cursor=leaf.cursor,
        query=_query(site),
        errors=errors,
        kinds=KINDS,
        moment=_moment,
        told=_told,
    )


@blueprint.get("/history.csv")
def log_file() -> Response:
    """Send the log as a file, oldest first, up to 100,000 entries."""
    site, (filters, _) = _site(), _filters()
    audit = services().store.audit
    audit.note(site, "export", member().actor, what="audit log")
    entries = audit.every(site, filters, MOST_ROWS)
    answer = Response(_lines(entries), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="ecluse-{site}-log.csv"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


@blueprint.get("/figures")
def figures() -> Response:
    """Show everybody's figures of the last 30 days, agreement, and what each check is worth."""
    site = _site()
    since_ms = now_ms() - WINDOW_DAYS * 86_400_000
    kinds = frozenset({"decision", "undo"})
    entries = services().store.audit.newest(site, kinds, since_ms, MOST_ENTRIES)
    looks = services().store.second_looks.answers(site)
    return page(
        "history/figures.html",
        site=site,
        sites=member().sites,
        days=WINDOW_DAYS,
        people=_visible(figures_of(entries), member()),
        agreement=agreement_of([(each.first_publishes, each.second_publishes) for each in looks]),
        precisions=_precisions(site, entries),
        is_everybody=_sees_everybody(member()),
    )


@blueprint.get("/second-look")
def second_look() -> Response:
    """Show one decided comment, without its verdict and without how it was decided."""
    site = _site()
    record = _to_look_at(site, member().actor, _number("skip"))
    return page(
        "history/second_look.html",
        site=site,
        sites=member().sites,
        record=record,
        parent=_parent(record) if record else None,
        waiting=services().store.second_looks.waiting(site),
        skip=_number("skip") + 1,
    )


@blueprint.post("/second-look")
def judge_again() -> Response:
    """Keep a judgement, and show the next comment."""
    site = site_asked(request.form.get("site", ""))
    comment_id = request.form.get("id", "")
    if is_comment_id(comment_id):
        services().store.second_looks.answer(
            site,
            comment_id,
            member().actor,
            publishes=request.form.get("answer") == "publish",
            now_ms=now_ms(),
        )
    return go_to(url_for("history.second_look", site=site))


def _site() -> str:
    return site_asked(request.args.get("site", ""))


def _to_look_at(site: str, actor: str, skipped: int) -> Record | None:
    """Return the next comment of the sample; those whose words are gone leave it."""
    looks = services().store.second_looks
    while comment_id := looks.next(site, actor, skipped):
        found = services().store.comments.get_many(site, [comment_id])
        if found and not found[0].is_withdrawn:
            return found[0]
        looks.forget(site, [comment_id])
    return None


def _number(name: str) -> int:
    raw = request.args.get(name, "")
    return int(raw) if raw.isascii() and raw.isdecimal() and len(raw) < 4 else 0


def _filters() -> tuple[AuditFilters, dict[str, str]]:
    """Return the filters in the address, and what is wrong with them."""
    asked = {name: value for name, value in request.args.to_dict().items() if value}
    try:
        loaded: AuditFilters = AuditQuerySchema().load(asked)
    except ValidationError as error:
        return AuditFilters(), translated(from_validation(error).errors)
    return loaded, {}


def _query(site: str) -> dict[str, str]:
    names = ("kind", "actor", "comment", "since", "until")
    return {"site": site, **{name: request.args.get(name, "") for name in names}}


def _moment(at_ms: int) -> str:
    moment = dt.datetime.fromtimestamp(at_ms / 1000, dt.UTC)
    return format_datetime(moment, "short", locale=language())


def _told(entry: Entry) -> str:
    """Return the rest of an entry in one line."""
    told = ((name, value) for name, value in entry.details.items() if value and name != "at")
    return ", ".join(f"{name}: {_flat(value)}" for name, value in told)


def _flat(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _lines(entries: Iterator[Entry]) -> Iterator[str]:
    yield _line(COLUMNS)
    for each in entries:
        details = orjson.dumps(dict(each.details)).decode()
        yield _line((iso(each.at_ms), each.kind, each.actor, each.comment_id, details))


def _line(cells: tuple[str, ...]) -> str:
    """Return one line of CSV (RFC 4180), with formulas made harmless."""
    line = io.StringIO()
    csv.writer(line).writerow(f"'{cell}" if cell.startswith(FORMULA) else cell for cell in cells)
    return line.getvalue()


def _sees_everybody(who: Member) -> bool:
    return who.account.role == "administrator"


def _visible(people: list[Any], who: Member) -> list[Any]:
    """Return the figures one may see: one's own; an administrator sees everybody's."""
    return [each for each in people if _sees_everybody(who) or each.actor == who.actor]


def _precisions(site: str, entries: list[Entry]) -> list[Precision]:
    newest = dict.fromkeys(entry.comment_id for entry in reversed(entries))
    records = services().store.comments.get_many(site, list(newest)[:MOST_RECORDS])
    return precisions_of((_speakers(each), each.status in REFUSALS) for each in records)


def _speakers(record: Record) -> frozenset[str]:
    if record.verdict is None or record.status is Status.HELD:
        return frozenset()
    signals = record.verdict.signals
    return frozenset(s.check for s in signals if s.score >= SPOKE_FROM and s.weight > 0)


def _parent(record: Record) -> Record | None:
    comment = record.comment
    if not comment.parent:
        return None
    found = services().store.comments.get_many(comment.site, [comment.parent])
    return found[0] if found else None

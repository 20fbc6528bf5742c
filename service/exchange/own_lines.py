"""Our own JSON lines: a comment a line, with its status, thread, verdict and last decision."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import orjson

from service.exchange.foreign import NO_PAGE, NO_TIME, UNREADABLE, Foreign, Found, Kept, Skipped
from service.exchange.remark42 import object_in, text_in
from service.exchange.wordpress import moment_ms
from service.moderation.verdict import Status
from service.schemas.submission import is_comment_id
from service.store.facets import whole_score
from service.store.records import Decision, Record, decision_json, verdict_from, verdict_json
from service.store.sealing import Personal

LONGEST_LINE = 1 << 21
WORDS = ("author", "url", "lang", "author_id", "page_title")
TRACES = ("user_agent", "referrer")
_STATUSES = {status.value: status for status in Status}


def line_of(record: Record, personal: Personal | None) -> bytes:
    """Return a comment as a line; with ``personal`` also what is known of its author.

    Empty fields are left out.
    """
    comment = record.comment
    data: dict[str, Any] = {
        "id": comment.id,
        "page": comment.page,
        "status": record.status,
        "submitted_at": _moment(record.submitted_at_ms),
        "received_at": _moment(record.received_at_ms),
        "content": comment.content,
        "parent": comment.parent,
        **{name: getattr(comment, name) for name in WORDS},
        "is_staff": comment.is_staff,
        "settled_at": _moment(record.settled_at_ms) if record.settled_at_ms else "",
        "edited_by": record.edited_by,
        "original": record.original,
        "is_erased": record.is_erased,
    }
    if personal is not None:
        data |= {"email": personal.email, "ip": personal.ip}
        data |= {name: getattr(comment, name) for name in TRACES}
    kept = {name: value for name, value in data.items() if value}
    if record.verdict is not None:
        kept["verdict"] = orjson.Fragment(verdict_json(record.verdict, in_full=True))
    if record.decision is not None:
        kept["decision"] = _told(record.decision)
    return orjson.dumps(kept) + b"\n"


def own_lines(lines: Iterable[bytes | None]) -> Iterator[Found]:
    """Yield the comments of our own lines."""
    for number, line in enumerate(lines, 1):
        if line is None:
            yield Skipped(f"line {number}", UNREADABLE)
        elif line.strip():
            yield _read(line, number)


def _read(line: bytes, number: int) -> Found:
    try:
        data = orjson.loads(line)
    except orjson.JSONDecodeError:
        data = None
    name = data.get("id") if isinstance(data, dict) else None
    if not isinstance(name, str | int) or not name:
        return Skipped(f"line {number}", UNREADABLE)
    key = _key(str(name))
    try:
        return _comment_of(data, key)
    except (KeyError, ValueError, TypeError, AttributeError, OverflowError):
        return Skipped(key, UNREADABLE)


def _comment_of(data: dict[str, Any], key: str) -> Found:
    page, at_ms = text_in(data, "page"), moment_ms(text_in(data, "submitted_at"))
    if not page or at_ms is None:
        return Skipped(key, NO_TIME if page else NO_PAGE)
    status = _STATUSES[text_in(data, "status") or Status.RECEIVED.value]
    above = data.get("parent") or ""
    target, decision = _decision_of(object_in(data, "decision"))
    kept = Kept(
        received_at_ms=moment_ms(text_in(data, "received_at")) or at_ms,
        settled_at_ms=moment_ms(text_in(data, "settled_at")) or 0,
        verdict=_verdict_of(data.get("verdict")),
        decision=decision,
        original=text_in(data, "original"),
        edited_by=text_in(data, "edited_by"),
        is_erased=data.get("is_erased") is True,
    )
    return Foreign(
        key=key,
        page=page,
        status=status,
        content=text_in(data, "content"),
        at_ms=at_ms,
        email=text_in(data, "email"),
        ip=text_in(data, "ip"),
        parent=_key(str(above)) if above else "",
        is_staff=data.get("is_staff") is True,
        is_label=target is status,
        is_correction=target is status,
        kept=kept,
        **{name: text_in(data, name) for name in (*WORDS, *TRACES)},
    )


def _key(name: str) -> str:
    return f"own|{name}" if is_comment_id(name) else f"line|{name}"


def _moment(at_ms: int) -> str:
    read = datetime.fromtimestamp(at_ms / 1000, UTC)
    return read.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _told(decision: Decision) -> dict[str, Any]:
    return {
        "actor": decision.actor,
        "reason": decision.reason,
        "from": decision.source,
        "to": decision.target,
        "at": _moment(decision.at_ms),
    }


def _decision_of(data: dict[str, Any]) -> tuple[Status | None, str]:
    """Return where a decision moved its comment, and the decision as it is kept."""
    at_ms = moment_ms(text_in(data, "at"))
    if not data or at_ms is None:
        return None, ""
    target = _STATUSES[text_in(data, "to")]
    decision = Decision(
        actor=text_in(data, "actor"),
        reason=text_in(data, "reason"),
        source=_STATUSES[text_in(data, "from")],
        target=target,
        at_ms=at_ms,
    )
    return target, decision_json(decision).decode()


def _verdict_of(data: object) -> str:
    """Return a verdict that can be kept and shown; raise ``ValueError`` or the like for others."""
    if data is None:
        return ""
    verdict = verdict_from(orjson.dumps(data))
    for score in verdict.scores.values():
        whole_score(score)
    return verdict_json(verdict).decode()

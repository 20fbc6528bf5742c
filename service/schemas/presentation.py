"""Comments as they leave: what the public, an author and a moderator may each see."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from service.moderation.comment import Comment
from service.moderation.verdict import Action, Status
from service.schemas.messages import translate
from service.schemas.wording import (
    DECIDED,
    ERASED,
    MOST_REASONS,
    reasons,
    reasons_as_held,
    reports_in_words,
    status_sentence,
)
from service.store.appeals import APPEAL_WINDOW_MS
from service.store.records import Record
from service.store.reported import Appeal
from service.store.reports import RULE
from service.store.sealing import Personal
from service.store.threads import Node


def public_comment(node: Node, base: str) -> dict[str, Any]:
    """Return a comment as anybody may see it; a tombstone shows its place only."""
    record = node.record
    comment = record.comment
    shown = _tombstone() if node.is_tombstone else _words(comment)
    more = f"{base}/comments/{comment.id}/replies" if node.has_more_replies else None
    return {
        "id": comment.id,
        "parent": comment.parent or None,
        **shown,
        "submitted_at": iso(record.submitted_at_ms),
        "replies": [public_comment(reply, base) for reply in node.replies],
        "more_replies": more,
    }


def own_comment(record: Record, language: str, edit_window_s: int) -> dict[str, Any]:
    """Return a comment as its author may see it."""
    comment = record.comment
    return {
        "id": comment.id,
        "status": record.told_status.value,
        "message": told_sentence(record, language),
        "reasons": told_reasons(record, language),
        "author": comment.author,
        "url": comment.url,
        "content": comment.content,
        "page": comment.page,
        "submitted_at": iso(record.submitted_at_ms),
        "editable_until": iso(record.received_at_ms + edit_window_s * 1000),
        "appeal_until": _appeal_until(record),
        "appeal": told_appeal(record),
        "is_erased": record.is_erased,
        "links": links(comment),
    }


def staff_comment(record: Record, personal: Personal, language: str) -> dict[str, Any]:
    """Return a comment as a moderator sees it, with its verdict, e-mail and IP."""
    comment, verdict, decision = record.comment, record.verdict, record.decision
    return {
        "id": comment.id,
        "site": comment.site,
        "status": record.status.value,
        "version": record.version,
        "page": comment.page,
        "page_title": comment.page_title,
        "parent": comment.parent or None,
        "author": comment.author,
        "author_key": record.author_key,
        "email": personal.email,
        "ip": personal.ip,
        "url": comment.url,
        "content": comment.content,
        "lang": comment.lang,
        "user_agent": comment.user_agent,
        "referrer": comment.referrer,
        "author_id": comment.author_id,
        "is_staff": comment.is_staff,
        "submitted_at": iso(record.submitted_at_ms),
        "received_at": iso(record.received_at_ms),
        "reasons": reasons_of(record, language),
        "rule": verdict.rule if verdict else None,
        "scores": {name.value: s for name, s in verdict.scores.items()} if verdict else {},
        "unscreened": list(verdict.unscreened) if verdict else [],
        "stages": list(verdict.stages) if verdict else [],
        "signals": [_signal(signal) for signal in verdict.signals] if verdict else [],
        "decision": {
            "actor": decision.actor,
            "reason": decision.reason,
            "from": decision.source.value,
            "to": decision.target.value,
            "at": iso(decision.at_ms),
        }
        if decision
        else None,
        "original": record.original or None,
        "edited_by": record.edited_by or None,
        "origin": record.origin or None,
        "reports": {
            "total": record.voices.reported.total,
            "open": {name.value: n for name, n in record.voices.reported.open_reasons.items()},
            "open_weight": record.voices.reported.open_weight,
        },
        "appeal": staff_appeal(record.voices.appeal),
    }


def reasons_of(record: Record, language: str) -> list[str]:
    """Return why a comment stands where it stands, in sentences."""
    if record.verdict is None:
        return []
    found = reasons(record.verdict, language)
    if record.verdict.rule != RULE:
        return found
    said = reports_in_words(record.voices.reported.open_reasons, language)
    return [*found[:1], *said, *found[1:]][:MOST_REASONS]


def told_sentence(record: Record, language: str) -> str:
    """Return where a comment stands, as its author is told."""
    if record.is_erased:
        return translate(ERASED, language)
    return status_sentence(record.told_status, language)


def told_reasons(record: Record, language: str) -> list[str]:
    """Return why a comment stands where its author is told it stands."""
    if record.is_in_shadow and record.verdict is not None:
        return reasons_as_held(record.verdict, language)
    decision = record.decision
    if decision is None or decision.target is not record.status:
        return reasons_of(record, language)
    said = [translate(DECIDED[record.status], language)]
    is_doubted = record.verdict is not None and record.verdict.action is not Action.APPROVE
    if record.status is Status.APPROVED or record.has_shadow or not is_doubted:
        return said
    return [*said, *reasons_of(record, language)][:MOST_REASONS]


def told_appeal(record: Record) -> dict[str, Any] | None:
    """Return an appeal as its author sees it: no moderator's name."""
    appeal = record.voices.appeal
    if appeal is None or record.is_in_shadow:
        return None
    return {
        "text": appeal.text,
        "at": iso(appeal.at_ms),
        "outcome": appeal.outcome.value or None,
        "decided_at": iso(appeal.decided_at_ms) if appeal.decided_at_ms else None,
    }


def staff_appeal(appeal: Appeal | None) -> dict[str, Any] | None:
    """Return an appeal as moderators see it."""
    if appeal is None:
        return None
    return {
        "text": appeal.text,
        "at": iso(appeal.at_ms),
        "refused_by": appeal.refused_by,
        "outcome": appeal.outcome.value or None,
        "decided_by": appeal.decided_by or None,
        "decided_at": iso(appeal.decided_at_ms) if appeal.decided_at_ms else None,
    }


def appeal_ends_ms(record: Record) -> int | None:
    """Return until when (ms) an author may appeal, or None where there is nothing to appeal for."""
    is_refused = record.told_status in {Status.REJECTED, Status.SPAM}
    if not is_refused or record.voices.appeal is not None or record.is_withdrawn:
        return None
    decision = record.decision
    is_decided = decision is not None and decision.target is record.status
    refused_at_ms = decision.at_ms if decision and is_decided else record.received_at_ms
    return refused_at_ms + APPEAL_WINDOW_MS


def own_data(record: Record, personal: Personal, language: str) -> dict[str, Any]:
    """Return all that is kept of a comment, for its author: nothing of anybody else."""
    comment, facts, decision = record.comment, record.facts, record.decision
    verdict = record.verdict if not record.has_shadow else None
    return {
        "id": comment.id,
        "site": comment.site,
        "page": comment.page,
        "page_title": comment.page_title,
        "parent": comment.parent or None,
        "author": comment.author,
        "email": personal.email,
        "ip": personal.ip,
        "url": comment.url,
        "content": comment.content,
        "lang": comment.lang,
        "user_agent": comment.user_agent,
        "referrer": comment.referrer,
        "author_id": comment.author_id,
        "submitted_at": iso(record.submitted_at_ms),
        "received_at": iso(record.received_at_ms),
        "arrival": {
            "email_domain": facts.email_domain,
            "email_is_disposable": facts.email_is_disposable,
            "seconds_to_submit": facts.seconds_to_submit,
        },
        "status": record.told_status.value,
        "reasons": told_reasons(record, language),
        "scores": {name.value: score for name, score in verdict.scores.items()} if verdict else {},
        "decided_at": iso(decision.at_ms) if decision and not record.has_shadow else None,
        "reports": record.voices.reported.total,
        "appeal": told_appeal(record),
        "is_erased": record.is_erased,
    }


def _appeal_until(record: Record) -> str | None:
    ends_ms = appeal_ends_ms(record)
    return iso(ends_ms) if ends_ms is not None else None


def links(comment: Comment) -> dict[str, str]:
    """Return where a comment and its page can be read."""
    base = f"/v1/sites/{comment.site}"
    return {
        "self": f"{base}/comments/{comment.id}",
        "page": f"{base}/pages/{_quoted(comment.page)}/comments",
    }


@lru_cache(maxsize=1024)
def _quoted(page: str) -> str:
    return quote(page, safe="")


def iso(moment_ms: int) -> str:
    """Return a time as ISO 8601 in UTC, to the second."""
    moment = dt.datetime.fromtimestamp(moment_ms / 1000, dt.UTC)
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def _words(comment: Comment) -> dict[str, Any]:
    return {
        "author": comment.author or None,
        "url": comment.url or None,
        "content": comment.content,
        "lang": comment.lang or None,
        "is_staff": comment.is_staff,
        "is_deleted": False,
    }


def _tombstone() -> dict[str, Any]:
    return {
        "author": None,
        "url": None,
        "content": None,
        "lang": None,
        "is_staff": False,
        "is_deleted": True,
    }


def _signal(signal: Any) -> dict[str, Any]:
    return {
        "check": signal.check,
        "attribute": signal.attribute,
        "score": signal.score,
        "weight": signal.weight,
        "evidence": [
            {
                "code": item.code,
                "params": dict(item.params),
                "spans": [{"start": s.start, "end": s.end, "field": s.field} for s in item.spans],
            }
            for item in signal.evidence
        ],
    }

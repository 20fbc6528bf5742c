"""What a webhook is told of an event: its facts, and the comment in words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import orjson

from service.store.records import Record
from service.store.webhooks.deliveries import Happening
from service.store.webhooks.webhooks import TEST

_DECIDED = ("from", "to", "actor", "at")


def message_id(site: str, happening: Happening) -> str:
    """Return what a receiver knows an event by, the same in every attempt."""
    return f"msg_{site}_{happening.id}"


def body_of(site: str, happening: Happening, record: Record | None) -> bytes:
    """Return what is posted: JSON without e-mail or IP address.

    The facts are those of the moment it happened; the words those of the comment now,
    none where it was erased, withdrawn or deleted.
    """
    data: dict[str, Any] = {"site": site}
    if happening.what != TEST:
        data |= {"comment": _comment(happening, record), **_facts(happening, record)}
    return orjson.dumps(
        {
            "type": "test" if happening.what == TEST else f"comment.{happening.what}",
            "timestamp": _iso(happening.at_ms),
            "data": data,
        }
    )


def _comment(happening: Happening, record: Record | None) -> dict[str, Any]:
    facts = happening.facts
    known = {
        "id": happening.comment_id,
        "status": facts.get("to"),
        "version": facts.get("version"),
    }
    if record is None:
        return known
    comment = record.comment
    placed = {**known, "page": comment.page, "submitted_at": _iso(record.submitted_at_ms)}
    if record.is_withdrawn:
        return placed
    return {
        **placed,
        "page_title": comment.page_title or None,
        "parent": comment.parent or None,
        "author": comment.author or None,
        "url": comment.url or None,
        "content": comment.content,
        "lang": comment.lang or (record.verdict.lang if record.verdict else "") or None,
    }


def _facts(happening: Happening, record: Record | None) -> dict[str, Any]:
    facts = happening.facts
    if happening.what == "received":
        return {"because": facts.get("because", "new")}
    if happening.what == "verdict":
        return {"verdict": {name: facts.get(name) for name in ("action", "rule", "from", "to")}}
    if happening.what == "decision":
        return {"decision": _decision(facts, record)}
    if happening.what == "report":
        return {"report": {"reason": facts.get("reason"), "is_held": facts.get("to") == "held"}}
    return {"erased": {"by": facts.get("by")}}


def _decision(facts: Mapping[str, Any], record: Record | None) -> dict[str, Any]:
    told = {
        **{name: facts.get(name) for name in _DECIDED[:3]},
        "at": _iso(facts["at"]),
        "is_edited": bool(facts.get("edited")),
        "reason": _reason(facts, record),
        "undoes": None,
    }
    undone = facts.get("undoes")
    if undone:
        told["undoes"] = {**undone, "at": _iso(undone["at"])}
    return told


def _reason(facts: Mapping[str, Any], record: Record | None) -> str | None:
    """Return why, as long as the decision stands: a reason is erased with its comment."""
    last = record.decision if record else None
    if last is None or (last.at_ms, last.actor) != (facts["at"], facts["actor"]):
        return None
    return last.reason or None


def _iso(at_ms: float) -> str:
    moment = dt.datetime.fromtimestamp(at_ms / 1000, dt.UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

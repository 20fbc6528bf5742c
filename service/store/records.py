"""A comment as it is stored: the fields of its hash, and the values made of them."""

from __future__ import annotations

import logging
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson

from service.moderation.comment import Case, Comment, Facts, FormToken
from service.moderation.policy import SHADOW_BAN
from service.moderation.signal import CONTENT, Attribute, Evidence, Signal, Span, combine
from service.moderation.verdict import Action, Status, Verdict
from service.store.keys import SiteKeys
from service.store.reported import NO_VOICES, Voices, voices_from
from service.store.server.connection import Client

WORDS = ("author", "url", "content", "page", "page_title", "lang", "author_id")
TRACES = ("user_agent", "referrer")
KEPT_FACTS = (
    "is_shadow_banned",
    "email_domain",
    "email_is_disposable",
    "honeypot_filled",
    "form_token",
    "seconds_to_submit",
)
PRESSING = ("ip", "email")
"""The limits whose pressures checks look at; ``DIMENSIONS`` begins with them."""
_NOTHING_KNOWN = Facts()

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Decision:
    """Hold what a moderator did last: who, why, from which status to which, when (ms)."""

    actor: str
    reason: str
    source: Status
    target: Status
    at_ms: int


@dataclass(frozen=True, slots=True)
class TrialOutcome:
    """Hold what a policy on trial would have made of a comment, and by which rule."""

    status: Status
    rule: str


@dataclass(frozen=True, slots=True)
class Record:
    """Hold a stored comment. ``sealed`` is its personal data, encrypted.

    Where a moderator (``edited_by``) has changed its words, ``original`` holds the author's,
    which are those that the verdict speaks of.

    One that is erased is withdrawn too. One that readers' reports held, once, is closed to
    its author's edits for good. ``origin`` names the door of another's shape it came by.
    """

    comment: Comment
    status: Status
    version: int
    revision: int
    page_key: str
    root: str
    replies: int
    received_at_ms: int
    submitted_at_ms: int
    author_key: str
    facts: Facts
    verdict: Verdict | None
    decision: Decision | None
    sealed: bytes
    is_withdrawn: bool
    settled_at_ms: int = 0
    original: str = ""
    edited_by: str = ""
    is_erased: bool = False
    is_held_by_reports: bool = False
    voices: Voices = NO_VOICES
    origin: str = ""

    @property
    def has_shadow(self) -> bool:
        """Say whether its author is banned and not to know."""
        return self.verdict is not None and self.verdict.rule.startswith(SHADOW_BAN)

    trial: TrialOutcome | None = None

    @property
    def is_in_shadow(self) -> bool:
        """Say whether it stands elsewhere than in the queue, where its author believes it."""
        return self.has_shadow and self.status in {Status.HELD, Status.REJECTED, Status.SPAM}

    @property
    def told_status(self) -> Status:
        """Return the status that its author is told."""
        return Status.HELD if self.is_in_shadow else self.status


def content_json(comment: Comment) -> bytes:
    """Return the words of a comment as they are stored."""
    named = {name: getattr(comment, name) for name in (*WORDS, *TRACES)}
    kept: dict[str, Any] = {name: value for name, value in named.items() if value}
    if comment.is_staff:
        kept["is_staff"] = True
    return orjson.dumps(kept)


def facts_json(facts: Facts, dimensions: tuple[str, ...]) -> bytes:
    """Return what was known at arrival; ``dimensions`` orders the script's pressures.

    What is as it is for most is left out: every comment keeps this for ever.
    """
    kept = {
        name: value
        for name in KEPT_FACTS
        if (value := getattr(facts, name)) != getattr(_NOTHING_KNOWN, name)
    }
    read = tuple(name for name in dimensions if name in PRESSING)
    return orjson.dumps(kept if read == PRESSING else {**kept, "dimensions": read})


def comment_from(comment_id: str, site: str, fields: Mapping[bytes, bytes]) -> Comment:
    """Return the comment in a stored hash."""
    words = orjson.loads(fields[b"content"])
    return Comment(
        id=comment_id,
        site=site,
        parent=fields.get(b"parent", b"").decode(),
        submitted_at=int(fields[b"submitted_at"]) / 1000,
        **{"content": "", "page": "", **words},
    )


def facts_from(fields: Mapping[bytes, bytes]) -> Facts:
    """Return the facts kept at arrival, with the rate limits' pressures."""
    raw = fields.get(b"facts")
    if not raw:
        return Facts()
    kept = orjson.loads(raw)
    dimensions = kept.pop("dimensions", PRESSING)
    values = map(float, fields.get(b"pressures", b"").split())
    pressures = dict(zip(dimensions, values, strict=False))
    if "form_token" in kept:
        kept["form_token"] = FormToken(kept["form_token"])
    return Facts(
        ip_pressure=pressures.get("ip", 0.0),
        email_pressure=pressures.get("email", 0.0),
        author_key=fields.get(b"author", b"").decode(),
        **kept,
    )


def case_from(comment_id: str, site: str, fields: Mapping[bytes, bytes], known: Facts) -> Case:
    """Return the case to review; ``known`` holds what is true of the site and author now."""
    facts = replace(
        facts_from(fields),
        site_lang=known.site_lang,
        site_hosts=known.site_hosts,
        approved_before=known.approved_before,
        refused_before=known.refused_before,
        is_trusted=known.is_trusted,
    )
    return Case(comment_from(comment_id, site, fields), facts)


def record_from(comment_id: str, site: str, fields: Mapping[bytes, bytes]) -> Record:
    """Return the record in a stored hash."""
    return Record(
        comment=comment_from(comment_id, site, fields),
        status=Status(fields[b"status"].decode()),
        version=int(fields[b"version"]),
        revision=int(fields[b"revision"]),
        page_key=fields[b"page_key"].decode(),
        root=fields[b"root"].decode(),
        replies=int(fields.get(b"replies", b"0")),
        received_at_ms=int(fields[b"received_at"]),
        submitted_at_ms=int(fields[b"submitted_at"]),
        author_key=fields.get(b"author", b"").decode(),
        facts=facts_from(fields),
        verdict=verdict_from(fields[b"verdict"]) if b"verdict" in fields else None,
        decision=decision_from(fields.get(b"decision")),
        sealed=fields.get(b"personal", b""),
        is_withdrawn=b"withdrawn" in fields,
        settled_at_ms=int(fields.get(b"settled_at", b"0")),
        original=_content_of(fields.get(b"original")),
        edited_by=fields.get(b"edited_by", b"").decode(),
        is_erased=b"erased" in fields,
        is_held_by_reports=b"held_by_reports" in fields,
        origin=fields.get(b"origin", b"").decode(),
        voices=voices_from(fields),
        trial=_trial_from(fields.get(b"trial", b"").decode()),
    )


def read_records(client: Client, site: str, comment_ids: Sequence[str]) -> list[Record]:
    """Return those of the comments that exist and can be read, in the order asked."""
    keys, pipe = SiteKeys(site), client.pipeline(transaction=False)
    for comment_id in comment_ids:
        pipe.hgetall(keys.comment(comment_id))
    found = []
    for comment_id, fields in zip(comment_ids, pipe.execute(), strict=True):
        try:
            found += [record_from(comment_id, site, fields)] if fields else []
        except (KeyError, ValueError):
            logger.exception("unreadable comment", extra={"comment": comment_id})
    return found


def verdict_json(verdict: Verdict, *, in_full: bool = False) -> bytes:
    """Return a verdict as it is stored; numbers keep four decimals, and empty parts are left out.

    So is, unless ``in_full``, what ``verdict_from`` finds again by itself: totals of the signals,
    what a model's evidence says of its score, and that a span is one of the content.
    """
    scores = {name: _rounded(score) for name, score in verdict.scores.items()}
    signals = [_signal_data(signal, in_full=in_full) for signal in verdict.signals]
    parts = {
        "signals": signals,
        "unscreened": verdict.unscreened,
        "attribute": verdict.attribute,
        "lang": verdict.lang,
        "stages": verdict.stages,
        "log_only": verdict.log_only,
    }
    data: dict[str, Any] = {"action": verdict.action, "rule": verdict.rule}
    data |= {name: part for name, part in parts.items() if part}
    if scores != _totals(verdict.signals, verdict.log_only) or (in_full and scores):
        data["scores"] = {name.value: score for name, score in scores.items()}
    if not verdict.is_lang_served:
        data["is_lang_served"] = False
    for name in ("threshold", "approved_before"):
        if (number := getattr(verdict, name)) is not None:
            data[name] = number
    return orjson.dumps(data, option=orjson.OPT_SERIALIZE_NUMPY)


def _totals(signals: Iterable[Signal], log_only: Container[str]) -> dict[Attribute, float]:
    """Return the totals of ``signals`` as they are stored, of those that weigh something."""
    stored = (
        replace(each, score=_rounded(each.score), weight=_rounded(each.weight))
        for each in signals
        if each.check not in log_only
    )
    return {name: _rounded(total) for name, total in combine(stored).items()}


def _signal_data(signal: Signal, *, in_full: bool) -> list[Any]:
    score = _rounded(signal.score)
    evidence = [
        [item.code]
        if not in_full and not item.spans and item.params == _percent_of(score)
        else [item.code, dict(item.params), [_span_data(s, in_full=in_full) for s in item.spans]]
        for item in signal.evidence
    ]
    return [signal.check, signal.attribute, score, _rounded(signal.weight), evidence]


def _percent_of(score: float) -> dict[str, int]:
    """Return what a model's evidence says of its ``score``."""
    return {"percent": round(score * 100)}


def _span_data(span: Span, *, in_full: bool) -> list[Any]:
    ends = [span.start, span.end]
    return ends if span.field == CONTENT and not in_full else [*ends, span.field]


def _rounded(score: float) -> float:
    return round(float(score), 4)


def verdict_from(raw: bytes) -> Verdict:
    """Return the verdict stored by ``verdict_json``."""
    data = orjson.loads(raw)
    signals = tuple(_signal_from(*values) for values in data.get("signals", ()))
    log_only = tuple(data.get("log_only", ()))
    kept = data.get("scores")
    return Verdict(
        action=Action(data["action"]),
        rule=data["rule"],
        scores=_totals(signals, log_only)
        if kept is None
        else {Attribute(name): score for name, score in kept.items()},
        signals=signals,
        unscreened=tuple(data.get("unscreened", ())),
        attribute=Attribute(data["attribute"]) if data.get("attribute") else None,
        threshold=data.get("threshold"),
        lang=data.get("lang", ""),
        is_lang_served=data.get("is_lang_served", True),
        stages=tuple(data.get("stages", ())),
        log_only=log_only,
        approved_before=data.get("approved_before"),
    )


def _signal_from(
    check: str, attribute: str, score: float, weight: float, evidence: list[Any]
) -> Signal:
    items = tuple(_evidence_from(score, *item) for item in evidence)
    return Signal(check, Attribute(attribute), score, weight, items)


def _evidence_from(
    score: float, code: str, params: Mapping[str, Any] | None = None, spans: Iterable[Any] = ()
) -> Evidence:
    found = _percent_of(score) if params is None else params
    return Evidence(code, found, tuple(Span(*span) for span in spans))


def _content_of(raw: bytes | None) -> str:
    content: str = orjson.loads(raw).get("content", "") if raw else ""
    return content


def _trial_from(written: str) -> TrialOutcome | None:
    status, _, rule = written.partition(" ")
    return TrialOutcome(Status(status), rule) if status else None


def decision_json(decision: Decision) -> bytes:
    """Return a decision as decide.lua keeps it."""
    return orjson.dumps(
        {
            "actor": decision.actor,
            "reason": decision.reason,
            "from": decision.source,
            "to": decision.target,
            "at": decision.at_ms,
        }
    )


def decision_from(raw: bytes | None) -> Decision | None:
    """Return the last decision on a comment, or None for none."""
    if raw is None:
        return None
    data = orjson.loads(raw)
    return Decision(
        actor=data["actor"],
        reason=data["reason"],
        source=Status(data["from"]),
        target=Status(data["to"]),
        at_ms=int(data["at"]),
    )

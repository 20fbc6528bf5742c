"""Coral's external moderation phase: judge a comment before Coral publishes it.

Coral keeps and moderates it; nothing of it is kept here. Where we have nothing to say, the
answer is 204, and Coral's own phases go on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response
from marshmallow import ValidationError

from service.api.answer import answer
from service.api.media import asked
from service.api.problems import Problem
from service.api.services import now_ms, services
from service.compat.coral.signature import is_signed
from service.compat.door import bounded_body, note_unknown
from service.compat.json_sent import NotJson, json_in
from service.compat.judging import batch_of, judged
from service.compat.markup import plain_of, written_out
from service.compat.quota import TooOften, spend
from service.moderation.comment import Case, Comment, Facts
from service.moderation.signal import TONE, Attribute
from service.moderation.verdict import Action, Verdict
from service.schemas.coral import CoralPhaseSchema
from service.schemas.text import is_blank
from service.store.doors.door_keys import Door
from service.store.sites import Site, SiteUnknown

blueprint = Blueprint("coral", __name__)

PREFIX = "/coral/"
SIGNATURE = "X-Coral-Signature"
MOST_BODY = 262_144
MOST_LETTERS = 20_480
"""A longer comment waits for a moderator: nobody here reads it to its end."""
DIMENSION = "coral"
STAFF = frozenset({"STAFF", "MODERATOR", "ADMIN"})
TOXIC, SPAM = "COMMENT_DETECTED_TOXIC", "COMMENT_DETECTED_SPAM"
WAITS: dict[str, Any] = {"status": "PREMOD"}
WORSE = (Action.APPROVE, Action.HOLD, Action.REJECT, Action.SPAM)
_schema = CoralPhaseSchema()


@blueprint.post(f"{PREFIX}<site>")
def phase(site: str) -> Response:
    """Answer what becomes of a comment, or nothing where Coral is to go on."""
    raw = bounded_body(MOST_BODY)
    known = _signed_for(site, raw)
    data = _read(raw)
    readings = _readings(data["comment"]["body"] or "")
    if not readings:
        return answer({}, 204)
    try:
        spend(known, DIMENSION)
    except TooOften as error:
        wait = {"Retry-After": str(error.retry_after_s)}
        raise Problem(429, "coral", "Too many comments in a short time.", headers=wait) from None
    if any(len(body) > MOST_LETTERS for body in readings):
        return answer(WAITS)
    found = opinion(_worst(known, [_case(known, data, body) for body in readings]))
    return answer(found) if found else answer({}, 204)


def opinion(verdict: Verdict) -> dict[str, Any]:
    """Return what Coral is told of a verdict; nothing where the comment may go on.

    Never ``APPROVED``: that would end Coral's own phases, pre-moderation among them.
    """
    if verdict.action is Action.APPROVE:
        return {}
    flags = [{"actionType": "FLAG", "reason": reason} for reason in _reasons(verdict)]
    told: dict[str, Any] = {"status": _status(verdict, is_flagged=bool(flags))}
    return {**told, "actions": flags} if flags else told


def refusal(problem: Problem) -> Response:
    """Return a problem as plain JSON: Coral logs the status, and lets the comment pass."""
    kept = ("Allow", "Retry-After")
    headers = {name: problem.headers[name] for name in kept if name in problem.headers}
    body = {"error": problem.title, "status": problem.status}
    return answer(body, problem.status, {"Cache-Control": "no-store", **headers})


def _readings(body: str) -> list[str]:
    """Return what a reader may see of a body: whether it is HTML or plain text is not sent."""
    return [text for text in (plain_of(body).text, written_out(body)) if not is_blank(text)]


def _worst(site: Site, readings: Sequence[Case]) -> Verdict:
    """Return the worst verdict, of equals the first.

    Each reading is judged by itself: together they would look like copies of each other.
    """
    verdicts = [judged(site, batch_of(site, [case]))[0] for case in readings]
    return max(verdicts, key=lambda verdict: WORSE.index(verdict.action))


def _status(verdict: Verdict, *, is_flagged: bool) -> str:
    if verdict.action in (Action.REJECT, Action.SPAM):
        return "REJECTED"
    return "SYSTEM_WITHHELD" if is_flagged else "PREMOD"


def _reasons(verdict: Verdict) -> list[str]:
    if verdict.attribute is Attribute.SPAM or verdict.action is Action.SPAM:
        return [SPAM]
    return [TOXIC] if verdict.attribute in TONE else []


def _signed_for(name: str, raw: bytes) -> Site:
    """Return the site that a call is for; raise ``Problem`` 401 where it is not signed for it."""
    store = services().store
    try:
        site = store.sites.get(name).site
    except SiteUnknown:
        site, secrets = None, []
    else:
        secrets = store.door_keys.tokens(name, Door.CORAL)
    header: str = asked().headers.get(SIGNATURE, "")
    if site is None or not is_signed(raw, header, secrets):
        note_unknown(Door.CORAL)
        raise Problem(401, "coral", "This call is not signed with a secret of the site.")
    asked().site_language = site.lang
    return site


def _read(raw: bytes) -> dict[str, Any]:
    try:
        loaded: dict[str, Any] = _schema.load(json_in(raw))
    except (NotJson, ValidationError):
        raise Problem(400, "coral", "This is not the body of a moderation phase.") from None
    return loaded


def _case(site: Site, data: dict[str, Any], body: str) -> Case:
    author, story = data["author"] or {}, data["story"] or {}
    author_id = author.get("id") or ""
    comment = Comment(
        id="",
        site=site.name,
        page=story.get("url") or story.get("id") or "",
        content=body,
        is_staff=author.get("role") in STAFF,
        submitted_at=now_ms() / 1000,
    )
    author_key = services().store.vault.lookup("author id", author_id) if author_id else ""
    return Case(comment, Facts(site_lang=site.lang, author_key=author_key))

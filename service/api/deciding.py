"""Moderators' routes beside decisions: undo, edits, claims, changes, notes, history, trust."""

from __future__ import annotations

from typing import Any

from flask import Response, request
from flask.views import MethodView
from flask_smorest import Blueprint

from service.api.alike import alike_comments
from service.api.answer import answer
from service.api.callers import Staff, staff
from service.api.intake import load, read_json
from service.api.language import language
from service.api.media import JSON
from service.api.named import named_id
from service.api.openapi import problems
from service.api.outcomes import follow_up, raise_alone, result_body, ring_to_learn
from service.api.problems import Problem
from service.api.services import now_ms, services
from service.schemas.deciding import (
    AlikeSchema,
    ChangesQuerySchema,
    ChangesSchema,
    ClaimSchema,
    ClaimsQuerySchema,
    ClaimsSchema,
    EditAndApproveSchema,
    NoteBodySchema,
    NoteSchema,
    NotesSchema,
    ReleasedSchema,
    StandingSchema,
    TemplatesSchema,
    TimelineSchema,
    TrustedSchema,
    UndoSchema,
)
from service.schemas.presentation import iso
from service.schemas.staff import ResultSchema, SiteQuerySchema
from service.store.decisions import Result
from service.store.queue.claims import Claim
from service.store.queue.live import Event as Change
from service.store.queue.notes import Note
from service.store.queue.timeline import Event
from service.store.records import Record
from service.store.sites import Scope

blueprint = Blueprint(
    "deciding",
    "deciding",
    url_prefix="/v1/moderation",
    description="Undo, edits, claims, changes, notes, histories, trusted authors",
)
FRESH = {"Cache-Control": "no-store"}
KEY: list[dict[str, list[str]]] = [{"key": []}]
SITE = {"in": "query", "name": "site", "schema": {"type": "string"}}
READING = problems(400, 401, 403, 404, 422)
CHANGING = problems(400, 401, 403, 404, 409, 413, 422)
NO_KEY_KNOWN = Problem(409, "author-unknown", "Nothing tells who wrote this comment.")


def body_of(schema: type) -> dict[str, Any]:
    """Return how a route's body is described."""
    return {"required": True, "content": {JSON: {"schema": schema}}}


@blueprint.route("/undo", methods=["POST"])
@blueprint.doc(security=KEY, requestBody=body_of(UndoSchema), responses=CHANGING)
@blueprint.response(200, ResultSchema)
def undo() -> Response:
    """Take back the last decision on a comment with all its effects.

    Sent again, it takes back the one before. With `version` it only counts if the comment
    is still as it was seen (409 otherwise).
    """
    data = load(UndoSchema(), read_json())
    who = staff(Scope.MODERATE, data["site"])
    decisions = services().store.decisions
    result = decisions.undo(who.site, data["id"], who.actor, now_ms(), data.get("version"))
    return _decided(who, result)


@blueprint.route("/comments/<comment_id>/edit", methods=["POST"])
@blueprint.doc(security=KEY, requestBody=body_of(EditAndApproveSchema), responses=CHANGING)
@blueprint.response(200, ResultSchema)
def edit_and_approve(comment_id: str) -> Response:
    """Change a comment's words and approve it, in one decision; the author's are kept."""
    data = load(EditAndApproveSchema(), read_json())
    who = staff(Scope.MODERATE, data["site"])
    result = services().store.decisions.edit_and_approve(
        who.site,
        named_id(comment_id),
        data["content"],
        data.get("version"),
        who.actor,
        data["reason"],
        now_ms(),
    )
    follow_up(who.site, [result], who.actor)
    raise_alone(result)
    return answer(result_body(result))


@blueprint.route("/comments/<comment_id>/claim")
class ClaimView(MethodView):
    """A comment in a moderator's hands."""

    @blueprint.doc(security=KEY, parameters=[SITE], responses=READING)
    @blueprint.response(200, ClaimSchema)
    def put(self, comment_id: str) -> Response:
        """Claim a comment for two minutes, or renew the claim; tells whose it is."""
        who = _asking()
        claim = services().store.claims.take(who.site, named_id(comment_id), who.actor, now_ms())
        return answer(_claim(comment_id, claim, who), 200, FRESH)

    @blueprint.doc(security=KEY, parameters=[SITE], responses=READING)
    @blueprint.response(200, ReleasedSchema)
    def delete(self, comment_id: str) -> Response:
        """Let a comment go."""
        who = _asking()
        released = services().store.claims.release(who.site, named_id(comment_id), who.actor)
        return answer({"released": released})


@blueprint.route("/claims", methods=["GET"])
@blueprint.doc(
    security=KEY,
    parameters=[
        SITE,
        {
            "in": "query",
            "name": "ids",
            "required": True,
            "schema": {"type": "array", "items": {"type": "string"}},
            "description": "May be given up to a hundred times.",
        },
    ],
    responses=READING,
)
@blueprint.response(200, ClaimsSchema)
def claims() -> Response:
    """Get who has which of some comments in hand."""
    asked = {**request.args.to_dict(), "ids": request.args.getlist("ids")}
    wanted = load(ClaimsQuerySchema(), asked)
    who = staff(Scope.MODERATE, wanted["site"])
    found = services().store.claims.holders(who.site, wanted["ids"])
    rows = [_claim(comment_id, claim, who) for comment_id, claim in found.items()]
    return answer({"claims": rows}, 200, FRESH)


@blueprint.route("/changes", methods=["GET"])
@blueprint.doc(
    security=KEY,
    parameters=[
        SITE,
        {"in": "query", "name": "after", "schema": {"type": "string"}},
        {"in": "query", "name": "limit", "schema": {"type": "integer"}},
    ],
    responses=READING,
)
@blueprint.response(200, ChangesSchema)
def changes() -> Response:
    """Get what happened in the queue since the place `after`; without one, the place now."""
    wanted = load(ChangesQuerySchema(), request.args.to_dict())
    who = staff(Scope.MODERATE, wanted["site"])
    found = services().store.live.since(who.site, wanted["after"], wanted["limit"])
    events = [_change(event) for event in found.events]
    body = {"events": events, "last": found.last, "is_lost": found.is_lost}
    return answer(body, 200, FRESH)


@blueprint.route("/comments/<comment_id>/notes")
class NotesView(MethodView):
    """What moderators tell each other about a comment."""

    @blueprint.doc(security=KEY, parameters=[SITE], responses=READING)
    @blueprint.response(200, NotesSchema)
    def get(self, comment_id: str) -> Response:
        """Get the notes on a comment, oldest first."""
        who = _asking()
        record = services().store.comments.get(who.site, named_id(comment_id))
        notes = services().store.notes.of(who.site, record.comment.id)
        return answer({"notes": [_note(note) for note in notes]}, 200, FRESH)

    @blueprint.doc(security=KEY, requestBody=body_of(NoteBodySchema), responses=CHANGING)
    @blueprint.response(201, NoteSchema)
    def post(self, comment_id: str) -> Response:
        """Leave a note to colleagues, 50 at most on one comment."""
        data = load(NoteBodySchema(), read_json())
        who = staff(Scope.MODERATE, data["site"])
        notes = services().store.notes
        note = notes.add(who.site, named_id(comment_id), who.actor, data["text"], now_ms())
        return answer(_note(note), 201)


@blueprint.route("/comments/<comment_id>/timeline", methods=["GET"])
@blueprint.doc(security=KEY, parameters=[SITE], responses=READING)
@blueprint.response(200, TimelineSchema)
def timeline(comment_id: str) -> Response:
    """Get what happened to a comment, oldest first; the newest hundred events are kept."""
    who = _asking()
    events = services().store.timeline.of(who.site, named_id(comment_id))
    return answer({"id": comment_id, "events": [_event(event) for event in events]}, 200, FRESH)


@blueprint.route("/comments/<comment_id>/author", methods=["GET"])
@blueprint.doc(security=KEY, parameters=[SITE], responses=READING)
@blueprint.response(200, StandingSchema)
def author(comment_id: str) -> Response:
    """Get the record of a comment's author on this site."""
    who = _asking()
    record = services().store.comments.get(who.site, named_id(comment_id))
    return _standing(who, record.author_key)


@blueprint.route("/comments/<comment_id>/trust")
class TrustView(MethodView):
    """Trust in a comment's author."""

    @blueprint.doc(security=KEY, parameters=[SITE], responses=CHANGING)
    @blueprint.response(200, StandingSchema)
    def put(self, comment_id: str) -> Response:
        """Trust the author: their comments are approved but for spam, threats and hatred."""
        who = _asking()
        record = _of_somebody(who, comment_id)
        authors = services().store.authors
        authors.trust(who.site, record.author_key, who.actor, now_ms(), label=record.comment.author)
        return _standing(who, record.author_key)

    @blueprint.doc(security=KEY, parameters=[SITE], responses=CHANGING)
    @blueprint.response(200, StandingSchema)
    def delete(self, comment_id: str) -> Response:
        """Trust the author no more."""
        who = _asking()
        record = _of_somebody(who, comment_id)
        services().store.authors.distrust(who.site, record.author_key, who.actor, now_ms())
        return _standing(who, record.author_key)


@blueprint.route("/trusted", methods=["GET"])
@blueprint.doc(security=KEY, parameters=[SITE], responses=READING)
@blueprint.response(200, TrustedSchema)
def trusted() -> Response:
    """Get the authors the moderators trust, those trusted last first."""
    who = _asking()
    rows = [
        {
            "key": each.author_key,
            "label": each.label,
            "actor": each.actor,
            "since": iso(each.at_ms),
        }
        for each in services().store.authors.trusted(who.site)
    ]
    return answer({"authors": rows}, 200, FRESH)


@blueprint.route("/templates", methods=["GET"])
@blueprint.doc(security=KEY, parameters=[SITE], responses=READING)
@blueprint.response(200, TemplatesSchema)
def templates() -> Response:
    """Get the site's reasons for refusing, ready to be sent with a decision."""
    who = _asking()
    tongue = language()
    found = services().store.sites.get(who.site).site.templates
    rows = [
        {"key": each.key, "text": each.text(tongue), "fr": each.fr, "en": each.en} for each in found
    ]
    return answer({"templates": rows}, 200, FRESH)


@blueprint.route("/comments/<comment_id>/alike", methods=["GET"])
@blueprint.doc(security=KEY, parameters=[SITE], responses=READING)
@blueprint.response(200, AlikeSchema)
def alike(comment_id: str) -> Response:
    """Get the held comments that say nearly the same as one, or mean it, at most 200."""
    who = _asking()
    record = services().store.comments.get(who.site, named_id(comment_id))
    rows = [
        {"id": each.record.comment.id, "version": each.record.version, "by": each.by}
        for each in alike_comments(who.site, record)
    ]
    return answer({"id": comment_id, "alike": rows}, 200, FRESH)


def _asking() -> Staff:
    wanted = load(SiteQuerySchema(), request.args.to_dict())
    return staff(Scope.MODERATE, wanted["site"])


def _of_somebody(who: Staff, comment_id: str) -> Record:
    """Return a comment whose author is known by something.

    Raises ``CommentUnknown`` or ``Problem`` 409.
    """
    record = services().store.comments.get(who.site, named_id(comment_id))
    if not record.author_key:
        raise NO_KEY_KNOWN
    return record


def _decided(who: Staff, result: Result) -> Response:
    ring_to_learn(who.site, [result])
    raise_alone(result)
    return answer(result_body(result))


def _standing(who: Staff, author_key: str) -> Response:
    found = services().store.authors.standing(who.site, author_key)
    body = {
        "approved": found.approved,
        "refused": found.refused,
        "first_seen": iso(found.first_seen_ms) if found.first_seen_ms else None,
        "is_trusted": found.is_trusted,
    }
    return answer(body, 200, FRESH)


def _claim(comment_id: str, claim: Claim, who: Staff) -> dict[str, object]:
    return {
        "id": comment_id,
        "actor": claim.actor,
        "until": iso(claim.until_ms),
        "is_yours": claim.actor == who.actor,
    }


def _change(event: Change) -> dict[str, object]:
    return {
        "id": event.comment_id,
        "what": event.what,
        "version": event.version,
        "by": event.by or None,
    }


def _note(note: Note) -> dict[str, object]:
    return {"actor": note.actor, "text": note.text, "at": iso(note.at_ms)}


def _event(event: Event) -> dict[str, object]:
    return {
        "kind": event.kind,
        "at": iso(event.at_ms),
        "actor": event.actor or None,
        "text": event.text or None,
        "from": event.source or None,
        "to": event.target or None,
        "is_edited": event.is_edited,
        "action": event.action or None,
        "rule": event.rule or None,
        "codes": list(event.codes),
    }

"""One comment: with its thread and its history, and what is done to it by a form of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response, render_template, request
from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from service.api.alike import alike_comments
from service.api.answer import answer
from service.api.bans import value_of
from service.api.deciding import NO_KEY_KNOWN
from service.api.explained import explained
from service.api.intake import load
from service.api.language import language, translated
from service.api.named import named
from service.api.problems import from_validation
from service.api.services import now_ms, services
from service.api.similar import similar_comments
from service.schemas.bans import FULL, NO_SUCH_WAY, VALUE_LIMIT, read_value
from service.schemas.messages import translator
from service.schemas.staff import MOST_AT_ONCE
from service.schemas.submission import CONTENT_LIMIT
from service.schemas.text import REQUIRED, Text
from service.store.bans import BansFull, By
from service.store.networks import is_within, neighbourhood_of
from service.store.queue.notes import LONGEST_NOTE
from service.store.records import Record
from service.web.queue import reading, words
from service.web.queue.asked import DAY_MS, Asked
from service.web.queue.cards import cards, quote
from service.web.queue.decisions import told
from service.web.queue.listing import card_context
from service.web.queue.moved import moved
from service.web.queue.sent import back_to, list_before, wants_json
from service.web.staff.guard import (
    CSRF_FIELD,
    MODERATING,
    is_from_htmx,
    member,
    staff_blueprint,
)
from service.web.staff.page import page

MOST_ABOVE = 12
SIMILAR_SHOWN = 8
DURATIONS: Mapping[str, int] = {"day": 1, "week": 7, "month": 30, "year": 365, "always": 0}
"""How long a ban lasts, in days; 0 for good."""
NOT_THEIRS = "The author’s address is not in this range."
blueprint = staff_blueprint("queue_card", "/moderate/comments", MODERATING)


class EditSchema(Schema):
    """Describe an edited comment that is to be approved."""

    class Meta:
        """Leave alone the form's token and the like."""

        unknown = EXCLUDE

    content = Text(limit=CONTENT_LIMIT, multiline=True, required=True)
    reason = Text(limit=1000, multiline=True, load_default="")
    version = fields.Integer(required=True)


class NoteSchema(Schema):
    """Describe a note to colleagues."""

    class Meta:
        """Leave alone the form's token and the like."""

        unknown = EXCLUDE

    text = Text(limit=LONGEST_NOTE, multiline=True, required=True)


class BanSchema(Schema):
    """Describe a ban of a comment's author."""

    class Meta:
        """Leave alone the form's token and the like."""

        unknown = EXCLUDE

    by = fields.Enum(
        By,
        by_value=True,
        required=True,
        error_messages={"unknown": NO_SUCH_WAY, "required": REQUIRED},
    )
    range = Text(limit=VALUE_LIMIT, load_default="")
    lasts = fields.String(load_default="week", validate=validate.OneOf(tuple(DURATIONS)))
    shadow = fields.Boolean(load_default=False)
    reason = Text(limit=1000, multiline=True, load_default="")


@blueprint.get("/<comment_id>")
def show(comment_id: str) -> Response:
    """Show a comment in its thread, with what happened to it."""
    asked = list_before()
    record = named(asked.site, comment_id)
    (card,) = cards(asked.site, [record])
    return page(
        "queue/one.html",
        card=card,
        above=[quote(each) for each in _above(record)],
        below=[quote(node.record) for node in _below(record)],
        told_event=words.told_event,
        reports=[each for each in services().store.reports.of(record) if each.note],
        timeline=services().store.timeline.of(asked.site, comment_id),
        reasons=reading.reasons(asked.site),
        **card_context(asked),
    )


@blueprint.get("/<comment_id>/similar")
def similar(comment_id: str) -> Response:
    """Show the comments nearest to one in meaning."""
    asked = list_before()
    record = named(asked.site, comment_id)
    compared, found = similar_comments(asked.site, record, SIMILAR_SHOWN)
    near = [(quote(each.record), each.record.status, each.score) for each in found]
    names = words.STATUS_WORDS
    return _form(
        asked, record, "queue/similar.html", compared=compared, near=near, status_words=names
    )


@blueprint.get("/<comment_id>/words")
def which_words(comment_id: str) -> Response:
    """Show which words moved a comment's scores: computed when somebody asks."""
    asked = list_before()
    record = named(asked.site, comment_id)
    found = explained(record)
    told = moved(record, found) if found else []
    return _form(asked, record, "queue/which_words.html", found=found, moved=told)


@blueprint.get("/<comment_id>/alike")
def alike_form(comment_id: str) -> Response:
    """Show the held comments that say nearly the same, to be decided together."""
    asked = list_before()
    record = named(asked.site, comment_id)
    alike = [record, *(each.record for each in alike_comments(asked.site, record))]
    found = [(each, quote(each)) for each in alike[:MOST_AT_ONCE]]
    return _form(asked, record, "queue/alike_form.html", found=found)


@blueprint.get("/<comment_id>/refuse")
def refuse(comment_id: str) -> Response:
    """Show the form of a refusal with its reason."""
    asked = list_before()
    record = named(asked.site, comment_id)
    reasons = reading.reasons(asked.site)
    return _form(asked, record, "queue/refuse_page.html", reasons=reasons)


@blueprint.get("/<comment_id>/edit")
def edit(comment_id: str) -> Response:
    """Show the form in which a comment is put right."""
    asked = list_before()
    record = named(asked.site, comment_id)
    return _edit_form(asked, record, record.comment.content, {})


@blueprint.post("/<comment_id>/edit")
def edit_and_approve(comment_id: str) -> Response:
    """Change a comment's words and approve it; the original is kept."""
    asked = list_before()
    record = named(asked.site, comment_id)
    try:
        sent = load(EditSchema(), request.form.to_dict())
    except ValidationError as error:
        written = request.form.get("content", "")
        return _edit_form(asked, record, written, from_validation(error).errors)
    result = reading.edit_and_approve(
        asked.site, comment_id, sent["content"], sent["version"], member().actor, sent["reason"]
    )
    return told(asked, "approve", [result])


@blueprint.get("/<comment_id>/note")
def note(comment_id: str) -> Response:
    """Show the form of a note."""
    asked = list_before()
    record = named(asked.site, comment_id)
    return _form(asked, record, "queue/note_form.html", text="", errors={})


@blueprint.post("/<comment_id>/note")
def add_note(comment_id: str) -> Response:
    """Leave colleagues a note."""
    asked = list_before()
    record = named(asked.site, comment_id)
    try:
        sent = load(NoteSchema(), request.form.to_dict())
    except ValidationError as error:
        found = translated(from_validation(error).errors)
        written = request.form.get("text", "")
        return _form(asked, record, "queue/note_form.html", 422, text=written, errors=found)
    notes = services().store.notes
    notes.add(asked.site, comment_id, member().actor, sent["text"], now_ms())
    return _renewed(asked, comment_id)


@blueprint.get("/<comment_id>/ban")
def ban(comment_id: str) -> Response:
    """Show the form of a ban."""
    asked = list_before()
    record = named(asked.site, comment_id)
    return _ban_form(asked, record, 200, {})


@blueprint.post("/<comment_id>/ban")
def add_ban(comment_id: str) -> Response:
    """Ban a comment's author by what is known of them."""
    asked = list_before()
    record = named(asked.site, comment_id)
    try:
        sent = load(BanSchema(), request.form.to_dict())
        value = _banned(record, sent["by"], sent["range"])
    except ValidationError as error:
        return _ban_form(asked, record, 422, from_validation(error).errors)
    at_ms, days = now_ms(), DURATIONS[sent["lasts"]]
    try:
        services().store.bans.add(
            asked.site,
            sent["by"],
            value,
            member().actor,
            at_ms,
            is_shadow=sent["shadow"],
            until_ms=at_ms + days * DAY_MS if days else None,
            reason=sent["reason"],
        )
    except BansFull:
        return _ban_form(asked, record, 422, {"value": FULL})
    return _renewed(asked, comment_id)


@blueprint.post("/<comment_id>/trust")
def trust(comment_id: str) -> Response:
    """Trust a comment's author from now on, or no more."""
    asked = list_before()
    record = named(asked.site, comment_id)
    if not record.author_key:
        raise NO_KEY_KNOWN
    authors, who, at_ms = services().store.authors, member().actor, now_ms()
    if request.form.get("action") == "distrust":
        authors.distrust(asked.site, record.author_key, who, at_ms)
    else:
        authors.trust(asked.site, record.author_key, who, at_ms, label=record.comment.author)
    return _renewed(asked, comment_id)


@blueprint.post("/<comment_id>/claim")
def claim(comment_id: str) -> Response:
    """Take a comment for a while, or let it go."""
    asked = list_before()
    named(asked.site, comment_id)
    if request.form.get("action") == "release":
        services().store.claims.release(asked.site, comment_id, member().actor)
        return answer({"who": ""}) if wants_json() else back_to(asked)
    take = services().store.claims.take
    held = take(asked.site, comment_id, member().actor, now_ms())
    if not wants_json():
        return back_to(asked)
    return answer({"who": words.person(held.actor), "is_mine": held.actor == member().actor})


def _above(record: Record) -> list[Record]:
    """Return the comments that lead down to one, from the top."""
    found: list[Record] = []
    parent = record.comment.parent
    while parent and len(found) < MOST_ABOVE:
        here = services().store.comments.get_many(record.comment.site, [parent])
        if not here:
            break
        found.insert(0, here[0])
        parent = here[0].comment.parent
    return found


def _below(record: Record) -> list[Any]:
    if record.root:
        return []
    found = services().store.threads.replies(record.comment.site, record.comment.id, 20, "")
    return list(found.nodes)


def _edit_form(asked: Asked, record: Record, content: str, errors: Mapping[str, str]) -> Response:
    status = 422 if errors else 200
    shown = translated(errors)
    return _form(asked, record, "queue/edit_form.html", status, content=content, errors=shown)


def _banned(record: Record, by: By, given: str) -> str:
    """Return what a ban of a comment's author goes by; ``given`` is a range around their address.

    Raises ``ValidationError``.
    """
    personal = services().store.comments.personal(record)
    known = read_value(by, value_of(by, record, personal))
    if by is not By.IP or not given:
        return known
    wider = read_value(by, given)
    if not is_within(personal.ip, wider):
        raise ValidationError(NOT_THEIRS, "value")
    return wider


def _ban_form(asked: Asked, record: Record, status: int, errors: Mapping[str, str]) -> Response:
    personal = services().store.comments.personal(record)
    shown = {by: value_of(by, record, personal) for by in By}
    sent = request.form if errors else {}
    return _form(
        asked,
        record,
        "queue/ban_form.html",
        status,
        known={by: value for by, value in shown.items() if value},
        names=words.BANNED_BY,
        durations=words.DURATION_NAMES,
        neighbours=neighbourhood_of(personal.ip),
        sent=sent,
        errors=translated(errors),
    )


def _form(
    asked: Asked, record: Record, template: str, status: int = 200, **context: Any
) -> Response:
    """Show a form about one comment: alone for the page's dialog, or as a page of its own."""
    frame = template if is_from_htmx() else "queue/form_page.html"
    shown = {"asked": asked, "back": asked.query(), "record": record, "form": template, **context}
    return page(frame, status, **shown)


def _renewed(asked: Asked, comment_id: str) -> Response:
    """Go back to the list, or give the page's script the card as it stands now."""
    if not wants_json():
        return back_to(asked)
    found = cards(asked.site, [named(asked.site, comment_id)])
    frame = {"_": translator(language()), "csrf_field": CSRF_FIELD, "csrf": member().csrf}
    html = render_template("queue/cards.html", cards=found, **frame, **card_context(asked))
    return answer({"card": html}, 200, {"Cache-Control": "no-store"})

"""What a form of the queue sends, and where its sender goes from there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Response, request, url_for
from marshmallow import EXCLUDE, Schema, fields, validate

from service.api.intake import load
from service.api.media import JSON
from service.api.problems import invalid
from service.moderation.verdict import Status
from service.schemas.staff import MOST_AT_ONCE, NO_SUCH_ACTION, TOO_MANY, Move
from service.schemas.submission import BODY_ERRORS, NOT_ID, is_comment_id
from service.schemas.text import REQUIRED, Text
from service.store.decisions import Order
from service.web.onward import go_to
from service.web.queue.asked import Asked, asked_in


class DecisionForm(Schema):
    """Describe a decision sent by a form; which comments it is about stands beside it."""

    class Meta:
        """Leave alone the form's token and the like."""

        unknown = EXCLUDE

    error_messages = BODY_ERRORS

    back = fields.String(load_default="", validate=validate.Length(max=4000))
    action = fields.Enum(
        Move,
        by_value=True,
        required=True,
        error_messages={"unknown": NO_SUCH_ACTION, "required": REQUIRED},
    )
    template = Text(limit=1000, load_default="")
    reason = Text(limit=1000, multiline=True, load_default="")
    sure = fields.Boolean(load_default=False)


def decision_sent() -> dict[str, Any]:
    """Return the fields of a decision's form.

    Raises ``ValidationError``.
    """
    return load(DecisionForm(), request.form.to_dict())


def list_before() -> Asked:
    """Return the list that a form was sent from."""
    return asked_in(request.form.get("back", "") or request.query_string.decode("utf-8", "replace"))


def orders_sent(target: Status) -> list[Order]:
    """Return an order for each comment that a form names, at the version it was seen at.

    Raises ``Problem`` 422.
    """
    return [Order(comment_id, target, version) for comment_id, version in pairs_sent()]


def pairs_sent() -> list[tuple[str, int | None]]:
    """Return the comments that a form names, each with the version it was seen at.

    Raises ``Problem`` 422.
    """
    tokens = tokens_sent()
    if not 0 < len(tokens) <= MOST_AT_ONCE:
        raise invalid({"comment": TOO_MANY})
    return [pair_of(token) for token in tokens]


def tokens_sent() -> list[str]:
    """Return the comments that a form names, as it names them."""
    return list(dict.fromkeys(" ".join(request.form.getlist("comment")).split()))


def pair_of(token: str) -> tuple[str, int | None]:
    """Return the id and the version in ``id:version``; None for no version.

    Raises ``Problem`` 422.
    """
    comment_id, _, version = token.partition(":")
    is_version = version.isascii() and version.isdigit() and len(version) < 16
    if not is_comment_id(comment_id) or not (is_version or not version):
        raise invalid({"comment": NOT_ID})
    return comment_id, int(version) if version else None


def wants_json() -> bool:
    """Say whether the page's script sent the request."""
    return JSON in request.headers.get("Accept", "")


def back_to(asked: Asked, **more: str) -> Response:
    """Send a browser back to its list, which then tells what ``more`` says was done."""
    extra = "".join(f"&{name}={value}" for name, value in more.items() if value)
    return go_to(f"{url_for('queue.show')}?{asked.query()}{extra}")


def joined(ids: Sequence[str]) -> str:
    """Return ids as an address carries them."""
    return ".".join(ids)

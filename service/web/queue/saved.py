"""Saved views: lists somebody comes back to, by a name of their own."""

from __future__ import annotations

from flask import Response, request

from service.api.services import services
from service.web.queue import reading
from service.web.queue.sent import back_to, list_before
from service.web.staff.guard import MODERATING, member, staff_blueprint

NAME_LIMIT = 40
blueprint = staff_blueprint("queue_views", "/moderate/views", MODERATING)


@blueprint.post("/save")
def save() -> Response:
    """Save the list the form was sent from."""
    asked = list_before()
    name = " ".join(request.form.get("name", "").split())[:NAME_LIMIT]
    if name:
        reading.save_view(member().account.name, name, asked.query())
    return back_to(asked)


@blueprint.post("/forget")
def forget() -> Response:
    """Forget a view."""
    asked = list_before()
    services().store.views.forget(member().account.name, request.form.get("name", ""))
    return back_to(asked)

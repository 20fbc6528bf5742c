"""One's own account."""

from __future__ import annotations

from flask import Response

from service.web.staff.guard import staff_blueprint
from service.web.staff.page import page

blueprint = staff_blueprint("account", "/account")


@blueprint.get("/", strict_slashes=False)
def show() -> Response:
    """Show one's account."""
    return page("staff/account.html")

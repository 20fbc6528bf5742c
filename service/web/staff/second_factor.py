"""One's own second factor: setting it up, and taking it away."""

from __future__ import annotations

from typing import Any

import segno
from flask import Response, request, url_for

from service.api.language import translated
from service.api.services import now_ms, services
from service.api.sessions import CODE_REFUSED
from service.api.visits import visit
from service.store.staff.door import SignInRefused
from service.store.staff.second_factor import CodeRefused, enrolment_uri
from service.store.staff.sign_in_limits import SignInThrottled
from service.web.onward import go_to
from service.web.staff.account import PASSWORD_WRONG
from service.web.staff.door import password_sent, throttled
from service.web.staff.guard import member, staff_blueprint
from service.web.staff.page import page

QUIET_ZONE = 4
"""White modules around a QR code (ISO/IEC 18004, section 9.1)."""
blueprint = staff_blueprint("second_factor", "/account/second-factor")


@blueprint.get("/", strict_slashes=False)
def show() -> Response:
    """Show whether there is one, or the secret that waits for its first code."""
    return _page()


@blueprint.post("/begin")
def begin() -> Response:
    """Make a secret for an authenticator app."""
    refused = _password_refused()
    if refused:
        return refused
    services().store.second_factor.begin(member().account.name)
    return go_to(url_for("second_factor.show"))


@blueprint.post("/confirm")
def confirm() -> Response:
    """Turn it on with the app's first code, and show the recovery codes, once."""
    store, name = services().store, member().account.name
    try:
        codes = store.second_factor.confirm(name, request.form.get("code", "")[:100], now_ms())
    except CodeRefused:
        return _page(422, {"code": CODE_REFUSED})
    store.general_audit.add("second-factor-on", member().actor)
    return _codes(codes)


@blueprint.post("/recovery-codes")
def renew() -> Response:
    """Make new recovery codes; the earlier ones are void."""
    refused = _password_refused()
    if refused or not member().account.has_second_factor:
        return refused or _page()
    store = services().store
    codes = store.second_factor.renew_recovery_codes(member().account.name)
    store.general_audit.add("recovery-codes", member().actor)
    return _codes(codes)


@blueprint.post("/off")
def turn_off() -> Response:
    """Take it away."""
    refused = _password_refused()
    if refused:
        return refused
    services().store.second_factor.drop(member().account.name)
    services().store.general_audit.add("second-factor-off", member().actor)
    return go_to(url_for("second_factor.show"))


def qr_path(text: str) -> tuple[str, int]:
    """Return a QR code as the ``d`` of an SVG path, one unit a module, and its width."""
    code = segno.make_qr(text, error="m")
    rows = [bytes(row) for row in code.matrix_iter(border=QUIET_ZONE)]
    runs = [
        f"M{x} {y}h1v1h-1z"
        for y, row in enumerate(rows)
        for x, is_dark in enumerate(row)
        if is_dark
    ]
    return "".join(runs), len(rows)


def _password_refused() -> Response | None:
    """Return what to answer when the password beside a change is not the account's."""
    try:
        services().store.door.confirm(member().account.name, password_sent("password"), visit())
    except SignInRefused:
        return _page(422, {"password": PASSWORD_WRONG})
    except SignInThrottled as error:
        return _page(429, {"password": throttled(error)})
    return None


def _page(status: int = 200, errors: dict[str, str] | None = None) -> Response:
    factor, name = services().store.second_factor, member().account.name
    secret = factor.begun(name)
    told = translated(errors or {})
    left = factor.recovery_codes_left(name)
    shown: dict[str, Any] = {"errors": told, "secret": secret, "codes_left": left}
    if secret:
        uri = enrolment_uri(name, secret)
        path, width = qr_path(uri)
        groups = [secret[i : i + 4] for i in range(0, len(secret), 4)]
        shown |= {"uri": uri, "path": path, "width": width, "groups": " ".join(groups)}
    return page("staff/second_factor.html", status, **shown)


def _codes(codes: list[str]) -> Response:
    return page("staff/recovery_codes.html", codes=codes)

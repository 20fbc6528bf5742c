"""The cookies of those who sign in, out of reach of scripts and of other sites' pages."""

from __future__ import annotations

from flask import Response, request, url_for

from service.api.services import services
from service.store.staff.door import HALF_KEPT_S
from service.store.staff.errands import ERRAND_KEPT_S
from service.web.onward import go_to
from service.web.staff.guard import COOKIE

HALF_COOKIE = "ecluse_half"
HALF_PATH = "/sign-in"
ERRAND_COOKIE = "ecluse_errand"
ERRAND_PATH = "/sign-in/oidc"


def let_in(answer: Response, token: str) -> Response:
    """Give the browser a new session with an answer; the one it had ends."""
    earlier = request.cookies.get(COOKIE, "")
    if earlier:
        services().store.door.sign_out(earlier)
    _keep(answer, COOKIE, token, services().settings.session_ttl_s, "/")
    answer.delete_cookie(HALF_COOKIE, path=HALF_PATH)
    return answer


def ask_code(half: str, wanted: str) -> Response:
    """Send the browser on to where the second factor's code is asked for."""
    answer = go_to(url_for("door.code", next=wanted or None))
    _keep(answer, HALF_COOKIE, half, HALF_KEPT_S, HALF_PATH)
    return answer


def forget(answer: Response) -> Response:
    """Take the session's cookie back."""
    answer.delete_cookie(COOKIE, path="/")
    return answer


def public_address(path: str) -> str:
    """Return one of our paths as somebody elsewhere follows it."""
    base = services().settings.public_url or request.host_url
    return f"{base.rstrip('/')}{path}"


def keep_errand(answer: Response, value: str) -> Response:
    """Give the browser what it brings back from the provider; nothing takes it away."""
    if value:
        _keep(answer, ERRAND_COOKIE, value, ERRAND_KEPT_S, ERRAND_PATH)
    else:
        answer.delete_cookie(ERRAND_COOKIE, path=ERRAND_PATH)
    return answer


def _keep(answer: Response, name: str, value: str, life_s: int, path: str) -> None:
    answer.set_cookie(
        name,
        value,
        max_age=life_s,
        path=path,
        secure=request.is_secure,
        httponly=True,
        samesite="Lax",
    )

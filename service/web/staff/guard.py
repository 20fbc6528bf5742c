"""Who is signed in by the browser's cookie, and that a change comes from our own pages.

The cookie holds the same token as ``Authorization: Bearer``. Every form carries a second
one, made from it: another origin's page can send the cookie along, but cannot know that.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass

from flask import Blueprint, Response, g, request, url_for

from service.api.language import wish_for
from service.api.problems import Problem
from service.api.services import now_ms, services
from service.store.staff.accounts import Account, Role
from service.store.staff.sessions import Session
from service.web.onward import go_to

COOKIE = "ecluse_session"
CSRF_FIELD = "csrf"
CSRF_HEADER = "X-CSRF-Token"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
EVERY_ROLE = frozenset(Role)
MODERATING = frozenset({Role.ADMINISTRATOR, Role.MODERATOR})
OPERATING = frozenset({Role.ADMINISTRATOR, Role.OPS})
ADMINISTRATING = frozenset({Role.ADMINISTRATOR})


@dataclass(frozen=True, slots=True)
class Member:
    """Hold who is signed in, and by which session."""

    account: Account
    session: Session
    token: str

    @property
    def csrf(self) -> str:
        """Return what a form of this session carries."""
        return services().store.vault.sign("csrf", self.token)

    @property
    def actor(self) -> str:
        """Return the name in the audit log."""
        return f"account:{self.account.name}"

    @property
    def sites(self) -> list[str]:
        """Return the names of the sites this account works on, sorted."""
        return sorted(self.account.sites) or services().store.sites.names()


def staff_blueprint(name: str, prefix: str, roles: Set[Role] = EVERY_ROLE) -> Blueprint:
    """Return a blueprint whose pages only accounts of ``roles`` see.

    Others are sent to sign in, or told that they may not. A change without the form's
    token is refused.
    """
    made = Blueprint(name, f"service.web.{name}", url_prefix=prefix)

    @made.before_request
    def check() -> Response | None:
        found = signed_in()
        if found is None:
            return _to_sign_in()
        wish_for(found.account.preferences.lang)
        if found.account.role not in roles:
            raise Problem(403, "role-missing", "Your account may not do that.")
        if request.method not in SAFE_METHODS:
            check_csrf(found.token)
        return None

    return made


def signed_in() -> Member | None:
    """Return who sent the request, or None; asked of the store once for each request."""
    if "member" not in g:
        g.member = _by_cookie()
    found: Member | None = g.member
    return found


def may_still(roles: Set[Role]) -> bool:
    """Say whether who sent the request is still signed in with one of ``roles``, asking anew."""
    g.pop("member", None)
    found = signed_in()
    return found is not None and found.account.role in roles


def member() -> Member:
    """Return who sent a request to a guarded page."""
    found = signed_in()
    assert found is not None  # noqa: S101  the guard has looked
    return found


def site_asked(name: str) -> str:
    """Return the site a page is about: the one named, or the first of the account's.

    Raises ``Problem`` 404 for a site that is not the account's.
    """
    sites = member().sites
    if not sites or (name and name not in sites):
        raise Problem(404, "site-unknown", "There is no such site.")
    return name or sites[0]


def check_csrf(token: str) -> None:
    """Raise ``Problem`` 403 unless the request carries what a page of this session held."""
    sent = request.headers.get(CSRF_HEADER, "") or request.form.get(CSRF_FIELD, "")
    if not services().store.vault.is_signed(sent, "csrf", token):
        raise Problem(403, "csrf", "This page has grown old: load it again, then repeat.")


def is_from_htmx() -> bool:
    """Say whether a script on our page asks for a part of it."""
    return request.headers.get("HX-Request") == "true"


def _by_cookie() -> Member | None:
    token = request.cookies.get(COOKIE, "")
    found = services().store.door.signed_in(token, now_ms()) if token else None
    return Member(found.account, found.session, token) if found else None


def _to_sign_in() -> Response:
    wanted = request.full_path.rstrip("?") if request.method == "GET" else ""
    door = url_for("door.sign_in", next=wanted or None)
    if is_from_htmx():
        return Response(status=401, headers={"HX-Redirect": url_for("door.sign_in")})
    return go_to(door)

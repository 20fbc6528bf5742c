"""Who calls: a site's server by its key, a browser by its origin, a person by a session."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import request

from service.api.media import asked, is_form
from service.api.problems import Problem
from service.api.second_try import first_page
from service.api.services import now_ms, services
from service.store.sites import KnownSite, Scope, SiteUnknown, parts_of
from service.store.staff.accounts import Account, Role

SESSION_PREFIX = "es_"
ROLE_SCOPES = {
    Role.ADMINISTRATOR: frozenset(Scope),
    Role.MODERATOR: frozenset({Scope.MODERATE}),
    Role.OPS: frozenset({Scope.OPS}),
}


@dataclass(frozen=True, slots=True)
class Caller:
    """Hold who posts: a server with a key (``key_id``), or a browser from ``origin``."""

    key_id: str = ""
    origin: str = ""

    @property
    def is_server(self) -> bool:
        """Say whether the caller is a site's own server."""
        return bool(self.key_id)


@dataclass(frozen=True, slots=True)
class Staff:
    """Hold who works: an account or a key, named in the audit log, and for which site."""

    actor: str
    site: str


@dataclass(frozen=True, slots=True)
class Operator:
    """Hold who looks after the installation, and which sites they may see."""

    actor: str
    sites: tuple[str, ...]
    has_every_site: bool


def site_of(name: str) -> KnownSite:
    """Return the site a request is about.

    Raises ``SiteUnknown``.
    """
    known = services().store.sites.get(name)
    current = asked()
    current.site, current.site_language = known.site.name, known.site.lang
    return known


def admitted(known: KnownSite) -> Caller:
    """Return the caller who may post to this site.

    Raises ``Problem`` 401 or 403.
    """
    token = bearer_token()
    if token:
        return Caller(key_id=_key_for(known, token, Scope.SUBMIT))
    page = first_page(known.site.name, request.form) if is_form() else ""
    origin = origin_of(page) or origin_of_request()
    if not origin:
        raise _unauthorised("Send a site key, or post from one of the site's pages.")
    if origin not in known.site.origins:
        raise Problem(403, "origin-not-allowed", "Pages of this origin may not post here.")
    return Caller(origin=origin)


def has_key(known: KnownSite) -> bool:
    """Say whether the caller is the site's server; a wrong key is an error, none is not."""
    token = bearer_token()
    return token.startswith("ek_") and bool(_key_for(known, token, Scope.SUBMIT))


def staff(scope: Scope, site: str = "") -> Staff:
    """Return who calls a staff route, and the site meant: the key's own, or the one named.

    Raises ``Problem`` 401 or 403.
    """
    token = bearer_token()
    if not token:
        raise _unauthorised("Sign in, or send a key.")
    if token.startswith(SESSION_PREFIX):
        return _staff_by_session(token, scope, site)
    parts = parts_of(token)
    if parts is None:
        raise _unauthorised("This key is not known.")
    if site and site != parts[0]:
        raise Problem(403, "wrong-site", "This key belongs to another site.")
    try:
        key_id = _key_for(site_of(parts[0]), token, scope)
    except SiteUnknown:
        raise _unauthorised("This key is not known.") from None
    return Staff(f"key:{key_id}", parts[0])


def operator(site: str = "") -> Operator:
    """Return the operator who calls, and the sites meant: the one named, or all that are theirs.

    What is measured of workers and checks is of no single site, and open to every operator.
    Raises ``Problem`` 401 or 403, or ``SiteUnknown``.
    """
    token = bearer_token()
    if token.startswith(SESSION_PREFIX):
        account = _account_by_session(token, Scope.OPS)
        sites = sorted(account.sites) or services().store.sites.names()
        if site and site not in sites:
            raise SiteUnknown(site)
        chosen = (site,) if site else tuple(sites)
        return Operator(f"account:{account.name}", chosen, not account.sites)
    caller = staff(Scope.OPS, site)
    is_only = services().store.sites.names() == [caller.site]
    return Operator(caller.actor, (caller.site,), is_only)


def operator_of_all() -> Operator:
    """Return the operator who calls for something that concerns every site.

    That is an account for all sites, or the key of the only site there is. Raises ``Problem``
    401 or 403.
    """
    found = operator()
    if not found.has_every_site:
        detail = "Use an account that is not limited to some sites."
        raise Problem(403, "every-site-needed", "This concerns every site.", detail=detail)
    return found


def bearer_token() -> str:
    """Return the token of an ``Authorization: Bearer`` header, or nothing."""
    scheme, _, token = asked().environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def origin_of_request() -> str:
    """Return the web origin a browser says it is on, from Origin or else Referer."""
    origin = request.headers.get("Origin", "")
    if origin:
        return origin.lower()
    return origin_of(request.headers.get("Referer", ""))


def origin_of(url: str) -> str:
    """Return the origin of a web address, or nothing."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        return ""
    return f"{parts.scheme}://{parts.netloc}".lower()


def _key_for(known: KnownSite, token: str, scope: Scope) -> str:
    parts = parts_of(token)
    key = known.keys.get(parts[1]) if parts and parts[0] == known.site.name else None
    if parts is None or key is None or not key.opens(parts[2], services().clock()):
        raise _unauthorised("This key is not known.")
    if scope not in key.scopes:
        raise _lacks(scope)
    return key.id


def _staff_by_session(token: str, scope: Scope, site: str) -> Staff:
    account = _account_by_session(token, scope)
    return Staff(f"account:{account.name}", _site_for(account, site))


def _account_by_session(token: str, scope: Scope) -> Account:
    found = services().store.door.signed_in(token, now_ms())
    if found is None:
        raise _unauthorised("This session has ended; sign in again.")
    if scope not in ROLE_SCOPES[found.account.role]:
        raise _lacks(scope)
    return found.account


def _site_for(account: Account, site: str) -> str:
    names = sorted(account.sites) or services().store.sites.names()
    chosen = site or (names[0] if len(names) == 1 else "")
    if not chosen:
        raise Problem(400, "site-needed", "Say which site you mean, with `site`.")
    if chosen not in names:
        raise SiteUnknown(chosen)
    return chosen


def _unauthorised(detail: str) -> Problem:
    title = "Who you are is not known."
    headers = {"WWW-Authenticate": 'Bearer realm="ecluse"'}
    return Problem(401, "unauthorised", title, detail=detail, headers=headers)


def _lacks(scope: Scope) -> Problem:
    return Problem(
        403, "scope-missing", "This key or account may not do that.", extra={"needed_scope": scope}
    )

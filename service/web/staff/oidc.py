"""Signing in with the organisation's OpenID Connect provider."""

from __future__ import annotations

import hmac
import logging

from flask import Blueprint, Response, request, url_for

from service.api.problems import Problem
from service.api.services import services
from service.api.visits import visit
from service.provider import Identity, Provider, ProviderRefused, ProviderUnreachable
from service.store.staff.accounts import AccountExists, NameRetired, Role, is_account_name, known_as
from service.store.staff.door import SecondFactorNeeded, SignInRefused
from service.store.staff.errands import Errand
from service.store.staff.sign_in_limits import SignInThrottled
from service.web.onward import go_to
from service.web.staff.cookies import (
    ERRAND_COOKIE,
    ask_code,
    keep_errand,
    let_in,
    public_address,
)
from service.web.staff.door import form, onward, own_path, retry_after, throttled

UNREACHABLE = "Your organisation’s sign-in is not to be reached just now; try again."
NOT_DONE = "Your organisation’s sign-in did not succeed: begin again."
NO_ACCOUNT = "You have no account here: ask an administrator for an invitation."
PURPOSE = "oidc errand"
blueprint = Blueprint("oidc", __name__)
logger = logging.getLogger(__name__)


@blueprint.get("/sign-in/oidc")
def start() -> Response:
    """Send the browser to the provider."""
    provider, wanted = _provider(), own_path(request.args.get("next", ""))
    token, errand = services().store.errands.start(wanted)
    try:
        address = provider.address(errand, _back())
    except ProviderUnreachable as error:
        logger.warning("the OpenID Connect provider does not answer: %s", error)
        return form(502, error=UNREACHABLE)
    return keep_errand(go_to(address), f"{token}.{services().store.vault.sign(PURPOSE, token)}")


@blueprint.get("/sign-in/oidc/back")
def back() -> Response:
    """Let in whom the provider vouches for."""
    return keep_errand(_answered(_provider()), "")


def _answered(provider: Provider) -> Response:
    errand = _errand()
    if errand is None:
        return form(400, error=NOT_DONE)
    try:
        with services().store.door.counting(visit()):
            return _let_in(_identity(provider, errand), errand)
    except SignInThrottled as error:
        return form(429, error=throttled(error), headers=retry_after(error))
    except ProviderUnreachable as error:
        logger.warning("the OpenID Connect provider does not answer: %s", error)
        return form(502, error=UNREACHABLE)
    except ProviderRefused as error:
        logger.warning("the OpenID Connect provider's word does not hold: %s", error)
        return form(403, error=NOT_DONE)
    except SignInRefused:
        return form(403, error=NO_ACCOUNT)


def _errand() -> Errand | None:
    """Return the errand this browser started, if the provider's answer belongs to it."""
    token, _, signature = request.cookies.get(ERRAND_COOKIE, "").partition(".")
    if not services().store.vault.is_signed(signature, PURPOSE, token):
        return None
    errand, state = services().store.errands.end(token), request.args.get("state", "")
    is_its_own = errand and hmac.compare_digest(errand.state.encode(), state.encode())
    return errand if is_its_own else None


def _identity(provider: Provider, errand: Errand) -> Identity:
    code = request.args.get("code", "")
    if not code or not provider.is_issuer(request.args.get("iss", "")):
        raise ProviderRefused(request.args.get("error", "no code")[:60])
    return provider.identity(code, errand, _back(), int(services().clock()))


def _let_in(identity: Identity, errand: Errand) -> Response:
    """Open a session for the account of that identity.

    Raises ``SignInRefused``.
    """
    name = _account_of(identity)
    if not services().store.accounts.belongs_to(name, identity.subject):
        services().store.general_audit.add("oidc-other-subject", f"account:{name}")
        raise SignInRefused
    try:
        token = services().store.door.admit(name, visit())
    except SecondFactorNeeded as owed:
        return ask_code(owed.half, errand.wanted)
    return let_in(go_to(onward(errand.wanted)), token)


def _account_of(identity: Identity) -> str:
    """Return the name of the account an identity is matched with; make one where that is set."""
    names = [known_as(each) for each in identity.names]
    for name in names:
        if services().store.accounts.is_known(name):
            return name
    role, name = services().settings.oidc_role, next(filter(is_account_name, names), "")
    if not role or not name:
        raise SignInRefused
    try:
        services().store.people.welcome(name, Role(role))
    except (AccountExists, NameRetired):
        raise SignInRefused from None
    return name


def _provider() -> Provider:
    found = services().provider
    if found is None:
        raise Problem(404, "not-found", "There is nothing at this address.")
    return found


def _back() -> str:
    return public_address(url_for("oidc.back"))

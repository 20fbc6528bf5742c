"""People: who may sign in, and what administrators do about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Response, request, url_for

from service.api.language import language, translated
from service.api.problems import Problem
from service.api.services import now_ms, services
from service.schemas.messages import Message, translate
from service.store.staff.accounts import (
    AccountExists,
    AccountUnknown,
    Kept,
    LastAdministrator,
    NameRetired,
    Role,
    is_account_name,
    known_as,
)
from service.store.staff.links import Link
from service.web.onward import go_to
from service.web.staff.cookies import public_address
from service.web.staff.guard import ADMINISTRATING, member, staff_blueprint
from service.web.staff.page import page
from service.web.staff.times import machine_moment, moment

EVERY_SITE = "*"
NAME_RULE = "A name has 1 to 64 characters, without spaces or slashes."
NAME_TAKEN = "Somebody has this name already."
NOT_SURE = "Say that you are sure."
SITES_RULE = "Choose at least one site, or all."
LAST_ADMINISTRATOR = "Nobody else administers all sites: give that to somebody first."
DONE = {
    "changed": "The change is saved.",
    "deleted": "The account is deleted.",
    "revoked": "The link is void.",
}
blueprint = staff_blueprint("people", "/people", ADMINISTRATING)


@dataclass(frozen=True, slots=True)
class Wish:
    """Hold the role and the sites that a form gives; no sites where it chose none."""

    role: Role
    sites: frozenset[str]
    errors: dict[str, str]


@blueprint.get("/", strict_slashes=False)
def index() -> Response:
    """List those who may sign in, and the invitations that are open."""
    return _index()


@blueprint.post("/invite")
def invite() -> Response:
    """Make an invitation, and show its link once."""
    name, wish = known_as(request.form.get("name", "")), _wish()
    errors = dict(wish.errors)
    if not is_account_name(name):
        errors["name"] = NAME_RULE
    if errors:
        return _index(422, errors, name)
    people, is_again = services().store.people, "again" in request.form
    try:
        token = people.invite(
            name, wish.role, wish.sites, member().actor, now_ms(), is_again=is_again
        )
    except AccountExists:
        return _index(422, {"name": NAME_TAKEN}, name)
    except NameRetired as error:
        return _index(422, {"name": _retired(error)}, name, is_retired=True)
    return _show_link(token, name, is_invitation=True)


@blueprint.post("/links/revoke")
def revoke() -> Response:
    """Void an invitation or a reset link."""
    link = next((each for each in _links() if each.id == request.form.get("id")), None)
    if link is None:
        raise Problem(404, "link-unknown", "This link is void already.")
    services().store.people.revoke_link(link, member().actor)
    return go_to(url_for("people.index", done="revoked"))


@blueprint.get("/<name>")
def show(name: str) -> Response:
    """Show one account, and what can be done about it."""
    return _show(_person(name))


@blueprint.post("/<name>/role")
def change(name: str) -> Response:
    """Give somebody another role or other sites."""
    person, wish = _person(name), _wish()
    if wish.errors:
        return _show(person, 422, wish.errors)
    people = services().store.people
    try:
        people.change(name, wish.role, wish.sites, member().actor, now_ms())
    except LastAdministrator:
        return _show(person, 409, {"role": LAST_ADMINISTRATOR})
    return _done(name)


@blueprint.post("/<name>/disable")
def disable(name: str) -> Response:
    """Let somebody open nothing any more."""
    person = _person(name)
    try:
        services().store.people.disable(name, member().actor, now_ms())
    except LastAdministrator:
        return _show(person, 409, {"role": LAST_ADMINISTRATOR})
    return _done(name)


@blueprint.post("/<name>/delete")
def delete(name: str) -> Response:
    """Forget somebody's account; what they did stays in the logs."""
    person = _person(name)
    if "sure" not in request.form:
        return _show(person, 422, {"sure": NOT_SURE})
    try:
        services().store.people.delete(name, member().actor, now_ms())
    except LastAdministrator:
        return _show(person, 409, {"role": LAST_ADMINISTRATOR})
    is_self = name == member().account.name
    return go_to(url_for("door.sign_in" if is_self else "people.index", done="deleted"))


@blueprint.post("/<name>/enable")
def enable(name: str) -> Response:
    """Let somebody in again."""
    _person(name)
    services().store.people.enable(name, member().actor)
    return _done(name)


@blueprint.post("/<name>/reset")
def reset(name: str) -> Response:
    """Make a link that sets a new password, and show it once."""
    _person(name)
    token = services().store.people.issue_reset(name, member().actor, now_ms())
    return _show_link(token, name, is_invitation=False)


@blueprint.post("/<name>/second-factor")
def reset_second_factor(name: str) -> Response:
    """Take somebody's second factor away: the phone is lost."""
    _person(name)
    services().store.people.reset_second_factor(name, member().actor)
    return _done(name)


def _person(name: str) -> Kept:
    """Return an account the administrator has a say over.

    Raises ``Problem`` 404.
    """
    found = services().store.accounts.find(name)
    if found is None or not member().account.may_manage(found.account.sites):
        raise Problem(404, "account-unknown", "Nobody has this name here.")
    return found


def _wish() -> Wish:
    """Return the role and sites sent; those that are not the administrator's to give are faults."""
    sent, mine = request.form.getlist("sites"), member()
    role = request.form.get("role", "")
    sites = frozenset() if EVERY_SITE in sent else frozenset(sent)
    known = sites <= frozenset(mine.sites) and mine.account.may_manage(sites)
    errors = {} if sent and known else {"sites": SITES_RULE}
    if role not in set(Role):
        errors["role"] = "Choose a role."
    return Wish(Role(role) if role in set(Role) else Role.OPS, sites, errors)


def _links() -> list[Link]:
    """Return the open links whose people the administrator has a say over."""
    store, mine = services().store, member().account
    every = store.people.open_links(now_ms())
    return [link for link in every if mine.may_manage(_sites_of(link))]


def _sites_of(link: Link) -> frozenset[str]:
    try:
        return services().store.accounts.get(link.name).sites
    except AccountUnknown:
        return link.sites


def _retired(error: NameRetired) -> Message:
    day = moment(error.at_ms, language())
    return Message(
        "An account of this name was deleted on {day}, and the logs speak of somebody by it.",
        day=day,
    )


def _index(
    status: int = 200,
    errors: dict[str, str] | None = None,
    name: str = "",
    *,
    is_retired: bool = False,
) -> Response:
    mine = member().account
    everyone = services().store.accounts.every()
    return _page(
        "staff/people.html",
        status,
        errors,
        people=[each for each in everyone if mine.may_manage(each.account.sites)],
        links=_links(),
        name=name,
        is_retired=is_retired,
        sent=set(request.form.getlist("sites")),
        role=request.form.get("role", Role.MODERATOR),
    )


def _show(person: Kept, status: int = 200, errors: dict[str, str] | None = None) -> Response:
    account = person.account
    return _page(
        "staff/person.html",
        status,
        errors,
        person=person,
        sent=set(account.sites) or {EVERY_SITE},
        role=account.role,
        is_self=account.name == member().account.name,
    )


def _page(template: str, status: int, errors: dict[str, str] | None, **context: Any) -> Response:
    tongue, mine = language(), member()
    return page(
        template,
        status,
        errors=translated(errors or {}),
        done=translate(DONE.get(request.args.get("done", ""), ""), tongue),
        moment=lambda at_ms: moment(at_ms, tongue),
        machine_moment=machine_moment,
        sites=mine.sites,
        gives_all=not mine.account.sites,
        **context,
    )


def _show_link(token: str, name: str, *, is_invitation: bool) -> Response:
    link = public_address(url_for("joining.show", token=token))
    return page("staff/link.html", link=link, name=name, is_invitation=is_invitation)


def _done(name: str) -> Response:
    return go_to(url_for("people.show", name=name, done="changed"))

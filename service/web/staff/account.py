"""One's own account: preferences, password, sessions."""

from __future__ import annotations

from dataclasses import replace

from flask import Response, request, url_for

from service.api.language import language, translated
from service.api.problems import Problem
from service.api.services import now_ms, services
from service.api.sessions import PASSWORD_RULE
from service.api.visits import visit
from service.schemas.messages import LANGUAGES, translate
from service.store.staff.door import SignInRefused
from service.store.staff.passwords import PasswordTooShort
from service.store.staff.sign_in_limits import SignInThrottled
from service.web.onward import go_to
from service.web.staff.cookies import let_in
from service.web.staff.door import password_sent, retry_after, throttled
from service.web.staff.guard import member, staff_blueprint
from service.web.staff.page import page
from service.web.staff.times import machine_moment, moment

THEMES = ("light", "dark")
PASSWORD_WRONG = "The password is wrong."  # noqa: S105
DONE = {
    "preferences": "Your settings are saved.",
    "password": "Your password is changed; your other sessions have ended.",
    "session": "The session has ended.",
    "sessions": "All other sessions have ended.",
}
blueprint = staff_blueprint("account", "/account")


@blueprint.get("/", strict_slashes=False)
def show() -> Response:
    """Show one's account."""
    return _page()


@blueprint.post("/preferences")
def prefer() -> Response:
    """Keep what somebody set for themselves; the keys of the queue are set elsewhere."""
    sent, account = request.form, member().account
    lang, theme = sent.get("lang", ""), sent.get("theme", "")
    wanted = replace(
        account.preferences,
        lang=lang if lang in LANGUAGES else "",
        theme=theme if theme in THEMES else "",
        is_blurred="is_blurred" in sent,
        is_greyscale="is_greyscale" in sent,
        has_breaks="has_breaks" in sent,
    )
    services().store.accounts.prefer(account.name, wanted)
    return _done("preferences")


@blueprint.post("/password")
def change_password() -> Response:
    """Replace one's own password; every other session ends."""
    old, new = password_sent("password"), password_sent("new_password")
    door, name = services().store.door, member().account.name
    try:
        token = door.change_password(name, old, new, visit())
    except SignInRefused:
        return _page(422, {"password": PASSWORD_WRONG})
    except PasswordTooShort:
        return _page(422, {"new_password": PASSWORD_RULE})
    except SignInThrottled as error:
        return _page(429, {"password": throttled(error)}, retry_after(error))
    return let_in(_done("password"), token)


@blueprint.post("/sessions/end")
def end_session() -> Response:
    """End one of one's sessions."""
    store, name = services().store, member().account.name
    if not store.sessions.end(name, request.form.get("id", "")):
        raise Problem(404, "session-unknown", "This session has ended already.")
    store.general_audit.add("session-ended", member().actor)
    return _done("session")


@blueprint.post("/sessions/end-others")
def end_other_sessions() -> Response:
    """End all of one's sessions but this one."""
    store, mine = services().store, member()
    store.sessions.end_all(mine.account.name, but=mine.session.id)
    store.general_audit.add("sessions-ended", mine.actor)
    return _done("sessions")


def _page(
    status: int = 200,
    errors: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    tongue, mine = language(), member()
    told = translated(errors or {})
    found = services().store.sessions.of(mine.account.name, mine.session.generation, now_ms())
    return page(
        "staff/account.html",
        status,
        headers,
        errors=told,
        done=translate(DONE.get(request.args.get("done", ""), ""), tongue),
        sessions=found,
        moment=lambda at_ms: moment(at_ms, tongue),
        machine_moment=machine_moment,
        site_names=", ".join(sorted(mine.account.sites)),
    )


def _done(what: str) -> Response:
    return go_to(url_for("account.show", done=what))

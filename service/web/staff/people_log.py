"""The log of what concerns no single site: sign-ins, invitations, roles."""

from __future__ import annotations

from flask import Response, request

from service.api.language import language
from service.api.problems import Problem
from service.api.services import services
from service.schemas.messages import translate
from service.store.staff.general_audit import Entry
from service.web.staff.guard import ADMINISTRATING, member, staff_blueprint
from service.web.staff.page import page
from service.web.staff.times import machine_moment, moment

SHOWN = 100
KINDS = {
    "backup": "Saved everything into a file.",
    "created": "Made an account.",
    "deleted": "Deleted an account.",
    "disabled": "Disabled an account.",
    "enabled": "Enabled an account.",
    "invitation": "Invited somebody.",
    "joined": "Joined by invitation or provider.",
    "link-revoked": "Revoked a link.",
    "oidc-other-subject": "Was refused: the account belongs to somebody else at the provider.",
    "password": "Changed their password.",
    "password-reset": "Reset a password.",
    "recovery-code": "Used a recovery code.",
    "recovery-codes": "Made new recovery codes.",
    "reset-link": "Made a link for a new password.",
    "restored": "Brought a backup back.",
    "role": "Changed somebody’s role or sites.",
    "second-factor-off": "Turned their second factor off.",
    "second-factor-on": "Turned their second factor on.",
    "second-factor-reset": "Reset somebody’s second factor.",
    "session-ended": "Ended one of their sessions.",
    "sessions-ended": "Ended all their other sessions.",
    "sign-in": "Signed in.",
    "sign-in-throttled": "Was throttled after too many failed sign-ins.",
    "tasks-discarded": "Discarded failed tasks.",
    "tasks-retried": "Retried failed tasks.",
    "workers-resumed": "Resumed the workers.",
    "workers-suspended": "Suspended the workers.",
}
blueprint = staff_blueprint("people_log", "/people-log", ADMINISTRATING)


@blueprint.get("/", strict_slashes=False)
def show() -> Response:
    """Show the log, newest first; to administrators of all sites, whose people it names."""
    if member().account.sites:
        raise Problem(403, "role-missing", "Your account may not do that.")
    tongue = language()
    entries = services().store.general_audit.newest(SHOWN, request.args.get("before", ""))
    return page(
        "staff/people_log.html",
        entries=entries,
        older=entries[-1].id if len(entries) == SHOWN else "",
        said=lambda entry: translate(KINDS.get(entry.kind, entry.kind), tongue),
        told=_told,
        moment=lambda at_ms: moment(at_ms, tongue).removesuffix(" UTC"),
        machine_moment=machine_moment,
    )


def _told(entry: Entry) -> str:
    """Return the rest of a line: names and words, not the hash of an address."""
    values = [value for name, value in entry.detail.items() if name != "address"]
    texts = [", ".join(each) if isinstance(each, list) else str(each) for each in values]
    return " · ".join(filter(None, texts))

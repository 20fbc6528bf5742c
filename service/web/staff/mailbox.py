"""Where one's own mail goes, and how often."""

from __future__ import annotations

from typing import Any

from flask import Response, request, url_for
from marshmallow import ValidationError

from service.api.language import language, translated
from service.api.problems import Problem, from_validation
from service.api.services import services
from service.mail.letters import Office, asking_to_confirm
from service.mail.post import MailFailed, send
from service.schemas.mailbox import MailboxSchema
from service.schemas.messages import translate
from service.store.staff.mailboxes import Mailbox
from service.web.onward import go_to
from service.web.staff.guard import MODERATING, member, staff_blueprint
from service.web.staff.page import page

CONFIRM_WITHIN_S = 86_400
NOT_SENT = "The mail server did not take the mail: your operator knows why. Try again later."
blueprint = staff_blueprint("mailbox", "/account/mail", MODERATING)


@blueprint.get("")
def show() -> Response:
    """Show the form."""
    return _form(services().store.mailboxes.get(member().account.name))


@blueprint.post("")
def save() -> Response:
    """Keep the wishes; an address that is new is asked to confirm itself."""
    name = member().account.name
    if not request.form.get("address", "").strip():
        services().store.mailboxes.remove(name)
        return _back()
    try:
        data = MailboxSchema().load(request.form.to_dict())
    except ValidationError as error:
        return _form(None, 422, errors=translated(from_validation(error).errors))
    mailbox = Mailbox(data["address"], data["digest"], data["alerts"])
    services().store.mailboxes.save(name, mailbox)
    kept = services().store.mailboxes.get(name)
    if kept and not kept.is_confirmed and not _ask(name, kept.address):
        return _form(kept, 502, failure=translate(NOT_SENT, language()))
    return _back()


@blueprint.get("/confirm/<token>")
def confirmation(token: str) -> Response:
    """Show the button; a mail reader that opens every link confirms nothing."""
    return page("staff/mailbox_confirm.html", token=token, address=_address_of(token))


@blueprint.post("/confirm/<token>")
def confirm(token: str) -> Response:
    """Confirm the address."""
    services().store.mailboxes.confirm(member().account.name, _address_of(token))
    return _back()


def _ask(name: str, address: str) -> bool:
    settings = services().settings
    until = f"{int(services().clock()) + CONFIRM_WITHIN_S}"
    token = f"{until}~{services().store.vault.sign('mail address', name, address, until)}"
    link = f"{settings.base_url}{url_for('mailbox.confirmation', token=token)}"
    office = Office(services().store.vault, settings.base_url, settings.mail_from)
    try:
        send(settings, [asking_to_confirm(office, address, link, language())])
    except MailFailed:
        return False
    return True


def _address_of(token: str) -> str:
    """Return the address that a token confirms: the one the account has now.

    Raises ``Problem`` 404.
    """
    name = member().account.name
    found = services().store.mailboxes.get(name)
    until, _, signature = token.partition("~")
    is_number = until.isascii() and until.isdecimal() and len(until) < 12
    if found and is_number and int(until) >= services().clock():
        vault = services().store.vault
        if vault.is_signed(signature, "mail address", name, found.address, until):
            return found.address
    raise Problem(404, "not-found", "This link is not good any more.")


def _form(mailbox: Mailbox | None, status: int = 200, **context: Any) -> Response:
    written = request.form
    shown = {
        "address": written.get("address", mailbox.address if mailbox else ""),
        "digest": written.get("digest", mailbox.digest.value if mailbox else "never"),
        "has_alerts": bool(written.get("alerts")) or bool(mailbox and mailbox.has_alerts),
        "is_confirmed": bool(mailbox and mailbox.is_confirmed),
        "is_known": mailbox is not None,
        "has_server": bool(services().settings.smtp_host),
    }
    return page("staff/mailbox.html", status, **{"errors": {}, "failure": "", **shown, **context})


def _back() -> Response:
    return go_to(url_for("mailbox.show"))

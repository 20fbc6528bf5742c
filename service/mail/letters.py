"""The letters: what waits in a site's queue, and the question whether an address is right."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from urllib.parse import quote

from babel.dates import format_timedelta

from service.mail.links import OFFERED, MailLink, expiry_s, make_token
from service.moderation.verdict import Status
from service.schemas.messages import Message, translate
from service.schemas.presentation import reasons_of
from service.store.records import Record
from service.store.sealing import Vault

MOST_SHOWN = 10
EXCERPT = 300
WAYS = {
    Status.APPROVED: "Approve",
    Status.REJECTED: "Reject",
    Status.SPAM: "Mark as spam",
}


@dataclass(frozen=True, slots=True)
class Office:
    """Hold what every letter needs: who signs, and where the service is read."""

    vault: Vault
    base_url: str
    sender: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """Hold what waits in one site's queue: how many, how many of them new, and some of them."""

    site: str
    total: int
    new: int
    oldest_ms: int
    shown: Sequence[Record]


def about_waiting(
    office: Office, waiting: Waiting, account: str, address: str, language: str, now_s: float
) -> EmailMessage:
    """Return the letter that tells what waits, with links that decide."""
    subject = Message(
        "{site}: {count} comments wait for a moderator", site=waiting.site, count=waiting.total
    )
    lines = [
        translate(Message("New since the last mail: {count}.", count=waiting.new), language),
        translate(
            Message(
                "The oldest has waited for {time}.",
                time=_age(waiting.oldest_ms, now_s, language),
            ),
            language,
        ),
        "",
        f"{office.base_url}/moderate?site={quote(waiting.site)}",
    ]
    for record in waiting.shown[:MOST_SHOWN]:
        lines += ["", "-" * 60, *_about_comment(office, record, account, language, now_s)]
    left = waiting.total - min(len(waiting.shown), MOST_SHOWN)
    if left > 0:
        lines += ["", "-" * 60, translate(Message("And {count} more.", count=left), language)]
    lines += ["", "--", *_foot(office, language)]
    return _letter(office, address, translate(subject, language), lines)


def asking_to_confirm(office: Office, address: str, link: str, language: str) -> EmailMessage:
    """Return the letter that asks whether an address is its account's."""
    lines = [
        translate("Somebody asks that mail about waiting comments come to this address.", language),
        translate("If that is you, open this page and press its button:", language),
        "",
        link,
        "",
        translate("If it is not, do nothing: no more mail will come.", language),
    ]
    subject = translate("Confirm your address for Écluse", language)
    return _letter(office, address, subject, lines)


def about_reset(office: Office, address: str, token: str, language: str) -> EmailMessage:
    """Return the letter with the link that sets a new password."""
    lines = [
        translate("Somebody asks for a new password for your account.", language),
        translate("If that is you, set it here within 24 hours:", language),
        "",
        f"{office.base_url}/join/{token}",
        "",
        translate("If it is not, do nothing: your password stays as it is.", language),
    ]
    return _letter(office, address, translate("A new password for Écluse", language), lines)


def _about_comment(
    office: Office, record: Record, account: str, language: str, now_s: float
) -> list[str]:
    comment = record.comment
    name = comment.author or translate("Anonymous", language)
    lines = [
        translate(
            Message("{author}, on {page}", author=name, page=comment.page_title or comment.page),
            language,
        ),
        "",
        _excerpt(comment.content),
        "",
        *(f"- {reason}" for reason in reasons_of(record, language)[:3]),
        "",
    ]
    for target in OFFERED:
        address = _address(office, record, target, account, now_s)
        lines.append(f"{translate(WAYS[target], language)}: {address}")
    return lines


def _address(office: Office, record: Record, target: Status, account: str, now_s: float) -> str:
    comment = record.comment
    link = MailLink(comment.site, comment.id, record.version, target, account, expiry_s(now_s))
    place = f"{office.base_url}/moderate/by-mail/{comment.site}/{comment.id}"
    return f"{place}/{quote(account, safe='')}/{make_token(office.vault, link)}"


def _foot(office: Office, language: str) -> list[str]:
    about = "Each link opens a page that shows the comment; its button decides. Good for 48 hours."
    settings = Message("Change what you get: {address}", address=f"{office.base_url}/account/mail")
    return [translate(about, language), translate(settings, language)]


def _letter(office: Office, address: str, subject: str, lines: Sequence[str]) -> EmailMessage:
    letter = EmailMessage()
    letter["From"] = office.sender
    letter["To"] = address
    letter["Subject"] = " ".join(subject.split())
    letter["Auto-Submitted"] = "auto-generated"
    letter["X-Auto-Response-Suppress"] = "All"
    letter["List-Unsubscribe"] = f"<{office.base_url}/account/mail>"
    letter.set_content("\n".join(lines) + "\n")
    return letter


def _excerpt(content: str) -> str:
    """Return the beginning of a comment, indented so that no line of it passes for ours."""
    cut = content if len(content) <= EXCERPT else f"{content[:EXCERPT]}…"
    return "\n".join(f"> {line}" for line in cut.splitlines())


def _age(then_ms: int, now_s: float, language: str) -> str:
    age = dt.timedelta(seconds=max(0.0, now_s - then_ms / 1000))
    return format_timedelta(age, locale=language)

"""The post: letters over SMTP, to the server that the settings name."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterable
from email.message import EmailMessage
from email.utils import formatdate, make_msgid, parseaddr

from config.settings import Settings, SmtpSecurity

TIMEOUT_S = 5.0


class MailFailed(Exception):
    """Say that the mail server did not take the letters."""


def send(settings: Settings, letters: Iterable[EmailMessage]) -> int:
    """Send letters over one connection; return how many the server took.

    A letter that the server refuses is left out; raises ``MailFailed`` when the server
    cannot be reached, or takes none.
    """
    taken, refused = 0, 0
    try:
        with _connection(settings) as server:
            for letter in letters:
                _stamp(letter, settings)
                try:
                    server.send_message(letter)
                    taken += 1
                except (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError, ValueError):
                    refused += 1
    except (OSError, smtplib.SMTPException) as error:
        raise MailFailed(type(error).__name__) from None
    if refused and not taken:
        raise MailFailed("refused")
    return taken


def _connection(settings: Settings) -> smtplib.SMTP:
    host, port = settings.smtp_host, settings.smtp_port
    context = ssl.create_default_context()
    if settings.smtp_security is SmtpSecurity.TLS:
        server: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=TIMEOUT_S, context=context)
    else:
        server = smtplib.SMTP(host, port, timeout=TIMEOUT_S)
    if settings.smtp_security is SmtpSecurity.STARTTLS:
        server.starttls(context=context)
    if settings.smtp_user:
        server.login(settings.smtp_user, settings.smtp_password)
    return server


def _stamp(letter: EmailMessage, settings: Settings) -> None:
    domain = parseaddr(settings.mail_from)[1].rpartition("@")[2]
    letter["Date"] = formatdate(localtime=False)
    letter["Message-ID"] = make_msgid(domain=domain)

"""Links in a mail: each decides one comment, one way, once, within 48 hours.

A link is signed over all it names, the version of the comment that the mail showed
included. Opening it decides nothing: it shows the comment and a button.
"""

from __future__ import annotations

from dataclasses import dataclass

from service.moderation.verdict import Status
from service.store.sealing import Vault
from service.store.staff.mailboxes import LINK_LIFE_S

PURPOSE = "mail link"
OFFERED = (Status.APPROVED, Status.REJECTED, Status.SPAM)
"""What a mail offers to do."""


@dataclass(frozen=True, slots=True)
class MailLink:
    """Hold what one link is for; ``until_s`` is the second at which it ends."""

    site: str
    comment_id: str
    version: int
    target: Status
    account: str
    until_s: int

    def parts(self) -> tuple[str, ...]:
        """Return what the signature covers."""
        numbers = (str(self.version), self.target.value, self.account, str(self.until_s))
        return (self.site, self.comment_id, *numbers)


def make_token(vault: Vault, link: MailLink) -> str:
    """Return the token that stands in the address."""
    return f"{link.version}~{link.target.value}~{link.until_s}~{vault.sign(PURPOSE, *link.parts())}"


def read_token(
    vault: Vault, site: str, comment_id: str, account: str, token: str, now_s: float
) -> tuple[MailLink, str] | None:
    """Return the link and its signature; None for one that is not ours or too old."""
    parts = token.split("~")
    if len(parts) != 4 or not (parts[0].isdecimal() and parts[2].isdecimal()):
        return None
    version, target, until_s, signature = parts
    if len(version) > 9 or len(until_s) > 12 or target not in {each.value for each in OFFERED}:
        return None
    link = MailLink(site, comment_id, int(version), Status(target), account, int(until_s))
    if now_s > link.until_s or not vault.is_signed(signature, PURPOSE, *link.parts()):
        return None
    return link, signature


def expiry_s(now_s: float) -> int:
    """Return when a link written now ends."""
    return int(now_s) + LINK_LIFE_S

"""Where moderators get mail, what was sent to them, and which of its links were used."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from service.store import keys
from service.store.sealing import Personal, SealBroken, Vault
from service.store.server.connection import Client

RESETS_A_MINUTE = 30
"""All accounts together: whoever asks for more fills a queue, and gets nothing."""
RESET_PAUSE_S = 900
LINK_LIFE_S = 172_800
"""A link in a mail is good for 48 hours."""


class Digest(StrEnum):
    """Name how often a moderator is told what waits."""

    NEVER = "never"
    HOURLY = "hourly"
    DAILY = "daily"


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Hold one account's address and wishes; nothing is sent before it is confirmed."""

    address: str
    digest: Digest = Digest.NEVER
    has_alerts: bool = False
    is_confirmed: bool = False


@dataclass(frozen=True, slots=True)
class Sent:
    """Hold when (ms) an account was last told of one site, by digest and by alert.

    ``place`` is where the site's stream of changes stood then, empty before the first time.
    """

    digest_ms: int = 0
    alert_ms: int = 0
    place: str = ""


class Mailboxes:
    """Keep the mailboxes; addresses are sealed like everybody's."""

    def __init__(self, client: Client, vault: Vault) -> None:
        self._client = client
        self._vault = vault

    def get(self, account: str) -> Mailbox | None:
        """Return an account's mailbox, or None."""
        stored: Any = self._client.hgetall(keys.mailbox(account))
        return self._mailbox(account, stored) if stored else None

    def save(self, account: str, mailbox: Mailbox) -> None:
        """Keep a mailbox; an address other than the one before has to be confirmed anew."""
        before = self.get(account)
        is_same = before is not None and before.address == mailbox.address
        kept = replace(mailbox, is_confirmed=is_same and before.is_confirmed) if before else mailbox
        self._write(account, kept)

    def confirm(self, account: str, address: str) -> bool:
        """Mark an address as read by its owner, if it is still the account's."""
        found = self.get(account)
        if found is None or found.address != address:
            return False
        self._write(account, replace(found, is_confirmed=True))
        return True

    def remove(self, account: str) -> None:
        """Forget an account's mailbox and what was sent there."""
        self._client.delete(
            keys.mailbox(account), keys.mail_sent(account), keys.reset_sent(account)
        )
        self._client.srem(keys.MAILBOXES, account)

    def confirmed(self) -> Iterator[tuple[str, Mailbox]]:
        """Yield the accounts that get mail, each with its mailbox."""
        names: Any = self._client.smembers(keys.MAILBOXES)
        for name in sorted(member.decode() for member in names):
            found = self.get(name)
            if found is not None and found.is_confirmed:
                yield name, found

    def sent(self, account: str, site: str) -> Sent:
        """Return when an account was last told of a site."""
        names = [f"{site} {name}" for name in ("digest", "alert", "place")]
        found: Any = self._client.hmget(keys.mail_sent(account), names)
        digest, alert, place = found
        return Sent(int(digest or 0), int(alert or 0), (place or b"").decode())

    def note_sent(self, account: str, site: str, sent: Sent) -> None:
        """Remember when an account was told of a site."""
        self._client.hset(
            keys.mail_sent(account),
            mapping={
                f"{site} digest": sent.digest_ms,
                f"{site} alert": sent.alert_ms,
                f"{site} place": sent.place,
            },
        )

    def use_link(self, signature: str) -> bool:
        """Use up a link; False when it was used before."""
        return bool(self._client.set(keys.mail_link(signature), 1, nx=True, ex=LINK_LIFE_S))

    def is_link_used(self, signature: str) -> bool:
        """Say whether a link was used."""
        return bool(self._client.exists(keys.mail_link(signature)))

    def begin_round(self, seconds: int) -> bool:
        """Say whether nobody looked what is to be sent within the last ``seconds``."""
        return bool(self._client.set(keys.MAIL_ROUND, 1, nx=True, ex=seconds))

    def may_ask_for_reset(self) -> bool:
        """Count one who asks for a reset by mail; False when too many do."""
        # Together: a count that ended between the two would begin again without an end.
        pipe = self._client.pipeline(transaction=True)
        pipe.set(keys.RESETS_ASKED, 0, nx=True, ex=60)
        pipe.incr(keys.RESETS_ASKED)
        return int(pipe.execute()[-1]) <= RESETS_A_MINUTE

    def begin_reset(self, account: str) -> Mailbox | None:
        """Return where an account's reset goes: once in a quarter of an hour, or nowhere."""
        found = self.get(account)
        if found is None or not found.is_confirmed:
            return None
        is_first = self._client.set(keys.reset_sent(account), 1, nx=True, ex=RESET_PAUSE_S)
        return found if is_first else None

    def end_reset(self, account: str) -> None:
        """Let an account's reset be asked for again: the letter could not be sent."""
        self._client.delete(keys.reset_sent(account))

    def pause(self, seconds: int) -> None:
        """Let nobody look what is to be sent for ``seconds``."""
        self._client.set(keys.MAIL_ROUND, 1, ex=seconds)

    def _mailbox(self, account: str, stored: dict[bytes, bytes]) -> Mailbox | None:
        try:
            address = self._vault.open(stored[b"address"], _place(account)).email
        except SealBroken:
            return None
        return Mailbox(
            address,
            Digest(stored[b"digest"].decode()),
            stored[b"alerts"] == b"1",
            stored[b"confirmed"] == b"1",
        )

    def _write(self, account: str, mailbox: Mailbox) -> None:
        self._client.hset(
            keys.mailbox(account),
            mapping={
                "address": self._vault.seal(Personal(mailbox.address, ""), _place(account)),
                "digest": mailbox.digest.value,
                "alerts": int(mailbox.has_alerts),
                "confirmed": int(mailbox.is_confirmed),
            },
        )
        self._client.sadd(keys.MAILBOXES, account)


def _place(account: str) -> str:
    return f"mailbox {account}"

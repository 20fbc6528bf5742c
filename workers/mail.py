"""The `mail` tasks: tell moderators what waits, never once for each comment; help them back in."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from email.message import EmailMessage
from functools import cache

from config.settings import Settings, load_secrets
from service.mail.letters import MOST_SHOWN, Office, Waiting, about_reset, about_waiting
from service.mail.post import MailFailed, send
from service.moderation.verdict import Status
from service.store.accounts import Account, Role
from service.store.embedded import server_urls
from service.store.live import LIVE_KEPT
from service.store.mailboxes import Digest, Mailbox, Sent
from service.store.queue import Filters, Found, Sort
from service.store.store import Store, open_store

ALERT_PAUSE_MS = 900_000
"""At most one alert in a quarter of an hour: a flood of comments is one mail, not a thousand."""
DIGEST_PAUSES_MS = {Digest.HOURLY: 3_600_000, Digest.DAILY: 86_400_000}
MOST_LETTERS = 50
"""In one round: a slow mail server must not keep a worker from its comments."""
PAUSE_AFTER_FAILURE_S = 300

DEFAULT_LANGUAGE = "fr"
"""Of a reset for somebody who chose none: nobody's browser asks a worker."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Writer:
    """Write and send what is due; ``clock`` gives seconds since the epoch."""

    store: Store
    settings: Settings
    clock: Callable[[], float] = time.time

    def write(self) -> int:
        """Send the letters that are due; return how many were taken."""
        now_s = self.clock()
        sent = 0
        for count, (account, site, mailbox, told) in enumerate(self._due(now_s)):
            if count >= MOST_LETTERS:
                break
            place = self.store.live.since(site, "", 1).last
            letter = self._letter(account, site, mailbox, told, now_s)
            try:
                sent += send(self.settings, [letter])
            except MailFailed as error:
                logger.warning("mail could not be sent", extra={"error_type": str(error)})
                self.store.mailboxes.pause(PAUSE_AFTER_FAILURE_S)
                break
            after = replace(_after(told, mailbox, now_s), place=place)
            self.store.mailboxes.note_sent(account.name, site, after)
        return sent

    def write_reset(self, name: str) -> int:
        """Send a link that resets a password, to an account that works and has an address."""
        account = self.store.accounts.working(name)
        mailbox = self.store.mailboxes.begin_reset(name) if account else None
        if account is None or mailbox is None:
            return 0
        actor = f"account:{name}"
        token = self.store.people.issue_reset(name, actor, int(self.clock() * 1000))
        lang = account.preferences.lang or DEFAULT_LANGUAGE
        try:
            return send(self.settings, [about_reset(self._office, mailbox.address, token, lang)])
        except MailFailed as error:
            logger.warning("mail could not be sent", extra={"error_type": str(error)})
            return 0

    @property
    def _office(self) -> Office:
        return Office(self.store.vault, self.settings.base_url, self.settings.mail_from)

    def _due(self, now_s: float) -> Iterator[tuple[Account, str, Mailbox, Sent]]:
        for name, mailbox in self.store.mailboxes.confirmed():
            account = self.store.accounts.working(name)
            if account is None or account.role is Role.OPS:
                continue
            for site in sorted(account.sites) or self.store.sites.names():
                told = self.store.mailboxes.sent(name, site)
                if self._is_due(site, mailbox, told, int(now_s * 1000)):
                    yield account, site, mailbox, told

    def _is_due(self, site: str, mailbox: Mailbox, told: Sent, now_ms: int) -> bool:
        if _is_digest_due(mailbox, told, now_ms):
            return self._held(site, Sort.OLDEST, 1).total > 0
        if not mailbox.has_alerts or now_ms - told.alert_ms < ALERT_PAUSE_MS:
            return False
        return self._new(site, told) > 0

    def _letter(
        self, account: Account, site: str, mailbox: Mailbox, told: Sent, now_s: float
    ) -> EmailMessage:
        is_digest = _is_digest_due(mailbox, told, int(now_s * 1000))
        found = self._held(site, Sort.OLDEST if is_digest else Sort.NEWEST, MOST_SHOWN)
        oldest = self._held(site, Sort.OLDEST, 1).records
        waiting = Waiting(
            site=site,
            total=found.total,
            new=self._new(site, told),
            oldest_ms=oldest[0].submitted_at_ms if oldest else int(now_s * 1000),
            shown=found.records,
        )
        lang = account.preferences.lang or self.store.sites.get(site).site.lang
        return about_waiting(self._office, waiting, account.name, mailbox.address, lang, now_s)

    def _held(self, site: str, sort: Sort, limit: int) -> Found:
        return self.store.queue.find(site, Filters(), sort, limit, "")

    def _new(self, site: str, told: Sent) -> int:
        """Return how many comments came into the queue since then, and are there still."""
        changes = self.store.live.since(site, told.place, LIVE_KEPT)
        if not told.place or changes.is_lost:
            return self._held(site, Sort.OLDEST, 1).total
        came = dict.fromkeys(each.comment_id for each in changes.events if each.what == "held")
        records = self.store.comments.get_many(site, list(came))
        return sum(record.status is Status.HELD for record in records)


def mail() -> int:
    """Send what is due: the RQ task. Returns how many letters the server took."""
    return writer().write()


def send_reset(name: str) -> int:
    """Mail somebody a link that sets a new password: the RQ task. Returns how many went."""
    return writer().write_reset(name)


@cache
def writer() -> Writer:
    """Return this process's writer, made from the environment at the first call."""
    settings = Settings.from_environment()
    store = open_store(settings, load_secrets(settings), server_urls(settings).store)
    return Writer(store, settings)


def _is_digest_due(mailbox: Mailbox, told: Sent, now_ms: int) -> bool:
    pause_ms = DIGEST_PAUSES_MS.get(mailbox.digest)
    return pause_ms is not None and now_ms - told.digest_ms >= pause_ms


def _after(told: Sent, mailbox: Mailbox, now_s: float) -> Sent:
    now_ms = int(now_s * 1000)
    if _is_digest_due(mailbox, told, now_ms):
        return Sent(digest_ms=now_ms, alert_ms=now_ms)
    return replace(told, alert_ms=now_ms)

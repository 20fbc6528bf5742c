"""The `mail` tasks: tell moderators what waits, never once for each comment; help them back in."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from functools import cache
from itertools import islice

from config.settings import Settings, load_secrets
from service.mail.letters import MOST_SHOWN, Office, Waiting, about_reset, about_waiting
from service.mail.post import MailFailed, send
from service.moderation.verdict import Status
from service.store.queue.live import LIVE_KEPT
from service.store.queue.queue import Filters, Found, Sort
from service.store.server.embedded import server_urls
from service.store.staff.accounts import Account, Role
from service.store.staff.mailboxes import Digest, Mailbox, Sent
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


@dataclass(frozen=True, slots=True)
class Due:
    """Hold one letter that is due: to whom, about which site, and how much is new there.

    ``told_then`` is what will have been told once it is sent.
    """

    account: Account
    site: str
    address: str
    is_digest: bool
    new: int
    told_then: Sent


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
        for due in islice(self._due(int(now_s * 1000)), MOST_LETTERS):
            try:
                sent += send(self.settings, [self._letter(due, now_s)])
            except MailFailed as error:
                logger.warning("mail could not be sent", extra={"error_type": str(error)})
                self.store.mailboxes.pause(PAUSE_AFTER_FAILURE_S)
                break
            self.store.mailboxes.note_sent(due.account.name, due.site, due.told_then)
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
            self.store.mailboxes.end_reset(name)
            return 0

    @property
    def _office(self) -> Office:
        return Office(self.store.vault, self.settings.base_url, self.settings.mail_from)

    def _due(self, now_ms: int) -> Iterator[Due]:
        for name, mailbox in self.store.mailboxes.confirmed():
            account = self.store.accounts.working(name)
            if account is None or account.role is Role.OPS:
                continue
            for site in sorted(account.sites) or self.store.sites.names():
                due = self._due_about(site, account, mailbox, now_ms)
                if due is not None:
                    yield due

    def _due_about(self, site: str, account: Account, mailbox: Mailbox, now_ms: int) -> Due | None:
        told = self.store.mailboxes.sent(account.name, site)
        is_digest = _is_digest_due(mailbox, told, now_ms)
        may_alert = mailbox.has_alerts and now_ms - told.alert_ms >= ALERT_PAUSE_MS
        if not is_digest and not may_alert:
            return None
        place = self.store.live.since(site, "", 1).last
        new = self._new(site, told)
        if not new and not (is_digest and self._held(site, Sort.OLDEST, 1).total):
            return None
        told_then = Sent(now_ms if is_digest else told.digest_ms, now_ms, place)
        return Due(account, site, mailbox.address, is_digest, new, told_then)

    def _letter(self, due: Due, now_s: float) -> EmailMessage:
        order = Sort.OLDEST if due.is_digest else Sort.NEWEST
        found = self._held(due.site, order, MOST_SHOWN)
        oldest = self._held(due.site, Sort.OLDEST, 1).records
        waiting = Waiting(
            site=due.site,
            total=found.total,
            new=due.new,
            oldest_ms=oldest[0].submitted_at_ms if oldest else int(now_s * 1000),
            shown=found.records,
        )
        name, lang = due.account.name, due.account.preferences.lang
        lang = lang or self.store.sites.get(due.site).site.lang
        return about_waiting(self._office, waiting, name, due.address, lang, now_s)

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

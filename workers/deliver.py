"""The `deliver` task: tell a site's webhooks what happened, at least once each."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, partial

from config.settings import Settings, load_secrets
from service.remote.guarded import AddressForbidden, PostFailed, post
from service.remote.retry_after import seconds_asked
from service.remote.signed import signed_headers
from service.store.doorbell import Doorbell
from service.store.records import Record
from service.store.sealing import SealBroken
from service.store.server.embedded import server_urls
from service.store.sites import Changer
from service.store.store import Store, open_store
from service.store.webhooks.deliveries import Attempt, Delivery, Outcome, next_try
from service.store.webhooks.webhooks import (
    BY_ITSELF,
    OffBecause,
    Webhook,
    WebhookChanged,
    WebhookUnknown,
)
from workers.queue import queue_connection
from workers.telling import body_of, message_id

PATIENCE_S = 5.0
"""A task ends after so long and rings for the rest: comments to be judged go first."""
TIMEOUT_S = 10.0
AT_ONCE = 16
SIDE_BY_SIDE = 8
FAILING_LIMIT_MS = 5 * 86_400_000
"""A webhook that answered nothing good for five days is turned off."""
BUSY = (429, 503)
"""By these a receiver may say when to come again (Retry-After)."""
GONE = 410
"""By this status a receiver asks not to be told any more (Standard Webhooks)."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """Hold what an attempt met: a status, or 0 and what went wrong, in a word.

    ``asked_s`` is how long the receiver wants to be left alone; 0: it does not say.
    """

    status: int
    wrong: str
    took_ms: int
    asked_s: int = 0

    @property
    def is_good(self) -> bool:
        """Say whether the receiver has it; a redirect is followed nowhere, and is no yes."""
        return 200 <= self.status < 300

    @property
    def said(self) -> str:
        """Return the status, or the word."""
        return str(self.status) if self.status else self.wrong


@dataclass(frozen=True)
class Deliverer:
    """Tell webhooks; ``clock`` gives seconds since the epoch, ``timer`` measures."""

    store: Store
    doorbell: Doorbell
    settings: Settings
    clock: Callable[[], float] = time.time
    timer: Callable[[], float] = time.monotonic

    def deliver(self, site: str) -> int:
        """Tell a site's webhooks what is due; return how many attempts were made."""
        self.store.outbox.clear_bell(site)
        until, made = self.timer() + PATIENCE_S, 0
        with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            while True:
                webhooks = self.store.webhooks.of(site)
                given = self.store.deliveries.spread(site, webhooks, self._now_ms())
                tried = sum(self._tell(site, each, pool) for each in webhooks if each.off is None)
                made += tried
                if not given and not tried:
                    return made
                if self.timer() > until:
                    break
        if self.store.outbox.set_bell(site):
            self.doorbell.ring_to_deliver(site)
        return made

    def _tell(self, site: str, webhook: Webhook, pool: ThreadPoolExecutor) -> int:
        taken = self.store.deliveries.take(site, webhook, self._now_ms(), AT_ONCE)
        if not taken:
            return 0
        records = self._records(site, taken)
        try:
            secrets = self.store.webhooks.secrets_of(site, webhook, self.clock())
        except SealBroken:
            logger.error("a webhook's secret cannot be opened", extra={"site": site})
            answers: Sequence[Answer] = [Answer(0, "SealBroken", 0)] * len(taken)
        else:
            ask = partial(self._ask, site, webhook, secrets, records)
            answers = list(pool.map(ask, taken))
        for delivery, answer in zip(taken, answers, strict=True):
            self._note(site, webhook, delivery, answer)
        return len(taken)

    def _records(self, site: str, taken: Sequence[Delivery]) -> Mapping[str, Record]:
        ids = {each.happening.comment_id for each in taken} - {""}
        found = self.store.comments.get_many(site, sorted(ids))
        return {record.comment.id: record for record in found}

    def _ask(
        self,
        site: str,
        webhook: Webhook,
        secrets: Sequence[bytes],
        records: Mapping[str, Record],
        delivery: Delivery,
    ) -> Answer:
        """Post one event; what goes wrong is an answer too."""
        happening = delivery.happening
        body = body_of(site, happening, records.get(happening.comment_id))
        name = message_id(site, happening)
        headers = {
            "Content-Type": "application/json",
            **signed_headers(name, int(self.clock()), body, secrets),
        }
        private, begun = self.settings.private_targets, self.timer()
        status, wrong, asked_s = 0, "", 0
        try:
            reply = post(webhook.url, body, headers, TIMEOUT_S, may_be_private=private)
            status = reply.status
            if status in BUSY:
                asked_s = seconds_asked(reply.retry_after, self.clock())
        except PostFailed as error:
            wrong = str(error)
        except AddressForbidden:
            wrong = "private address"
        return Answer(status, wrong, int((self.timer() - begun) * 1000), asked_s)

    def _note(self, site: str, webhook: Webhook, delivery: Delivery, answer: Answer) -> None:
        now_ms, tries = self._now_ms(), delivery.tries + 1
        outcome, again = Outcome.TOLD, None
        if not answer.is_good:
            again = None if answer.status == GONE else next_try(delivery, answer.asked_s)
            outcome = Outcome.AGAIN if again else Outcome.DEAD
        attempt = Attempt(now_ms, delivery.happening, outcome, answer.said, answer.took_ms, tries)
        since_ms = self.store.deliveries.note(site, webhook, delivery, attempt, again)
        if outcome is Outcome.TOLD:
            return
        logger.warning(
            "a webhook was not told",
            extra={"site": site, "webhook": webhook.id, "why": answer.said, "try": tries},
        )
        if answer.status == GONE:
            self._turn_off(site, webhook, OffBecause.GONE)
        elif since_ms and now_ms - since_ms >= FAILING_LIMIT_MS:
            self._turn_off(site, webhook, OffBecause.FAILING)

    def _turn_off(self, site: str, webhook: Webhook, why: OffBecause) -> None:
        try:
            if self.store.webhooks.get(site, webhook.id).off is not None:
                return
            self.store.webhooks.turn_off(site, webhook.id, why, Changer(BY_ITSELF, self._now_ms()))
        except (WebhookUnknown, WebhookChanged):
            return
        logger.error(
            "a webhook is turned off", extra={"site": site, "webhook": webhook.id, "why": why}
        )

    def _now_ms(self) -> int:
        return int(self.clock() * 1000)


def deliver(site: str) -> int:
    """Tell a site's webhooks what is due: the RQ task. Returns how many attempts were made."""
    return deliverer().deliver(site)


@cache
def deliverer() -> Deliverer:
    """Return this process's deliverer, made from the environment at the first call."""
    settings = Settings.from_environment()
    store = open_store(settings, load_secrets(settings), server_urls(settings).store)
    return Deliverer(store, Doorbell(queue_connection(settings)), settings)

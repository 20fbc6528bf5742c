"""The `moderate` task: drain one site's inbox, batch by batch, at least once each."""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from redis.exceptions import RedisError

from config.settings import Settings, default_policy, load_secrets
from service.judge import build_worker_judge, warm_up_judge
from service.moderation.batch import Batch
from service.moderation.comment import Facts
from service.moderation.copies import CAMPAIGN, Copies, find_everywhere
from service.moderation.pipeline import Pipeline
from service.moderation.policy import Policy, merged, policy_from
from service.moderation.redecide import redecided
from service.moderation.verdict import Action, Verdict
from service.store.doorbell import Doorbell
from service.store.embedded import server_urls
from service.store.inbox import Entry, Inbox, Pending, Settlement
from service.store.indexing import Indexing
from service.store.sites import Site, Sites, SiteUnknown
from service.store.store import open_store
from service.store.trials import day_of
from service.store.window import window_lines
from workers.guard import alarm_guard
from workers.layers import Layers
from workers.queue import queue_connection

DRAIN_LIMIT_S = 20.0
"""A task ends after this long, so that RQ sees its worker alive, and rings for the rest."""
STALE_AT_ONCE = 256
MOST_CHARS = 200_000
"""What one batch holds at most: of 256 comments of 20,000 characters each, the models
would take 1.1 GB and longer than a check may; of ordinary ones 256 hold 31,000."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Policies:
    """Hold a site's policy, and the one on trial beside it, which decides nothing."""

    live: Policy
    trial: Policy | None = None


@dataclass(frozen=True)
class Moderator:
    """Review what arrives in the sites' inboxes.

    ``clock`` measures time; ``now`` tells it, in seconds since the epoch.
    """

    inbox: Inbox
    sites: Sites
    pipeline: Pipeline
    doorbell: Doorbell
    layers: Layers
    indexing: Indexing
    settings: Settings
    name: str
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], float] = time.time

    def drain(self, site_name: str) -> int:
        """Settle everything in a site's inbox; return how many were settled here."""
        self.inbox.clear_bell(site_name)
        try:
            site = self.sites.get(site_name).site
        except SiteUnknown:
            return 0
        self.inbox.recalls.carry_out(site.name)
        policies = policies_of(site)
        settled = self.take_over(site, policies)
        until = self.clock() + DRAIN_LIMIT_S
        while entries := self.inbox.take(site.name, self.name, self.settings.batch_size):
            latest = self.sites.get(site_name).site
            if latest is not site:  # looked up again every two seconds
                site, policies = latest, policies_of(latest)
            settled += self._tried(site, policies, entries)
            if self.clock() > until:
                self.doorbell.ring(site.name)
                break
        return settled

    def take_over(self, site: Site, policies: Policies) -> int:
        """Finish what a silent worker began, one comment at a time.

        Alone, so that one that kills workers takes no other with it; begun too often,
        it is set aside for an operator.
        """
        idle_ms = int(self.settings.claim_idle_s * 1000)
        settled = 0
        for stale in self.inbox.stale(site.name, idle_ms, STALE_AT_ONCE):
            entry = self.inbox.claim(site.name, self.name, stale.entry_id, idle_ms)
            if entry is None:
                continue
            if stale.attempts >= self.settings.max_attempts:
                self._set_aside(site, entry, stale.attempts)
            else:
                settled += self._tried(site, policies, [entry])
        return settled

    def review(self, site: Site, policies: Policies, entries: Sequence[Entry]) -> int:
        """Judge the entries' comments and settle them, in several batches where they are long."""
        pending = self.inbox.load(site.name, entries, _known_of(site))
        return sum(self._settled(site, policies, part) for part in _parts(pending))

    def _settled(self, site: Site, policies: Policies, pending: Sequence[Pending]) -> int:
        cases = [item.case for item in pending]
        batch = Batch(
            cases,
            recent=self.inbox.recent(site.name),
            elsewhere=self.inbox.elsewhere.recent(site.name),
            learned=self.layers.of(site.name),
            shared=self.layers.shared(),
        )
        verdicts = self.pipeline.review(batch, policies.live)
        copies = _shown_copies(batch, verdicts)
        trials = _tried(batch, verdicts, policies)
        rows = zip(pending, verdicts, window_lines(batch), copies, trials, strict=True)
        settled = self.inbox.settle(
            site.name,
            [
                Settlement(item, verdict, line, found.ids, found.times, trial)
                for item, verdict, line, found, trial in rows
            ],
            day_of(self.now()),
        )
        if any(found.ids for found in copies):
            self.inbox.recalls.carry_out(site.name)
        if self.inbox.outbox.must_ring(site.name):
            self.doorbell.ring_to_deliver(site.name)
        return settled

    def _tried(self, site: Site, policies: Policies, entries: Sequence[Entry]) -> int:
        """Review the entries; what fails stays in the inbox and is taken over alone later."""
        try:
            return self.review(site, policies, entries)
        except (RedisError, OSError):
            raise
        except Exception:
            logger.exception("a batch could not be settled")
            return 0

    def _set_aside(self, site: Site, entry: Entry, attempts: int) -> None:
        pending = self.inbox.unread(site.name, entry)
        if pending is not None:
            logger.error("comment set aside", extra={"comment": entry.comment_id})
            self.inbox.set_aside(site.name, pending, attempts, time.time_ns() // 1_000_000)


def moderate(site: str) -> int:
    """Drain a site's inbox: the RQ task. Returns how many comments were settled."""
    return moderator().drain(site)


def warm_up() -> None:
    """Load the models and connect, before the first task and before any fork."""
    warm_up_judge(moderator().settings)


def _parts(pending: Sequence[Pending]) -> Iterator[Sequence[Pending]]:
    """Yield the comments in parts of at most ``MOST_CHARS`` together, or of one comment."""
    start, chars = 0, 0
    for index, item in enumerate(pending):
        chars += len(item.case.comment.content)
        if index > start and chars > MOST_CHARS:
            yield pending[start:index]
            start, chars = index, len(item.case.comment.content)
    if pending:
        yield pending[start:]


@cache
def moderator() -> Moderator:
    """Return this process's moderator, made from the environment at the first call."""
    settings = Settings.from_environment()
    store = open_store(settings, load_secrets(settings), server_urls(settings).store)
    return Moderator(
        inbox=store.inbox,
        sites=store.sites,
        pipeline=build_worker_judge(settings, alarm_guard(settings.check_timeout_s)),
        doorbell=Doorbell(queue_connection(settings)),
        layers=Layers(store.learned),
        indexing=store.indexing,
        settings=settings,
        name=f"{socket.gethostname()}-{os.getpid()}",
    )


def _known_of(site: Site) -> Facts:
    hosts = frozenset(urlsplit(origin).hostname or "" for origin in site.origins)
    return Facts(site_lang=site.lang, site_hosts=hosts - {""})


def policies_of(site: Site) -> Policies:
    """Return the policies in force on a site, its own entries over the default ones."""
    trial = site.trial_policy
    return Policies(_policy_of(site.policy), None if trial is None else _policy_of(trial))


def _policy_of(entries: Mapping[str, Any]) -> Policy:
    return policy_from(merged(default_policy(), entries))


def _tried(
    batch: Batch, verdicts: Sequence[Verdict], policies: Policies
) -> Sequence[Verdict | None]:
    """Return what the policy on trial makes of the same findings, or None where none is."""
    if policies.trial is None:
        return [None] * len(batch)
    return redecided(batch, verdicts, policies.trial)


def _shown_copies(batch: Batch, verdicts: Sequence[Verdict]) -> list[Copies]:
    """Return, for each comment refused as part of a campaign, the copies that came before it."""
    if not any(map(_is_campaign, verdicts)):
        return [Copies()] * len(batch)
    rows = zip(verdicts, batch.once(find_everywhere), strict=True)
    return [copies if _is_campaign(verdict) else Copies() for verdict, copies in rows]


def _is_campaign(verdict: Verdict) -> bool:
    if verdict.action is not Action.SPAM:
        return False
    return any(item.code == CAMPAIGN for signal in verdict.weighing for item in signal.evidence)

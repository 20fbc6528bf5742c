"""The `moderate` task: drain one site's inbox, batch by batch, at least once each."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any
from urllib.parse import urlsplit

from redis.exceptions import RedisError

from config.log import about
from config.settings import Settings, WorkerKind, default_policy, load_secrets
from service.judge import build_worker_judge, warm_up_judge
from service.moderation.batch import Batch
from service.moderation.comment import Facts
from service.moderation.copies import CAMPAIGN, Copies, find_everywhere
from service.moderation.pipeline import Pipeline
from service.moderation.policy import Policy, merged, policy_from
from service.moderation.redecide import redecided
from service.moderation.verdict import Action, Verdict
from service.store.doorbell import Doorbell
from service.store.inbox import Entry, Inbox, Pending, Settlement
from service.store.learning.layers import Layers
from service.store.queue.indexing import Indexing
from service.store.server.embedded import server_urls
from service.store.server.trouble import SENTENCES, trouble_of
from service.store.sites import Site, Sites, SiteUnknown
from service.store.store import open_store
from service.store.suspension import is_suspended
from service.store.telemetry.recorder import Recorder
from service.store.trials import day_of
from service.store.window import window_lines
from service.tracing import NO_TRACING, TracedBatch, Tracing
from service.tracing.chosen import tracing_of
from workers.guard import alarm_guard
from workers.name import own_name
from workers.observer import Observer
from workers.queue import queue_connection
from workers.stopping import is_stopping
from workers.suspended import Looked
from workers.watch import Watch

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

    ``clock`` measures time; ``now`` tells it, in seconds since the epoch. ``is_stopping`` says
    that no further batch is to be begun, ``is_suspended`` that an operator wants none.
    ``observer`` is told of every batch.
    """

    inbox: Inbox
    sites: Sites
    pipeline: Pipeline
    doorbell: Doorbell
    layers: Layers
    indexing: Indexing
    settings: Settings
    name: str
    tracing: Tracing = NO_TRACING
    clock: Callable[[], float] = time.monotonic
    is_stopping: Callable[[], bool] = is_stopping
    now: Callable[[], float] = time.time
    observer: Observer | None = None
    is_suspended: Callable[[], bool] = bool

    def drain(self, site_name: str) -> int:
        """Settle everything in a site's inbox; return how many were settled here.

        Where the server takes no writes, what was taken is handed back, and the sweep rings
        again once it does.
        """
        try:
            with about(site=site_name):
                return self._drained(site_name)
        except RedisError as error:
            trouble = trouble_of(error)
            if not trouble:
                raise
            logger.error("nothing can be settled on %s: %s", site_name, SENTENCES[trouble])
            self._hand_back(site_name)
            return 0
        finally:
            if self.observer:
                self.observer.end_task()

    def _drained(self, site_name: str) -> int:
        self.inbox.clear_bell(site_name)
        if self.is_suspended():
            return 0
        try:
            site = self.sites.get(site_name).site
        except SiteUnknown:
            return 0
        self.inbox.recalls.carry_out(site.name)
        policies = policies_of(site)
        settled = self.take_over(site, policies)
        until = self.clock() + DRAIN_LIMIT_S
        while entries := self._next(site):
            latest = self.sites.get(site_name).site
            if latest is not site:  # looked up again every two seconds
                site, policies = latest, policies_of(latest)
            settled += self._tried(site, policies, entries)
            if self.is_suspended():
                break
            if self.clock() > until:
                self.doorbell.ring(site.name)
                break
        if self.is_stopping():
            self.doorbell.ring(site.name)
        return settled

    def _next(self, site: Site) -> list[Entry]:
        if self.is_stopping():
            return []
        return self.inbox.take(site.name, self.name, self.settings.batch_size)

    def take_over(self, site: Site, policies: Policies) -> int:
        """Finish what a silent worker began, one comment at a time.

        Alone, so that one that kills workers takes no other with it; begun too often,
        it is set aside for an operator.
        """
        idle_ms = int(self.settings.claim_idle_s * 1000)
        settled = self._take_back(site, policies, idle_ms)
        for stale in self.inbox.stale(site.name, idle_ms, STALE_AT_ONCE):
            if self.is_stopping():
                break
            for entry in self.inbox.claim(site.name, self.name, [stale.entry_id], idle_ms):
                settled += self._taken_over(site, policies, entry, stale.attempts)
        return settled

    def _taken_over(self, site: Site, policies: Policies, entry: Entry, attempts: int) -> int:
        with about(comment=entry.comment_id):
            if attempts < self.settings.max_attempts:
                return self._tried(site, policies, [entry])
            self._set_aside(site, entry, attempts)
            return 0

    def _take_back(self, site: Site, policies: Policies, idle_ms: int) -> int:
        """Finish what workers handed back when they ended, in batches: it is above suspicion."""
        settled = 0
        while handed := self._handed_back(site, idle_ms):
            entries = self.inbox.claim(site.name, self.name, handed, idle_ms)
            settled += self._tried(site, policies, entries) if entries else 0
            if self.is_stopping():
                break
        return settled

    def _handed_back(self, site: Site, idle_ms: int) -> list[str]:
        stale = self.inbox.stale(site.name, idle_ms, STALE_AT_ONCE)
        return [each.entry_id for each in stale if each.attempts == 0]

    def review(self, site: Site, policies: Policies, entries: Sequence[Entry]) -> int:
        """Judge the entries' comments and settle them, in several batches where they are long."""
        if self.observer:
            self.observer.begin()
        with self.tracing.batch(site.name, [entry.trace for entry in entries]) as traced:
            pending = self.inbox.load(site.name, entries, _known_of(site))
            parts = _parts(pending)
            return sum(self._settled(site, policies, part, traced) for part in parts)

    def _settled(
        self, site: Site, policies: Policies, pending: Sequence[Pending], traced: TracedBatch
    ) -> int:
        cases = [item.case for item in pending]
        batch = Batch(
            cases,
            recent=self.inbox.recent(site.name),
            elsewhere=self.inbox.elsewhere.recent(site.name),
            learned=self.layers.of(site.name),
            shared=self.layers.shared(),
        )
        with self.tracing.span("review"):
            verdicts = self.pipeline.review(batch, policies.live)
        copies = _shown_copies(batch, verdicts)
        trials = _tried(batch, verdicts, policies)
        rows = zip(pending, verdicts, window_lines(batch), copies, trials, strict=True)
        settlements = [
            Settlement(item, verdict, line, found.ids, found.times, trial)
            for item, verdict, line, found, trial in rows
        ]
        with self.tracing.span("settle"):
            settled = self.inbox.settle(site.name, settlements, day_of(self.now()))
        for item, verdict in zip(pending, verdicts, strict=True):
            traced.judged(item.entry.trace, item.entry.comment_id, verdict.status)
        if any(found.ids for found in copies):
            self.inbox.recalls.carry_out(site.name)
        if self.inbox.outbox.must_ring(site.name):
            self.doorbell.ring_to_deliver(site.name)
        if self.observer:
            self.observer.saw(self.pipeline, pending, verdicts, self.now())
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

    def _hand_back(self, site_name: str) -> None:
        try:
            self.inbox.hand_back(site_name, self.name)
        except (RedisError, OSError):  # with its disk full, a server moves no entry either
            logger.warning("what was taken on %s is taken over when it is stale", site_name)

    def _set_aside(self, site: Site, entry: Entry, attempts: int) -> None:
        pending = self.inbox.unread(site.name, entry)
        if pending is not None:
            logger.error("comment set aside", extra={"attempts": attempts})
            self.inbox.set_aside(site.name, pending, attempts, time.time_ns() // 1_000_000)


def moderate(site: str) -> int:
    """Drain a site's inbox: the RQ task. Returns how many comments were settled."""
    here = moderator()
    try:
        return here.drain(site)
    finally:
        if here.settings.worker_kind is WorkerKind.FORK:  # the child ends with its task
            here.tracing.flush()


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
    queue, name, watch = queue_connection(settings), own_name(), Watch()
    return Moderator(
        inbox=store.inbox,
        sites=store.sites,
        pipeline=build_worker_judge(settings, watch.over(alarm_guard(settings.check_timeout_s))),
        doorbell=Doorbell(queue),
        layers=Layers(store.learned),
        indexing=store.indexing,
        settings=settings,
        name=name,
        tracing=tracing_of(settings),
        observer=Observer(watch, Recorder(store.client, name)),
        is_suspended=Looked(partial(is_suspended, queue)),
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

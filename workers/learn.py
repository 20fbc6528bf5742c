"""The `learn` task: turn one site's new decisions into lessons, and these into its layer."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from config.settings import Settings, load_secrets
from service.moderation.comment import Case
from service.moderation.learning.lesson import Lesson
from service.moderation.learning.teaching import teaching
from service.moderation.learning.traits import Rows, traits
from service.moderation.text import Text
from service.store.comments import Comments
from service.store.embedded import server_urls
from service.store.learned import REFRESH_S, Learned, Learner
from service.store.records import Record
from service.store.store import open_store

AT_ONCE = 256


@dataclass(frozen=True)
class Pupil:
    """Learn from the sites' decisions; ``clock`` gives seconds since the epoch."""

    learned: Learned
    comments: Comments
    clock: Callable[[], float] = time.time

    def study(self, site: str) -> int:
        """Learn every decision that waits, and renew the layer; return how many there were."""
        self.learned.clear_bell(site)
        now_s = self.clock()
        if now_s - self.learned.state(site).made_at > REFRESH_S:
            self.learned.learn_again(site)
        count = 0
        while ids := self.learned.waiting(site, AT_ONCE):
            written = self.learned.learn(site, self._read(site, ids))
            if not written:
                break
            count += written
        self.learned.renew(site, now_s)
        return count

    def _read(self, site: str, ids: Sequence[str]) -> list[Learner]:
        records = self.comments.get_many(site, ids)
        found = traits(
            [Text.of(record.comment.content) for record in records],
            [Case(record.comment) for record in records],
        )
        learners = {
            record.comment.id: Learner(
                record.comment.id, record.version, lesson_of(record, found.of(index))
            )
            for index, record in enumerate(records)
        }
        return [learners.get(name) or Learner(name, None, None) for name in ids]


def lesson_of(record: Record, rows: Rows) -> Lesson | None:
    """Return what the last decision on a comment teaches, or None when it stands no more."""
    decision = record.decision
    if decision is None or record.is_withdrawn or record.status is not decision.target:
        return None
    signals = record.verdict.signals if record.verdict else ()
    taught = teaching(decision.target, decision.reason, signals)
    if taught is None:
        return None
    return Lesson(taught, rows, decision.actor, decision.at_ms // 1000)


def learn(site: str) -> int:
    """Learn from a site's decisions: the RQ task. Returns how many were learned."""
    return pupil().study(site)


@cache
def pupil() -> Pupil:
    """Return this process's pupil, made from the environment at the first call."""
    settings = Settings.from_environment()
    store = open_store(settings, load_secrets(settings), server_urls(settings).store)
    return Pupil(store.learned, store.comments)

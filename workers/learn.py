"""The `learn` task: turn one site's new decisions into lessons, and these into its layer."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache

from config.settings import Settings, load_secrets
from service.judge import build_embedder
from service.moderation.comment import Case
from service.moderation.learning.lesson import Lesson, squeezed
from service.moderation.learning.meaning import Embedder, Floats
from service.moderation.learning.ordinary import Ordinary
from service.moderation.learning.teaching import teaching
from service.moderation.learning.traits import Rows, traits
from service.moderation.text import Text
from service.store.comments import Comments
from service.store.learning.learned import REFRESH_S, Learned, Learner
from service.store.records import Record
from service.store.server.embedded import server_urls
from service.store.store import open_store

AT_ONCE = 256
LOOK_AGAIN_S = 600.0
"""How long what is ordinary on a site is taken to stay so; embedding it takes a second."""


@dataclass(frozen=True)
class Pupil:
    """Learn from the sites' decisions; ``clock`` gives seconds since the epoch."""

    learned: Learned
    comments: Comments
    embedder: Embedder | None = None
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
        self._look_at_ordinary(site, now_s)
        self.learned.renew(site, now_s)
        self.learned.share(site, now_s)
        return count

    def _read(self, site: str, ids: Sequence[str]) -> list[Learner]:
        records = self.comments.get_many(site, ids)
        found = traits(
            [Text.of(record.comment.content) for record in records],
            [Case(record.comment) for record in records],
        )
        lessons = self._embedded(
            [lesson_of(record, found.of(index)) for index, record in enumerate(records)], records
        )
        learners = {
            record.comment.id: Learner(record.comment.id, record.version, lesson)
            for record, lesson in zip(records, lessons, strict=True)
        }
        return [learners.get(name) or Learner(name, None, None) for name in ids]

    def _embedded(
        self, lessons: Sequence[Lesson | None], records: Sequence[Record]
    ) -> list[Lesson | None]:
        """Return the lessons with their comments' embeddings, where there is an encoder."""
        taught = [index for index, lesson in enumerate(lessons) if lesson is not None]
        name, vectors = self._embed([records[index] for index in taught])
        found = list(lessons)
        if vectors is not None:
            for index, vector in zip(taught, vectors, strict=True):
                lesson = found[index]
                assert lesson is not None  # noqa: S101  `taught` names lessons only
                found[index] = replace(lesson, embedding=squeezed(vector), embedder=name)
        return found

    def _look_at_ordinary(self, site: str, now_s: float) -> None:
        """Look again, now and then, at what the site publishes."""
        if self.learned.ordinary_age_s(site, now_s) < LOOK_AGAIN_S:
            return
        records = self.learned.published(site)
        name, vectors = self._embed(records)
        found = traits([Text.of(record.comment.content) for record in records])
        ids = [record.comment.id for record in records]
        self.learned.keep_ordinary(site, Ordinary.of(ids, found, vectors, name), now_s)

    def _embed(self, records: Sequence[Record]) -> tuple[str, Floats | None]:
        if self.embedder is None or not records:
            return "", None
        contents = [record.comment.content for record in records]
        return self.embedder.name, self.embedder.embed(contents)


def lesson_of(record: Record, rows: Rows) -> Lesson | None:
    """Return what the last decision on a comment teaches, or None when it stands no more.

    Words that a moderator has put there teach nothing: the verdict speaks of the author's.
    """
    decision = record.decision
    if decision is None or record.status is not decision.target:
        return None
    if record.is_withdrawn or record.edited_by:
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
    return Pupil(store.learned, store.comments, build_embedder(settings))

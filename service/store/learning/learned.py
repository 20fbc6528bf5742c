"""What each site has learned from its moderators: the lessons, and the layer made of them.

Deciding notes a comment as waiting, in the same script. A lesson is written under its
comment's id, from the comment as it stands, so learning it twice changes nothing and a
changed decision replaces what it taught. The layer is made of all lessons anew. Where the
operator shares what sites learn, ``EVERY_SITE`` has lessons and a layer as a site has them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson

from service.moderation.learning.layer import LayerUnreadable, SiteLayer
from service.moderation.learning.lesson import Lesson, LessonUnreadable, unpacked
from service.moderation.learning.memory import kept
from service.moderation.learning.ordinary import Ordinary
from service.moderation.verdict import Status
from service.store.comments import BELL_TTL_MS, Comments
from service.store.keys import EVERY_SITE, SiteKeys
from service.store.records import Record
from service.store.scripts import Argument, script
from service.store.server.connection import Client

ORDINARY = 300
"""Comments the layer takes for ordinary: those that the checks published last."""
MOST_MIXED = 10
"""Sites whose ordinary comments the shared layer is held against: those that taught it most."""
SUGGESTED = "suggested:"
"""Begins the name of a lesson about a text that somebody suggested a score of: no comment's."""
MOST_UNSORTED = 5_000
"""Lessons that may lie there until a worker keeps the best of them: three times as many."""
REFRESH_S = 86_400
"""Once a day lessons are learned again, so that age counts and what was erased is forgotten."""


@dataclass(frozen=True, slots=True)
class Learner:
    """Hold one comment whose decision was read: at which version, and what it teaches.

    ``version`` is None when there is no comment, or none that can be read.
    """

    comment_id: str
    version: int | None
    lesson: Lesson | None


@dataclass(frozen=True, slots=True)
class State:
    """Say how far a site's learning has come; times in seconds since the epoch, 0 for never."""

    waiting: int
    lessons: int
    taught: int
    made_of: int
    made_at: int
    edition: int
    layer_bytes: int


class Learned:
    """Keep what every site has learned; with ``is_shared`` also what all have together."""

    def __init__(self, client: Client, comments: Comments, *, is_shared: bool = False) -> None:
        self.is_shared = is_shared
        self._client = client
        self._comments = comments
        self._learn = script("learning/learn")
        self._unlearn = script("learning/unlearn")
        self._keep = script("learning/keep_layer")
        self._share = script("learning/share")
        self._suggest = script("learning/suggest")

    def set_bell(self, site: str) -> bool:
        """Say that a worker must come and learn, unless somebody said so already."""
        return bool(self._client.set(SiteKeys(site).learn_bell, "1", nx=True, px=BELL_TTL_MS))

    def clear_bell(self, site: str) -> None:
        """Let the next decision ring again; called before the first read."""
        self._client.delete(SiteKeys(site).learn_bell)

    def state(self, site: str) -> State:
        """Return how far the site's learning has come."""
        keys = SiteKeys(site)
        pipe = self._client.pipeline(transaction=False)
        pipe.scard(keys.waiting)
        pipe.hlen(keys.lessons)
        pipe.hmget(keys.layer, "taught", "made_of", "made_at", "edition")
        pipe.hstrlen(keys.layer, "layer")
        waiting, lessons, numbers, size = pipe.execute()
        taught, made_of, made_at, edition = (int(number or 0) for number in numbers)
        return State(waiting, lessons, taught, made_of, made_at, edition, size)

    def is_due(self, site: str, now_s: float) -> bool:
        """Say whether the site has something to learn, or its layer is a day old."""
        state = self.state(site)
        is_old = state.lessons > 0 and now_s - state.made_at > REFRESH_S
        return bool(state.waiting) or state.taught != state.made_of or is_old

    def waiting(self, site: str, count: int) -> list[str]:
        """Return up to ``count`` comments whose decisions are to be learned."""
        found: Any = self._client.srandmember(SiteKeys(site).waiting, count)
        return [item.decode() for item in found]

    def learn(self, site: str, learners: Sequence[Learner]) -> int:
        """Write down what the decisions taught; return how many still stood as they were read.

        The others wait on and are to be read again.
        """
        keys = SiteKeys(site)
        names = [keys.waiting, keys.lessons, keys.layer]
        arguments: list[Argument] = []
        for item in learners:
            names.append(keys.comment(item.comment_id))
            version = "" if item.version is None else item.version
            arguments += [item.comment_id, version, item.lesson.packed() if item.lesson else b""]
        return int(self._learn(self._client, names, arguments)) if learners else 0

    def have_learned(self, site: str, comment_ids: Sequence[str]) -> None:
        """Have the decisions on some comments learned, as if they had just been taken."""
        if comment_ids:
            self._client.sadd(SiteKeys(site).waiting, *comment_ids)

    def learn_again(self, site: str) -> None:
        """Have every lesson learned again from its comment."""
        keys = SiteKeys(site)
        found: Any = self._client.hkeys(keys.lessons)
        ids = [name for name in found if not name.startswith(SUGGESTED.encode())]
        if ids:
            self._client.sadd(keys.waiting, *ids)

    def suggest(self, site: str, text_key: str, lesson: Lesson) -> bool:
        """Write down what somebody suggests of a text that is no comment here.

        ``text_key`` is the text's keyed hash: what is suggested of it again takes the place
        of what was before. Says whether there was room.
        """
        keys = SiteKeys(site)
        arguments: list[Argument] = [SUGGESTED + text_key, lesson.packed(), MOST_UNSORTED]
        return bool(self._suggest(self._client, [keys.lessons, keys.layer], arguments))

    def lessons(self, site: str) -> dict[str, Lesson]:
        """Return the site's lessons by their comments' ids, those that can be read."""
        found: Any = self._client.hgetall(SiteKeys(site).lessons)
        readable = ((name.decode(), _readable(data)) for name, data in found.items())
        return {name: lesson for name, lesson in readable if lesson is not None}

    def ordinary(self, site: str) -> Ordinary:
        """Return what is ordinary on the site, as it was last looked at."""
        found: Any = self._client.hget(SiteKeys(site).ordinary, "comments")
        return Ordinary.unpacked(found) if found else Ordinary()

    def ordinary_age_s(self, site: str, now_s: float) -> float:
        """Return how long ago somebody looked at what is ordinary, in seconds."""
        found: Any = self._client.hget(SiteKeys(site).ordinary, "made_at")
        return now_s - float(found or 0)

    def published(self, site: str) -> list[Record]:
        """Return comments that the checks published and nobody decided on, latest first."""
        key = SiteKeys(site).status(Status.APPROVED)
        found: Any = self._client.zrevrange(key, 0, ORDINARY - 1)
        records = self._comments.get_many(site, [item.decode() for item in found])
        return [record for record in records if record.decision is None]

    def keep_ordinary(self, site: str, ordinary: Ordinary, now_s: float) -> None:
        """Keep what is ordinary on the site."""
        values: Any = {"comments": ordinary.packed(), "made_at": int(now_s)}
        self._client.hset(SiteKeys(site).ordinary, mapping=values)

    def renew(self, site: str, now_s: float) -> SiteLayer | None:
        """Make the site's layer of its lessons and keep it; return it, or None without lessons.

        A layer made of later lessons by somebody else is left in its place.
        """
        keys = SiteKeys(site)
        taught: Any = self._client.hget(keys.layer, "taught")
        lessons = self.lessons(site)
        chosen = kept(lessons, now_s)
        dropped = [name for name in lessons if name not in chosen]
        layer = None
        if chosen:
            ordinary = self._ordinary_beside(site, lessons)
            layer = SiteLayer.learned(list(chosen.values()), ordinary, now_s)
        packed = layer.packed() if layer else b""
        self._keep(
            self._client,
            [keys.lessons, keys.layer],
            [int(taught or 0), int(now_s), packed, *dropped],
        )
        return layer

    def share(self, site: str, now_s: float) -> None:
        """Have all sites together know the lessons that the site has now, and none it unlearned.

        Nobody's name goes with them. Where the operator shares nothing, what was shared
        before is forgotten.
        """
        keys = SiteKeys(EVERY_SITE)
        if not self.is_shared:
            self._client.delete(keys.lessons, keys.layer)
            return
        found: Any = self._client.hgetall(keys.lessons)
        stored = {name.decode(): data for name, data in found.items()}
        own = {
            _shared_name(site, name): replace(lesson, actor="")
            for name, lesson in self.lessons(site).items()
        }
        others = {
            name: lesson
            for name, data in stored.items()
            if not name.startswith(_shared_name(site, "")) and (lesson := _readable(data))
        }
        chosen = kept({**others, **own}, now_s)
        packed = {name: own[name].packed() for name in chosen if name in own}
        changed = {name: data for name, data in packed.items() if stored.get(name) != data}
        dropped = [name for name in stored if name not in chosen]
        if changed or dropped:
            pairs = [value for pair in changed.items() for value in pair]
            self._share(self._client, [keys.lessons, keys.layer], [len(changed), *pairs, *dropped])
        if self.is_due(EVERY_SITE, now_s):
            self.renew(EVERY_SITE, now_s)

    def edition(self, site: str) -> int:
        """Return the number of the layer that is kept, 0 for none; it changes with the layer."""
        found: Any = self._client.hget(SiteKeys(site).layer, "edition")
        return int(found or 0)

    def layer(self, site: str, now_s: float) -> SiteLayer | None:
        """Return the site's layer, or None where nothing was learned.

        One that cannot be read, for it is of another version, is made again.
        """
        packed: Any = self._client.hget(SiteKeys(site).layer, "layer")
        if not packed:
            return None
        try:
            return SiteLayer.unpacked(packed)
        except LayerUnreadable:
            return self.renew(site, now_s)

    def reset(self, site: str, by: str, now_s: float) -> int:
        """Forget all that the site has learned; return how many lessons that were."""
        forgotten = self._forget(site, "all", {"by": by}, [])
        self.renew(site, now_s)
        self.share(site, now_s)
        return forgotten

    def rollback(self, site: str, actor: str, since_s: float, by: str, now_s: float) -> int:
        """Forget what ``actor`` taught from ``since_s`` on; return how many lessons that were.

        Decisions of theirs that wait to be learned are passed over too. The comments stay
        where the decisions put them.
        """
        lessons = self.lessons(site)
        theirs = [i for i, x in lessons.items() if x.actor == actor and x.at_s >= since_s]
        decided = self._comments.get_many(site, self._all_waiting(site))
        theirs += [r.comment.id for r in decided if _is_by(r, actor, since_s)]
        detail = {"by": by, "actor": actor, "since": int(since_s)}
        forgotten = self._forget(site, "some", detail, theirs)
        self.renew(site, now_s)
        self.share(site, now_s)
        return forgotten

    def _ordinary_beside(self, site: str, lessons: Collection[str]) -> Ordinary:
        """Return what is ordinary there, without the comments that lessons are about."""
        if site != EVERY_SITE:
            return self.ordinary(site).without(lessons)
        shared = [name.partition(":") for name in lessons]
        teachers = Counter(owner for owner, _, _ in shared).most_common(MOST_MIXED)
        parts = [
            self.ordinary(name).without({rest for owner, _, rest in shared if owner == name})
            for name, _ in teachers
        ]
        return Ordinary.mixed(parts, ORDINARY)

    def _forget(self, site: str, kind: str, detail: Mapping[str, Any], ids: Sequence[str]) -> int:
        keys = SiteKeys(site)
        names = [keys.waiting, keys.lessons, keys.layer, keys.audit]
        return int(self._unlearn(self._client, names, [kind, orjson.dumps(detail), *ids]))

    def _all_waiting(self, site: str) -> list[str]:
        found: Any = self._client.smembers(SiteKeys(site).waiting)
        return [item.decode() for item in found]


def _shared_name(site: str, comment_id: str) -> str:
    return f"{site}:{comment_id}"


def _readable(data: bytes) -> Lesson | None:
    try:
        return unpacked(data)
    except LessonUnreadable:
        return None


def _is_by(record: Record, actor: str, since_s: float) -> bool:
    decision = record.decision
    return decision is not None and decision.actor == actor and decision.at_ms >= since_s * 1000

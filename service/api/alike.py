"""All like this one: held comments that say nearly the same, or mean it, to decide on at once."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from service.api.services import services
from service.api.similar import similar_comments
from service.moderation.copies import copies_of
from service.moderation.verdict import Status
from service.store.records import Record

MOST_ALIKE = 200
SAME_MEANING = 0.9
"""The cosine from which comments mean the same: a moderator decides on them in one go."""


class By(StrEnum):
    """Name by what a comment is like another."""

    WORDS = "words"
    MEANING = "meaning"


@dataclass(frozen=True, slots=True)
class Alike:
    """Hold a held comment that is like another, and by what."""

    record: Record
    by: By


def alike_comments(site: str, record: Record) -> list[Alike]:
    """Return held comments like ``record``, without it: copies first, newest first.

    Copies are looked for in the site's duplicate window, what means the same among its
    newest comments.
    """
    copies = [Alike(each, By.WORDS) for each in _copies(site, record)]
    known = {record.comment.id, *(each.record.comment.id for each in copies)}
    _, near = similar_comments(site, record, MOST_ALIKE)
    meant = [
        Alike(found.record, By.MEANING)
        for found in near
        if found.score >= SAME_MEANING
        and found.record.status is Status.HELD
        and found.record.comment.id not in known
    ]
    return [*copies, *meant][:MOST_ALIKE]


def _copies(site: str, record: Record) -> list[Record]:
    store = services().store
    ids = copies_of(record.comment.content, store.inbox.recent(site))
    others = [name for name in reversed(ids) if name != record.comment.id][:MOST_ALIKE]
    found = store.comments.get_many(site, others) if others else []
    return [each for each in found if each.status is Status.HELD]

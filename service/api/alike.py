"""All like this one: held comments that say nearly the same, or mean it, to decide on at once."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from service.api.services import services
from service.api.similar import same_in_meaning
from service.moderation.copies import copies_of
from service.moderation.verdict import Status
from service.store.records import Record

MOST_ALIKE = 200


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
    meant = [
        Alike(found, By.MEANING)
        for found in same_in_meaning(site, record)
        if found.status is Status.HELD and found.comment.id not in known
    ]
    return [*copies, *meant][:MOST_ALIKE]


def _copies(site: str, record: Record) -> list[Record]:
    store = services().store
    ids = copies_of(record.comment.content, store.inbox.recent(site))
    others = [name for name in reversed(ids) if name != record.comment.id][:MOST_ALIKE]
    found = store.comments.get_many(site, others) if others else []
    return [each for each in found if each.status is Status.HELD]

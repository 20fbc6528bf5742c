"""Retention: what a site forgets of its comments, step by step; never its audit log."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from service.moderation.comment import Comment
from service.moderation.verdict import Status
from service.store.comments import Comments, transition_keys
from service.store.facets import facets_of
from service.store.keys import SiteKeys
from service.store.paging import Order, slice_of
from service.store.records import Record, content_json
from service.store.scripts import Argument, script
from service.store.server.connection import Client
from service.store.sites import Retention

STEP = 200
"""Comments one script looks at."""
SETTLED_FOR_GOOD = (Status.APPROVED, Status.REJECTED, Status.SPAM, Status.DELETED)
"""A held comment keeps what is personal: a moderator has still to decide on it."""
REFUSED = (Status.REJECTED, Status.SPAM)
ERASE, DELETE = "erase", "delete"
DAY_MS = 86_400_000
PERSONAL = ("personal", "email_hash", "ip_hash", "facts", "author")
"""The fields that erase.lua takes off."""


@dataclass(frozen=True, slots=True)
class Step:
    """Report one step: how many comments were changed, and the cursor of the next, or ""."""

    changed: int
    cursor: str


@dataclass(frozen=True, slots=True)
class Place:
    """Say where a site's forgetting has come to: what is done, in which status, the cursor."""

    what: str = ""
    status: str = ""
    cursor: str = ""

    def written(self) -> str:
        """Return the place as a job carries it."""
        return f"{self.what}:{self.status}:{self.cursor}"

    @classmethod
    def read(cls, written: str) -> Place:
        """Return the place that was written."""
        return cls(*written.split(":")) if written else cls()


def first_place(retention: Retention, start: Place | None = None) -> Place | None:
    """Return ``start`` if it is still to be done, or the beginning, or None for nothing."""
    parts = _parts(retention)
    is_part = start is not None and any(_is_same(start, part) for part in parts)
    return start if is_part else next(iter(parts), None)


def next_place(retention: Retention, place: Place, step: Step) -> Place | None:
    """Return where to go on after a step: in the same listing, in the next one, or nowhere."""
    if step.cursor:
        return replace(place, cursor=step.cursor)
    parts = _parts(retention)
    at = next(index for index, part in enumerate(parts) if _is_same(place, part))
    return parts[at + 1] if at + 1 < len(parts) else None


def _parts(retention: Retention) -> list[Place]:
    """Return what is to be done, deleting first: what is gone need not be erased."""
    deleting = [Place(DELETE, status) for status in REFUSED] if retention.refused_days else []
    erasing = [Place(ERASE, status) for status in SETTLED_FOR_GOOD]
    return deleting + (erasing if retention.personal_days else [])


def _is_same(one: Place, other: Place) -> bool:
    return (one.what, one.status) == (other.what, other.status)


class Forgetting:
    """Erase and delete what a site keeps no longer, the oldest first."""

    def __init__(self, client: Client, comments: Comments) -> None:
        self._client = client
        self._comments = comments
        self._erase = script("upkeep/erase")
        self._delete = script("transition", "upkeep/delete")

    def step(self, site: str, retention: Retention, place: Place, now_ms: int) -> Step:
        """Do the step at a place of a site's forgetting."""
        work = self.delete if place.what == DELETE else self.erase_personal
        before_ms = before(retention, place, now_ms)
        return work(site, Status(place.status), before_ms, place.cursor)

    def count(self, site: str, retention: Retention, place: Place, now_ms: int) -> Step:
        """Count what the step at a place would change, and change nothing."""
        old, onward = self._old(
            site, Status(place.status), before(retention, place, now_ms), place.cursor
        )
        if place.what == DELETE:
            return Step(len(old), onward)
        is_spared = retention.refused_days and place.status in REFUSED
        spared_ms = now_ms - retention.refused_days * DAY_MS if is_spared else 0
        pipe = self._client.pipeline(transaction=False)
        for record in old:
            pipe.hmget(SiteKeys(site).comment(record.comment.id), PERSONAL)
        rows = zip(old, pipe.execute(), strict=True)
        left = [any(row) for record, row in rows if record.submitted_at_ms >= spared_ms]
        return Step(sum(left), onward)

    def erase_personal(self, site: str, status: Status, before_ms: int, cursor: str) -> Step:
        """Take what is personal off comments of one status that came before ``before_ms``.

        Their words stay; of those that are not published the author's name goes too.
        """
        keys = SiteKeys(site)
        old, onward = self._old(site, status, before_ms, cursor)
        names = [keys.facets]
        arguments: list[Argument] = [status]
        for record in old:
            names += [keys.comment(record.comment.id), keys.past(record.comment.id)]
            arguments += [record.comment.id, _facets_left(record)]
        changed: Any = self._erase(self._client, names, arguments)
        return Step(int(changed), onward)

    def delete(self, site: str, status: Status, before_ms: int, cursor: str) -> Step:
        """Delete comments of one status that came before ``before_ms``.

        One that was ever answered stays as a tombstone without words.
        """
        old, onward = self._old(site, status, before_ms, cursor)
        arguments: list[Argument] = [status]
        for record in old:
            left = replace(_NOTHING, page=record.comment.page)
            facets = facets_of(replace(left, submitted_at=record.comment.submitted_at), None, "")
            arguments += [record.comment.id, content_json(left), facets]
        names = transition_keys(site, old)
        for record in old:
            names += _beside(SiteKeys(site), record.comment.id)
        changed: Any = self._delete(self._client, names, arguments)
        return Step(int(changed), _nothing_skipped(onward) if changed else onward)

    def tell(self, site: str, erased: int, deleted: int, now_ms: int) -> None:
        """Note in the audit log how much was forgotten."""
        told: Any = {"kind": "retention", "erased": erased, "deleted": deleted, "at": now_ms}
        self._client.xadd(SiteKeys(site).audit, told)

    def _old(
        self, site: str, status: Status, before_ms: int, cursor: str
    ) -> tuple[list[Record], str]:
        """Return the next comments that are old enough, and the cursor, "" after the last."""
        key = SiteKeys(site).status(status)
        found = slice_of(self._client, key, Order.OLDEST, STEP, cursor)
        records = self._comments.get_many(site, found.ids)
        old = [record for record in records if record.submitted_at_ms < before_ms]
        return old, found.cursor if len(old) == len(records) else ""


def before(retention: Retention, place: Place, now_ms: int) -> int:
    """Return the time (ms) before which a comment is old enough for what is done at a place."""
    days = retention.refused_days if place.what == DELETE else retention.personal_days
    return now_ms - days * DAY_MS


def _nothing_skipped(cursor: str) -> str:
    """Return a cursor that passes over nobody of its time: those it counted have gone."""
    return f"{cursor.partition('-')[0]}-0" if cursor else ""


_NOTHING = Comment(id="", site="", page="", content="")


def _beside(keys: SiteKeys, comment_id: str) -> list[str]:
    """Return what is kept of a comment beside it."""
    made = (keys.trail, keys.past, keys.notes, keys.claim, keys.report_notes, keys.reasons)
    return [name(comment_id) for name in made]


def _facets_left(record: Record) -> bytes:
    """Return what a comment is found by once what is personal has gone."""
    left = replace(record.comment, author_id="")
    if record.status is not Status.APPROVED:
        left = replace(left, author="", url="")
    return facets_of(left, record.verdict, "")

"""Retention: what a site forgets of its comments, step by step; never its audit log."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from service.moderation.comment import Comment
from service.moderation.verdict import Status
from service.store.comments import Comments, transition_keys
from service.store.connection import Client
from service.store.facets import facets_of
from service.store.keys import SiteKeys
from service.store.paging import Order, slice_of
from service.store.records import Record, content_json
from service.store.scripts import Argument, script

STEP = 200
"""Comments one script looks at."""
SETTLED_FOR_GOOD = (Status.APPROVED, Status.REJECTED, Status.SPAM, Status.DELETED)
"""A held comment keeps what is personal: a moderator has still to decide on it."""
REFUSED = (Status.REJECTED, Status.SPAM)


@dataclass(frozen=True, slots=True)
class Step:
    """Report one step: how many comments were changed, and the cursor of the next, or ""."""

    changed: int
    cursor: str


class Forgetting:
    """Erase and delete what a site keeps no longer, the oldest first."""

    def __init__(self, client: Client, comments: Comments) -> None:
        self._client = client
        self._comments = comments
        self._erase = script("erase")
        self._delete = script("transition", "delete")

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

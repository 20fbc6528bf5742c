"""Retention: what a site forgets of its comments, step by step; never its audit log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from service.moderation.comment import Comment
from service.moderation.verdict import Status
from service.store.comments import Comments, transition_keys
from service.store.connection import Client
from service.store.keys import SiteKeys
from service.store.paging import Order, slice_of
from service.store.records import content_json
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
        found = slice_of(self._client, keys.status(status), Order.OLDEST, STEP, cursor)
        if not found.ids:
            return Step(0, "")
        names = [keys.comment(name) for name in found.ids]
        answer: Any = self._erase(self._client, names, [status, before_ms])
        changed, is_over = answer
        return Step(changed, "" if is_over else found.cursor)

    def delete(self, site: str, status: Status, before_ms: int, cursor: str) -> Step:
        """Delete comments of one status that came before ``before_ms``.

        One that was ever answered stays as a tombstone without words.
        """
        keys = SiteKeys(site)
        found = slice_of(self._client, keys.status(status), Order.OLDEST, STEP, cursor)
        records = self._comments.get_many(site, found.ids)
        old = [record for record in records if record.submitted_at_ms < before_ms]
        arguments: list[Argument] = [status]
        for record in old:
            words = Comment(id="", site="", page=record.comment.page, content="")
            arguments += [record.comment.id, content_json(words)]
        changed: Any = self._delete(self._client, transition_keys(site, old), arguments)
        return Step(int(changed), found.cursor if len(old) == len(records) else "")

    def tell(self, site: str, erased: int, deleted: int, now_ms: int) -> None:
        """Note in the audit log how much was forgotten."""
        told: Any = {"kind": "retention", "erased": erased, "deleted": deleted, "at": now_ms}
        self._client.xadd(SiteKeys(site).audit, told)

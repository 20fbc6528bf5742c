"""Dead letters: what an operator does about comments that no worker could finish."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from service.store.comments import Comments, CommentUnknown
from service.store.keys import SiteKeys
from service.store.records import Record
from service.store.scripts import script
from service.store.server.connection import Client


class DeadLetters:
    """Send dead letters through the checks again, or leave them to the moderators."""

    def __init__(self, client: Client, comments: Comments) -> None:
        self._client = client
        self._comments = comments
        self._discard = script("discard")

    def retry(self, site: str, ids: Sequence[str], actor: str) -> list[str]:
        """Put comments back into the inbox; return those that were dead letters.

        Where there are any, a worker must be woken. It is audited.
        """
        known = self._comments.get_many(site, ids)
        done = [record.comment.id for record in known if self._retried(record)]
        pipe = self._client.pipeline(transaction=False)
        for comment_id in done:
            told: Any = {"kind": "dead-letter-retried", "comment": comment_id, "actor": actor}
            pipe.xadd(SiteKeys(site).audit, told)
        pipe.execute()
        return done

    def discard(self, site: str, ids: Sequence[str], actor: str) -> list[str]:
        """Take comments off the operator's list; return those that stood on it.

        They stay held and unscreened: a moderator decides on them, and no comment is refused
        because a machine failed. It is audited.
        """
        keys = SiteKeys(site)
        names = [keys.dead, keys.dead_reasons, keys.audit]
        found = self._discard(self._client, names, [actor, *ids])
        return [comment_id.decode() for comment_id in found]

    def _retried(self, record: Record) -> bool:
        try:
            self._comments.retry(record)
        except CommentUnknown:
            return False
        return True

"""Dead letters: what an operator does about comments that no worker could finish."""

from __future__ import annotations

from collections.abc import Sequence

from service.store.comments import Comments, CommentUnknown
from service.store.connection import Client
from service.store.keys import SiteKeys
from service.store.records import Record
from service.store.scripts import script


class DeadLetters:
    """Send dead letters through the checks again, or leave them to the moderators."""

    def __init__(self, client: Client, comments: Comments) -> None:
        self._client = client
        self._comments = comments
        self._discard = script("discard")

    def retry(self, site: str, ids: Sequence[str]) -> list[str]:
        """Put comments back into the inbox; return those that were dead letters.

        Where there are any, a worker must be woken.
        """
        return [r.comment.id for r in self._comments.get_many(site, ids) if self._retried(r)]

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

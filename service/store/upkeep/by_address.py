"""All that one e-mail address wrote: found by its keyed hash, in whatever status.

No index leads from an author to their comments (a held one's alone is in the queue's), so the
comments themselves are read, in runs, by one field of each.
"""

from __future__ import annotations

from collections.abc import Iterator

from service.store.authors import Authors
from service.store.comments import Comments, CommentUnknown
from service.store.keys import SiteKeys
from service.store.queue.second_looks import SecondLooks
from service.store.records import Record
from service.store.sealing import Vault
from service.store.server.connection import Client
from service.store.upkeep.examine import Look, Told, comment_ids


class ByAddress:
    """Find and erase what was written under one address."""

    def __init__(
        self,
        client: Client,
        vault: Vault,
        comments: Comments,
        authors: Authors,
        second_looks: SecondLooks,
    ) -> None:
        self._client = client
        self._vault = vault
        self._comments = comments
        self._authors = authors
        self._second_looks = second_looks

    def find(self, site: str, address: str, told: Told) -> Iterator[list[Record]]:
        """Yield, in runs, the comments of an address that a site still knows it by."""
        wanted = self._vault.lookup("email", address.lower()).encode()
        look, read = Look(self._client, site, mends=False), 0
        for ids in comment_ids(look):
            pipe = look.node.pipeline(transaction=False)
            for comment_id in ids:
                pipe.hget(look.keys.comment(comment_id), "email_hash")
            hashes = pipe.execute()
            read += len(ids)
            told(f"{site}: comments read", read)
            found = [each for each, kept in zip(ids, hashes, strict=True) if kept == wanted]
            if found:
                yield self._comments.get_many(site, found)

    def erase(self, site: str, address: str, actor: str, told: Told) -> int:
        """Leave nothing personal of an address on a site; return how many comments it had.

        The site must be told to learn again. Bans stay: they are the site's, and sealed.
        """
        erased = 0
        for records in self.find(site, address, told):
            for record in records:
                try:
                    self._comments.erase(record, actor)
                    erased += 1
                except CommentUnknown:
                    continue
            self._second_looks.forget(site, [record.comment.id for record in records])
        key = self._vault.lookup("email", address.lower())
        self._authors.forget(site, key)
        self._client.delete(SiteKeys(site).rate("email", key))
        return erased

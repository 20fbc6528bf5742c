"""A page's approved comments, as the public reads them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from service.moderation.verdict import Status
from service.store.keys import SiteKeys, page_key
from service.store.paging import Order, slice_of
from service.store.records import Record, read_records
from service.store.server.connection import Client
from service.store.server.watched import WatchedHashes

REPLIES_SHOWN = 100
"""Replies a page answer carries below one comment; the rest have a link of their own."""


@dataclass(frozen=True, slots=True)
class Node:
    """Hold a comment in its thread; one that is not approved shows as a tombstone."""

    record: Record
    replies: tuple[Node, ...]
    has_more_replies: bool = False

    @property
    def is_tombstone(self) -> bool:
        """Say whether only the place is left of it."""
        return self.record.status is not Status.APPROVED


@dataclass(frozen=True, slots=True)
class PageState:
    """Hold a page's number of approved comments, and a version that changes with them."""

    count: int = 0
    version: int = 0


@dataclass(frozen=True, slots=True)
class Slice:
    """Hold some of a page's threads and the place after them, empty at the end."""

    nodes: tuple[Node, ...]
    cursor: str = ""


class Threads:
    """Read the approved comments of pages."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._states = WatchedHashes(client, "count", "version")

    def state(self, site: str, page: str) -> PageState:
        """Return a page's count and version; zeros for a page nobody commented."""
        count, version = self._states.get(SiteKeys(site).page(page_key(page)))
        return PageState(int(count or 0), int(version or 0))

    def states(self, site: str, pages: Sequence[str]) -> list[PageState]:
        """Return the states of many pages, in the order asked."""
        keys = SiteKeys(site)
        pipe = self._client.pipeline(transaction=False)
        for page in pages:
            pipe.hmget(keys.page(page_key(page)), "count", "version")
        return [PageState(int(count or 0), int(version or 0)) for count, version in pipe.execute()]

    def read(self, site: str, page: str, order: Order, limit: int, cursor: str) -> Slice:
        """Return up to ``limit`` top comments with their replies.

        Raises ``CursorInvalid``.
        """
        keys = SiteKeys(site)
        found = slice_of(self._client, keys.roots(page_key(page)), order, limit, cursor)
        roots = read_records(self._client, site, found.ids)
        threads = self._threads(site, [root.comment.id for root in roots])
        nodes = (_tree(root, *threads[root.comment.id]) for root in roots)
        return Slice(tuple(node for node in nodes if node is not None), found.cursor)

    def replies(self, site: str, root_id: str, limit: int, cursor: str) -> Slice:
        """Return up to ``limit`` replies below one top comment, oldest first, unnested.

        Raises ``CursorInvalid``.
        """
        key = SiteKeys(site).thread(root_id)
        found = slice_of(self._client, key, Order.OLDEST, limit, cursor)
        shown = (
            r for r in read_records(self._client, site, found.ids) if r.status is Status.APPROVED
        )
        return Slice(tuple(Node(record, ()) for record in shown), found.cursor)

    def _threads(self, site: str, root_ids: Sequence[str]) -> dict[str, tuple[list[Record], bool]]:
        keys = SiteKeys(site)
        pipe = self._client.pipeline(transaction=False)
        for root_id in root_ids:
            pipe.zrange(keys.thread(root_id), 0, REPLIES_SHOWN)
        found = [[member.decode() for member in members] for members in pipe.execute()]
        wanted = [reply for members in found for reply in members[:REPLIES_SHOWN]]
        records = {record.comment.id: record for record in read_records(self._client, site, wanted)}
        return {
            root_id: (
                [records[m] for m in members[:REPLIES_SHOWN] if m in records],
                len(members) > REPLIES_SHOWN,
            )
            for root_id, members in zip(root_ids, found, strict=True)
        }


def _tree(root: Record, replies: Sequence[Record], has_more: bool) -> Node | None:
    """Return the root with its replies nested, or None when nothing of it may be shown."""
    children: dict[str, list[Record]] = {}
    present = {root.comment.id, *(reply.comment.id for reply in replies)}
    for reply in replies:
        parent = reply.comment.parent
        children.setdefault(parent if parent in present else root.comment.id, []).append(reply)

    def nodes_below(comment_id: str) -> Iterator[Node]:
        for record in children.get(comment_id, ()):
            below = tuple(nodes_below(record.comment.id))
            if record.status is Status.APPROVED or below:
                yield Node(record, below)

    below = tuple(nodes_below(root.comment.id))
    if root.status is not Status.APPROVED and not below:
        return None
    return Node(root, below, has_more)

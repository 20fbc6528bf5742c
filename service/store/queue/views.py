"""Saved views: what somebody looks at often in the queue, under a name of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from service.store import keys
from service.store.server.connection import Client

MOST_VIEWS = 50
NAME_LENGTH = 60
QUERY_LENGTH = 2_000


class ViewInvalid(Exception):
    """Say that a view has no name, or a name or query that is too long."""


class TooManyViews(Exception):
    """Say that an account has as many views as it may."""


@dataclass(frozen=True, slots=True)
class View:
    """Hold a view: its name, and the query of the page's URL."""

    name: str
    query: str


class Views:
    """Keep the views of accounts."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def views(self, account: str) -> list[View]:
        """Return somebody's views by name."""
        found: Any = self._client.hgetall(keys.views(account))
        views = [View(name.decode(), query.decode()) for name, query in found.items()]
        return sorted(views, key=lambda view: (view.name.casefold(), view.name))

    def save(self, account: str, view: View) -> None:
        """Keep a view, in the place of the one with the same name.

        Raises ``ViewInvalid`` or ``TooManyViews``.
        """
        is_named = len(view.name.strip()) > 0 and len(view.name) <= NAME_LENGTH
        if not is_named or len(view.query) > QUERY_LENGTH:
            raise ViewInvalid
        key = keys.views(account)
        pipe = self._client.pipeline(transaction=False)
        pipe.hexists(key, view.name)
        pipe.hlen(key)
        is_known, count = pipe.execute()
        if not is_known and count >= MOST_VIEWS:
            raise TooManyViews
        self._client.hset(key, view.name, view.query)

    def forget_all(self, account: str) -> None:
        """Drop all of somebody's views."""
        self._client.delete(keys.views(account))

    def forget(self, account: str, name: str) -> None:
        """Drop a view, if there is one."""
        self._client.hdel(keys.views(account), name)

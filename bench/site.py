"""The site the benchmarks post to."""

from __future__ import annotations

from config.settings import Settings, load_secrets
from service.store.server.embedded import server_urls
from service.store.sites import Limit, Scope, Site
from service.store.store import Store, open_store

SITE = "bench"
ORIGIN = "https://journal.example"
UNREACHED = {name: Limit(10_000_000, 60) for name in ("ip", "email", "site", "page")}
"""Limits nobody reaches: they are counted for every comment all the same."""


class CommentsLost(Exception):
    """Say that a contender does not hold what it said it took: its figure means nothing."""


def store_of(settings: Settings) -> Store:
    """Return the store of a running server."""
    return open_store(settings, load_secrets(settings), server_urls(settings).store)


def open_site(store: Store) -> str:
    """Make the site and return a key that may submit to it."""
    store.sites.create(Site(SITE, origins=(ORIGIN,), lang="fr", limits=UNREACHED))
    _, token = store.sites.create_key(SITE, "bench", frozenset({Scope.SUBMIT}))
    return token

"""What a fresh installation gets: a first administrator and a first site with a key."""

from __future__ import annotations

import time
from dataclasses import dataclass

from service.store.sites import Changer, Scope, Site
from service.store.staff.accounts import Account, Role
from service.store.staff.passwords import one_time_password
from service.store.store import Store

ADMINISTRATOR = "admin"
FIRST_SITE = "demo"


@dataclass(frozen=True, slots=True)
class Secret:
    """Hold what is shown once: the administrator's password and the site's key.

    Either is empty when it was made at an earlier start.
    """

    password: str
    token: str


def set_up(store: Store, origins: tuple[str, ...]) -> Secret:
    """Make the first administrator where nobody can sign in, the first site where none is."""
    return Secret(_first_administrator(store), _first_key(store, origins))


def _first_administrator(store: Store) -> str:
    if store.accounts.any_exist():
        return ""
    password = one_time_password()
    store.accounts.create(Account(ADMINISTRATOR, Role.ADMINISTRATOR), password)
    return password


def _first_key(store: Store, origins: tuple[str, ...]) -> str:
    if store.sites.names():
        return ""
    by = Changer("cli", time.time_ns() // 1_000_000)
    store.sites.create(Site(FIRST_SITE, origins=origins, lang="fr", created_at=time.time()), by)
    _, token = store.sites.create_key(FIRST_SITE, "first key", frozenset({Scope.SUBMIT}), by)
    return token

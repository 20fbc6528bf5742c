"""A moderator signed in, for benchmarks of pages."""

from __future__ import annotations

import time

from service.store.staff.accounts import Account, Role
from service.store.staff.sessions import Visit
from service.store.store import Store


def session(store: Store) -> str:
    """Return the token of a moderator's session."""
    store.accounts.create(Account("bench", Role.MODERATOR), "one time password")
    visit = Visit(int(time.time() * 1000))
    return store.door.sign_in("bench", "one time password", visit, "a password long enough")

"""People at the door of a store, with passwords that are hashed a thousand times cheaper."""

from __future__ import annotations

from dataclasses import replace

from service.store.staff.accounts import Account, Accounts, Role
from service.store.staff.door import Door
from service.store.staff.links import Links
from service.store.staff.people import People
from service.store.staff.sessions import Visit
from service.store.store import Store
from tests.conftest import cheap_passwords

FIRST = "one-time-password"
OWN = "a better password"
MO = Account("mo", Role.MODERATOR, frozenset({"demo", "other"}))
NOW_MS = 1_800_000_000_000
MINUTE_MS = 60_000


def house_of(store: Store) -> Store:
    """Return the store with cheap passwords, and the account ``mo`` in it."""
    passwords = cheap_passwords()
    accounts = Accounts(store.client, passwords)
    sessions, factor, audit = store.sessions, store.second_factor, store.general_audit
    accounts.create(MO, FIRST)
    return replace(
        store,
        accounts=accounts,
        door=Door(store.client, accounts, sessions, factor, passwords, audit),
        people=People(
            accounts,
            sessions,
            Links(store.client),
            factor,
            passwords,
            store.mailboxes,
            store.views,
            audit,
        ),
    )


def at(minutes: float = 0, browser: str = "", ip_key: str = "") -> Visit:
    """Return a visit some minutes after the tests' first moment."""
    return Visit(NOW_MS + int(minutes * MINUTE_MS), browser, ip_key)


def enter(store: Store, minutes: float = 0, browser: str = "") -> str:
    """Return the token of a new session of ``mo``, whose first sign-in sets a password."""
    kept = store.accounts.find("mo")
    assert kept is not None
    words = (FIRST, OWN) if kept.must_change else (OWN, "")
    return store.door.sign_in("mo", words[0], at(minutes, browser), words[1])


def who(store: Store, token: str, minutes: float = 0) -> Account | None:
    """Return whose session a token opens."""
    found = store.door.signed_in(token, NOW_MS + int(minutes * MINUTE_MS))
    return found.account if found else None

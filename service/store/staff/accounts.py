"""People who sign in: their accounts, what each may do, and on which sites."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from service.store import keys
from service.store.scripts import script
from service.store.server.connection import Client
from service.store.staff.passwords import Passwords
from service.store.staff.preferences import Preferences, preferences_from, preferences_json

NAME_LIMIT = 64
UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"})
"""Unicode categories no account's name has: one must be told from another by looking."""
_LEAVE = script("staff/leave_administrators")


class AccountExists(Exception):
    """Say that the name is taken."""


class NameRetired(Exception):
    """Say that a deleted account had the name, under which the logs speak of somebody."""

    def __init__(self, name: str, at_ms: int) -> None:
        super().__init__(name)
        self.at_ms = at_ms


class AccountUnknown(Exception):
    """Say that nobody has this name."""


class LastAdministrator(Exception):
    """Say that without this one nobody would be left to administer all sites."""


class Role(StrEnum):
    """Name what an account may do."""

    ADMINISTRATOR = "administrator"
    MODERATOR = "moderator"
    OPS = "ops"


@dataclass(frozen=True, slots=True)
class Account:
    """Hold one account; ``sites`` are those it works on, empty for all."""

    name: str
    role: Role
    sites: frozenset[str] = frozenset()
    preferences: Preferences = field(default_factory=Preferences)
    is_disabled: bool = False
    has_second_factor: bool = False

    @property
    def administers_all(self) -> bool:
        """Say whether the account is one of those that administer every site."""
        return _administers_all(self.role, self.sites) and not self.is_disabled

    def may_manage(self, sites: frozenset[str]) -> bool:
        """Say whether the account has a say over people who work on ``sites``.

        An administrator of some sites has one over people of these sites only.
        """
        is_within = not self.sites or (bool(sites) and sites <= self.sites)
        return self.role is Role.ADMINISTRATOR and is_within


@dataclass(frozen=True, slots=True)
class Kept:
    """Hold an account with what only the door needs to know of it."""

    account: Account
    password: bytes | None
    must_change: bool
    generation: int
    last_sign_in_ms: int


class Accounts:
    """Keep accounts; a password as its argon2id hash."""

    def __init__(self, client: Client, passwords: Passwords) -> None:
        self._client = client
        self._passwords = passwords

    def create(self, account: Account, one_time_password: str, *, is_again: bool = False) -> None:
        """Add an account whose password must be changed at the first sign-in.

        With ``is_again`` it may have the name of a deleted one. Raises ``AccountExists`` or
        ``NameRetired``.
        """
        if not is_again:
            self.refuse_retired(account.name)
        self._add(account, {"password": self._passwords.hash(one_time_password), "must_change": 1})

    def create_with(self, account: Account, password_hash: str) -> None:
        """Add an account whose owner has chosen a password; no hash: one that needs none of ours.

        Raises ``AccountExists``.
        """
        self._add(account, {"password": password_hash} if password_hash else {})

    def any_exist(self) -> bool:
        """Say whether anybody can sign in yet."""
        return bool(self._client.scard(keys.USERS))

    def is_known(self, name: str) -> bool:
        """Say whether somebody has this name."""
        return bool(self._client.sismember(keys.USERS, name))

    def refuse_retired(self, name: str) -> None:
        """Raise ``NameRetired`` where a deleted account had the name."""
        kept: Any = self._client.hget(keys.RETIRED, name)
        if kept:
            raise NameRetired(name, int(kept.split()[0]))

    def find(self, name: str) -> Kept | None:
        """Return an account with what the door needs, or None."""
        stored: Any = self._client.hgetall(keys.user(name))
        return kept_from(name, stored)

    def get(self, name: str) -> Account:
        """Return an account.

        Raises ``AccountUnknown``.
        """
        found = self.find(name)
        if found is None:
            raise AccountUnknown(name)
        return found.account

    def working(self, name: str) -> Account | None:
        """Return the account of that name, or None where there is none or it is disabled."""
        found = self.find(name)
        return found.account if found and not found.account.is_disabled else None

    def every(self) -> list[Kept]:
        """Return all accounts, sorted by name."""
        members: Any = self._client.smembers(keys.USERS)
        names = sorted(each.decode() for each in members)
        pipe = self._client.pipeline(transaction=False)
        for name in names:
            pipe.hgetall(keys.user(name))
        found = zip(names, pipe.execute(), strict=True)
        return [kept for name, stored in found if (kept := kept_from(name, stored))]

    def moderating(self, site: str) -> list[Account]:
        """Return those who may decide on a site's comments, sorted by name."""
        found = (kept.account for kept in self.every() if not kept.account.is_disabled)
        return [each for each in found if each.role is not Role.OPS and _works_on(each, site)]

    def change(self, name: str, role: Role, sites: frozenset[str]) -> None:
        """Give an account another role, or other sites.

        Raises ``AccountUnknown`` or ``LastAdministrator``.
        """
        is_disabled = self.get(name).is_disabled
        if not _administers_all(role, sites):
            self._leave_administrators(name)
        fields: Any = {"role": role.value, "sites": " ".join(sorted(sites))}
        self._client.hset(keys.user(name), mapping=fields)
        self._client.hincrby(keys.user(name), "generation", 1)
        if _administers_all(role, sites) and not is_disabled:
            self._client.sadd(keys.ADMINISTRATORS, name)

    def disable(self, name: str) -> None:
        """Let an account open nothing.

        Raises ``AccountUnknown`` or ``LastAdministrator``.
        """
        self.get(name)
        self._leave_administrators(name)
        self._client.hset(keys.user(name), "disabled", 1)
        self._client.hincrby(keys.user(name), "generation", 1)

    def enable(self, name: str) -> None:
        """Let a disabled account in again.

        Raises ``AccountUnknown``.
        """
        account = self.get(name)
        self._client.hdel(keys.user(name), "disabled")
        if _administers_all(account.role, account.sites):
            self._client.sadd(keys.ADMINISTRATORS, name)

    def delete(self, name: str, now_ms: int) -> None:
        """Forget an account; its name is retired. What else is kept by the name goes before.

        Raises ``AccountUnknown`` or ``LastAdministrator``.
        """
        found = self.find(name)
        if found is None:
            raise AccountUnknown(name)
        self._leave_administrators(name)
        self._client.hset(keys.RETIRED, name, f"{now_ms} {found.generation}")
        self._client.srem(keys.USERS, name)
        self._client.delete(keys.user(name))

    def set_password(self, name: str, password_hash: str, *, must_change: bool = False) -> int:
        """Replace an account's password; return the new generation, in which no session is open.

        Raises ``AccountUnknown``.
        """
        self.get(name)
        pipe = self._client.pipeline(transaction=False)
        pipe.hset(keys.user(name), "password", password_hash)
        if must_change:
            pipe.hset(keys.user(name), "must_change", "1")
        else:
            pipe.hdel(keys.user(name), "must_change")
        pipe.hincrby(keys.user(name), "generation", 1)
        return int(pipe.execute()[-1])

    def belongs_to(self, name: str, subject: str) -> bool:
        """Say whether an account is that of ``subject`` at a provider: of the first who came."""
        if self._client.hsetnx(keys.user(name), "subject", subject):
            return True
        kept: Any = self._client.hget(keys.user(name), "subject")
        return bool(kept == subject.encode())

    def note_sign_in(self, name: str, now_ms: int) -> None:
        """Remember when somebody signed in last."""
        self._client.hset(keys.user(name), "signed_in", str(now_ms))

    def prefer(self, name: str, preferences: Preferences) -> None:
        """Keep what somebody set for themselves."""
        self._client.hset(keys.user(name), "preferences", preferences_json(preferences))

    def _add(self, account: Account, fields: Mapping[str, str | int]) -> None:
        name = account.name
        if not self._client.hsetnx(keys.user(name), "role", account.role):
            raise AccountExists(name)
        mapping: Any = {"sites": " ".join(sorted(account.sites)), **fields}
        retired: Any = self._client.hget(keys.RETIRED, name)
        if retired:
            # What was open to the one before, and was missed, must not open this one.
            mapping["generation"] = int(retired.split()[1]) + 1
        self._client.hset(keys.user(name), mapping=mapping)
        self._client.sadd(keys.USERS, name)
        self._client.hdel(keys.RETIRED, name)
        if account.administers_all:
            self._client.sadd(keys.ADMINISTRATORS, name)

    def _leave_administrators(self, name: str) -> None:
        if not _LEAVE(self._client, [keys.ADMINISTRATORS], [name]):
            raise LastAdministrator(name)


def _works_on(account: Account, site: str) -> bool:
    return not account.sites or site in account.sites


def kept_from(name: str, stored: dict[bytes, bytes]) -> Kept | None:
    """Return an account from its hash, or None where there is none."""
    if b"role" not in stored:
        return None
    account = Account(
        name,
        Role(stored[b"role"].decode()),
        frozenset(stored.get(b"sites", b"").decode().split()),
        preferences_from(stored.get(b"preferences")),
        is_disabled=b"disabled" in stored,
        has_second_factor=b"totp" in stored,
    )
    return Kept(
        account=account,
        password=stored.get(b"password"),
        must_change=b"must_change" in stored,
        generation=int(stored.get(b"generation", 0)),
        last_sign_in_ms=int(stored.get(b"signed_in", 0)),
    )


def known_as(name: str) -> str:
    """Return a name in the one spelling accounts are kept under (NFC, no spaces around)."""
    return unicodedata.normalize("NFC", name.strip())


def is_account_name(name: str) -> bool:
    """Say whether an account can be called so: 1 to 64 characters, no space, no slash."""
    is_seen = all(unicodedata.category(each) not in UNSEEN for each in name)
    return 0 < len(name) <= NAME_LIMIT and is_seen and "/" not in name and name == known_as(name)


def _administers_all(role: Role, sites: frozenset[str]) -> bool:
    return role is Role.ADMINISTRATOR and not sites

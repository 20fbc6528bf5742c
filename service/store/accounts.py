"""People who sign in: accounts, their passwords, and their sessions."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from service.store import keys
from service.store.connection import Client
from service.store.preferences import Preferences, preferences_from, preferences_json

MAX_FAILURES = 8
FAILURES_KEPT_S = 900
PASSWORD_LENGTH = 12


class SignInRefused(Exception):
    """Say that name and password do not go together."""


class SignInThrottled(Exception):
    """Say that too many sign-ins failed; ``retry_after_s`` seconds are left to wait."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__("sign-in throttled")
        self.retry_after_s = retry_after_s


class PasswordChangeNeeded(Exception):
    """Say that a one-time password must be replaced before it opens anything."""


class PasswordTooShort(Exception):
    """Say that a new password has fewer than 12 characters."""


class AccountExists(Exception):
    """Say that the name is taken."""


class Role(StrEnum):
    """Name what an account may do."""

    ADMINISTRATOR = "administrator"
    MODERATOR = "moderator"
    OPS = "ops"


DECIDING = frozenset({Role.ADMINISTRATOR, Role.MODERATOR})


@dataclass(frozen=True, slots=True)
class Account:
    """Hold one account; ``sites`` are those it works on, empty for all."""

    name: str
    role: Role
    sites: frozenset[str] = frozenset()
    preferences: Preferences = field(default_factory=Preferences)


class Accounts:
    """Keep accounts and sessions; passwords as argon2id hashes (RFC 9106)."""

    def __init__(
        self,
        client: Client,
        *,
        session_ttl_s: int = 28_800,
        hasher: PasswordHasher | None = None,
    ) -> None:
        self._client = client
        self._ttl_s = session_ttl_s
        self._hasher = hasher or PasswordHasher()

    def create(self, account: Account, one_time_password: str) -> None:
        """Add an account whose password must be changed at the first sign-in.

        Raises ``AccountExists``.
        """
        if not self._client.hsetnx(keys.user(account.name), "role", account.role):
            raise AccountExists(account.name)
        self._client.hset(
            keys.user(account.name),
            mapping={
                "sites": " ".join(sorted(account.sites)),
                "password": self._hasher.hash(one_time_password),
                "must_change": 1,
            },
        )
        self._client.sadd(keys.USERS, account.name)

    def reset_password(self, name: str, one_time_password: str) -> None:
        """Replace an account's password by a new one-time password, and end its sessions."""
        pipe = self._client.pipeline(transaction=False)
        pipe.hset(
            keys.user(name),
            mapping={"password": self._hasher.hash(one_time_password), "must_change": 1},
        )
        pipe.hincrby(keys.user(name), "generation", 1)
        pipe.execute()

    def any_exist(self) -> bool:
        """Say whether anybody can sign in yet."""
        return bool(self._client.scard(keys.USERS))

    def sign_in(self, name: str, password: str, new_password: str = "") -> str:
        """Return the token of a new session.

        A one-time password needs ``new_password`` beside it; a new password ends the
        account's other sessions. Raises ``SignInRefused``,
        ``SignInThrottled``, ``PasswordChangeNeeded`` or ``PasswordTooShort``.
        """
        self._throttle(name)
        stored: Any = self._client.hgetall(keys.user(name))
        if not self._fits(stored.get(b"password"), password):
            self._count_failure(name)
            raise SignInRefused
        if b"must_change" in stored and not new_password:
            raise PasswordChangeNeeded
        if new_password:
            self._change(name, password, new_password)
        self._client.delete(keys.sign_in_attempts(_digest(name)))
        return self._new_session(name)

    def signed_in(self, token: str) -> Account | None:
        """Return whose session a token opens, or None."""
        found: Any = self._client.get(keys.session(_digest(token)))
        if not found:
            return None
        generation, _, name = found.decode().partition(" ")
        stored: Any = self._client.hgetall(keys.user(name))
        if not stored or stored.get(b"generation", b"0").decode() != generation:
            return None
        return _account(name, stored)

    def get(self, name: str) -> Account | None:
        """Return the account of that name, or None."""
        stored: Any = self._client.hgetall(keys.user(name))
        return _account(name, stored) if stored else None

    def moderating(self, site: str) -> list[Account]:
        """Return those who may decide on a site's comments, sorted by name."""
        members: Any = self._client.smembers(keys.USERS)
        names = sorted(each.decode() for each in members)
        pipe = self._client.pipeline(transaction=False)
        for name in names:
            pipe.hgetall(keys.user(name))
        rows = zip(names, pipe.execute(), strict=True)
        found = [_account(name, stored) for name, stored in rows if stored]
        return [each for each in found if each.role in DECIDING and _works_on(each, site)]

    def prefer(self, name: str, preferences: Preferences) -> None:
        """Keep what somebody set for themselves."""
        self._client.hset(keys.user(name), "preferences", preferences_json(preferences))

    def sign_out(self, token: str) -> None:
        """End a session."""
        self._client.delete(keys.session(_digest(token)))

    def _fits(self, stored: bytes | None, password: str) -> bool:
        try:
            return self._hasher.verify(stored or _decoy(self._hasher), password) and bool(stored)
        except VerificationError:
            return False

    def _change(self, name: str, password: str, new_password: str) -> None:
        if len(new_password) < PASSWORD_LENGTH or new_password == password:
            raise PasswordTooShort
        pipe = self._client.pipeline(transaction=False)
        pipe.hset(keys.user(name), "password", self._hasher.hash(new_password))
        pipe.hdel(keys.user(name), "must_change")
        pipe.hincrby(keys.user(name), "generation", 1)
        pipe.execute()

    def _new_session(self, name: str) -> str:
        token = f"es_{secrets.token_urlsafe(32)}"
        generation: Any = self._client.hget(keys.user(name), "generation")
        opened = f"{int(generation or 0)} {name}"
        self._client.set(keys.session(_digest(token)), opened, ex=self._ttl_s)
        return token

    def _throttle(self, name: str) -> None:
        key = keys.sign_in_attempts(_digest(name))
        failures: Any = self._client.get(key)
        if failures and int(failures) >= MAX_FAILURES:
            left: Any = self._client.ttl(key)
            raise SignInThrottled(max(int(left), 1))

    def _count_failure(self, name: str) -> None:
        key = keys.sign_in_attempts(_digest(name))
        self._client.incr(key)
        self._client.expire(key, FAILURES_KEPT_S)


def _account(name: str, stored: dict[bytes, bytes]) -> Account:
    sites = frozenset(stored.get(b"sites", b"").decode().split())
    preferences = preferences_from(stored.get(b"preferences"))
    return Account(name, Role(stored[b"role"].decode()), sites, preferences)


def _works_on(account: Account, site: str) -> bool:
    return not account.sites or site in account.sites


def one_time_password() -> str:
    """Return a fresh password for a first sign-in."""
    return secrets.token_urlsafe(12)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


@cache
def _decoy(hasher: PasswordHasher) -> str:
    """Return a hash that costs an unknown name as long as a known one."""
    return hasher.hash(secrets.token_urlsafe(8))

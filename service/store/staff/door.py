"""Signing in and out: password, second factor, and the session they open."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from service.store import keys
from service.store.server.connection import Client
from service.store.server.trouble import trouble_of
from service.store.staff.accounts import Account, Accounts, Kept, kept_from
from service.store.staff.general_audit import GeneralAudit
from service.store.staff.passwords import Passwords
from service.store.staff.second_factor import SecondFactor
from service.store.staff.sessions import Session, Sessions, Visit
from service.store.staff.sign_in_limits import SignInLimits, SignInThrottled
from service.store.tokens import digest, fresh_token

HALF_KEPT_S = 300


class SignInRefused(Exception):
    """Say that name and password do not go together, or the account is disabled."""


class PasswordChangeNeeded(Exception):
    """Say that a one-time password must be replaced before it opens anything."""


class SecondFactorNeeded(Exception):
    """Say that a code is owed; ``half`` is the token of the half session it completes."""

    def __init__(self, half: str) -> None:
        super().__init__("a code is needed")
        self.half = half


class HalfSessionGone(Exception):
    """Say that the password was given too long ago for a code to complete it."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Hold whose session a token opened, and which."""

    account: Account
    session: Session


class Door:
    """Let people in, and say who is in."""

    def __init__(
        self,
        client: Client,
        accounts: Accounts,
        sessions: Sessions,
        second_factor: SecondFactor,
        passwords: Passwords,
        audit: GeneralAudit,
    ) -> None:
        self._client = client
        self._accounts = accounts
        self._sessions = sessions
        self._second_factor = second_factor
        self._passwords = passwords
        self._audit = audit
        self._limits = SignInLimits(client)

    def sign_in(self, name: str, password: str, visit: Visit, new_password: str = "") -> str:
        """Return the token of a new session.

        A one-time password needs ``new_password`` beside it; a new password ends the
        account's other sessions. Raises ``SignInRefused``, ``SignInThrottled``,
        ``PasswordChangeNeeded``, ``PasswordTooShort`` or ``SecondFactorNeeded``.
        """
        kept = self._proven(name, password, visit)
        if kept.must_change and not new_password:
            raise PasswordChangeNeeded
        hashed = self._passwords.hash_new(new_password, old=password) if new_password else ""
        if kept.account.has_second_factor:
            raise SecondFactorNeeded(self._half_session(kept, hashed))
        return self._let_in(name, visit, hashed)

    def finish(self, half: str, code: str, visit: Visit) -> str:
        """Return the token of a new session, for one-time or recovery code after a password.

        Raises ``HalfSessionGone``, ``CodeRefused`` or ``SignInThrottled``.
        """
        stored: Any = self._client.hgetall(keys.half_session(digest(half)))
        kept = self._accounts.find(stored[b"name"].decode()) if b"name" in stored else None
        if (
            kept is None
            or kept.account.is_disabled
            or kept.generation != int(stored[b"generation"])
        ):
            raise HalfSessionGone
        name = kept.account.name
        self._begin(name, visit)
        if kept.account.has_second_factor and self._second_factor.take(name, code, visit.now_ms):
            left = self._second_factor.recovery_codes_left(name)
            self._audit.add("recovery-code", f"account:{name}", left=left)
        if not self._client.delete(keys.half_session(digest(half))):
            raise HalfSessionGone
        self._limits.forgive(name, visit.ip_key)
        return self._let_in(name, visit, stored.get(b"password", b"").decode())

    def admit(self, name: str, visit: Visit) -> str:
        """Return the token of a new session for somebody who proved otherwise who they are.

        Raises ``SignInRefused`` for a disabled or unknown account, or ``SecondFactorNeeded``.
        """
        kept = self._accounts.find(name)
        if kept is None or kept.account.is_disabled:
            raise SignInRefused
        if kept.account.has_second_factor:
            raise SecondFactorNeeded(self._half_session(kept, ""))
        return self._let_in(name, visit, "")

    @contextmanager
    def counting(self, visit: Visit) -> Iterator[None]:
        """Count what is done inside as a failed try from the caller's address if it raises.

        Raises ``SignInThrottled``.
        """
        self._limits.begin_from(visit.ip_key)
        yield
        self._limits.forgive_from(visit.ip_key)

    def signed_in(self, token: str, now_ms: int) -> SignedIn | None:
        """Return whose session a token opens, or None; two round trips."""
        session = self._sessions.find(token, now_ms)
        if session is None:
            return None
        pipe = self._client.pipeline(transaction=False)
        pipe.hgetall(keys.user(session.name))
        self._sessions.note_seen(pipe, session, now_ms)
        # That it was used is not worth a page: a server that takes no writes may still be read.
        account, *noted = pipe.execute(raise_on_error=False)
        for said in (account, *noted):
            if isinstance(said, Exception) and not trouble_of(said):
                raise said
        kept = kept_from(session.name, account)
        if kept is None or kept.account.is_disabled or kept.generation != session.generation:
            return None
        return SignedIn(kept.account, session)

    def sign_out(self, token: str) -> None:
        """End a session."""
        self._sessions.end_by_token(token)

    def confirm(self, name: str, password: str, visit: Visit) -> None:
        """Make sure that who is signed in knows the password.

        Raises ``SignInRefused`` or ``SignInThrottled``.
        """
        self._proven(name, password, visit)

    def change_password(self, name: str, password: str, new_password: str, visit: Visit) -> str:
        """Replace one's own password, end every session, and return the token of a new one.

        Raises ``SignInRefused``, ``SignInThrottled`` or ``PasswordTooShort``.
        """
        self.confirm(name, password, visit)
        return self._let_in(name, visit, self._passwords.hash_new(new_password, old=password))

    def _proven(self, name: str, password: str, visit: Visit) -> Kept:
        """Return the account a password opens."""
        self._begin(name, visit)
        kept = self._accounts.find(name)
        fits = self._passwords.fits(kept.password if kept else None, password)
        if kept is None or not fits or kept.account.is_disabled:
            raise SignInRefused
        self._limits.forgive(name, visit.ip_key)
        return kept

    def _begin(self, name: str, visit: Visit) -> None:
        try:
            self._limits.begin(name, visit.ip_key)
        except SignInThrottled as error:
            if error.is_first and self._accounts.is_known(name):
                self._audit.add("sign-in-throttled", f"account:{name}", address=visit.ip_key)
            raise

    def _half_session(self, kept: Kept, new_password_hash: str) -> str:
        half = fresh_token()
        fields: Any = {
            "name": kept.account.name,
            "generation": kept.generation,
            "password": new_password_hash,
        }
        pipe = self._client.pipeline(transaction=False)
        pipe.hset(keys.half_session(digest(half)), mapping=fields)
        pipe.expire(keys.half_session(digest(half)), HALF_KEPT_S)
        pipe.execute()
        return half

    def _let_in(self, name: str, visit: Visit, new_password_hash: str) -> str:
        if new_password_hash:
            self._accounts.set_password(name, new_password_hash)
            self._sessions.end_all(name)
            self._audit.add("password", f"account:{name}")
        kept = self._accounts.find(name)
        if kept is None:
            raise SignInRefused
        self._limits.clear(name)
        self._accounts.note_sign_in(name, visit.now_ms)
        self._audit.add("sign-in", f"account:{name}", browser=visit.browser)
        return self._sessions.open(name, kept.generation, visit)

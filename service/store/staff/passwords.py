"""Passwords: how long one is, and the argon2id hash that is kept of it (RFC 9106)."""

from __future__ import annotations

import secrets

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from service.cached import cached_property

PASSWORD_LENGTH = 12
"""Length is the only rule: NIST SP 800-63B advises against rules of composition."""


class PasswordTooShort(Exception):
    """Say that a new password has fewer than 12 characters, or is the old one."""


class Passwords:
    """Hash passwords, and tell whether one fits a hash."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()

    def hash(self, password: str) -> str:
        """Return what is kept of a password."""
        return self._hasher.hash(password)

    def hash_new(self, password: str, old: str = "") -> str:
        """Return what is kept of a password that somebody chose.

        Raises ``PasswordTooShort``.
        """
        if len(password) < PASSWORD_LENGTH or password == old:
            raise PasswordTooShort
        return self.hash(password)

    def fits(self, kept: bytes | None, password: str) -> bool:
        """Say whether a password is the one kept; for no hash it takes as long, and is not."""
        try:
            return self._hasher.verify(kept or self._decoy, password) and bool(kept)
        except VerificationError:
            return False

    @cached_property
    def _decoy(self) -> str:
        return self._hasher.hash(secrets.token_urlsafe(8))


def one_time_password() -> str:
    """Return a fresh password for a first sign-in."""
    return secrets.token_urlsafe(12)

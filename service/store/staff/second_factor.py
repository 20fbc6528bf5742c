"""The second factor: one-time codes by time (RFC 6238), and recovery codes for a lost phone."""

from __future__ import annotations

import hmac
import secrets
from typing import Any

import pyotp

from service.store import keys
from service.store.sealing import SealBroken, Vault
from service.store.server.connection import Client
from service.store.tokens import digest

ISSUER = "Écluse"
STEP_S = 30
WINDOW = 1
"""Steps before and after the current one whose code is taken (RFC 6238, section 5.2)."""
SPENT_KEPT_S = (2 * WINDOW + 2) * STEP_S + STEP_S
RECOVERY_CODES = 10
RECOVERY_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
RECOVERY_CHARS = 16  # 79 bits


class CodeRefused(Exception):
    """Say that a code is wrong, or was used already."""


class SecondFactor:
    """Enrol accounts, and check their codes; secrets lie sealed, bound to the account."""

    def __init__(self, client: Client, vault: Vault) -> None:
        self._client = client
        self._vault = vault

    def begin(self, name: str) -> str:
        """Return a new secret in base32, which counts once a code of it is confirmed."""
        secret = pyotp.random_base32()
        sealed = self._vault.seal_bytes(secret.encode(), _context(name))
        self._client.hset(keys.user(name), "totp_begun", sealed)
        return secret

    def begun(self, name: str) -> str:
        """Return the secret that waits for its first code, or nothing."""
        stored: Any = self._client.hget(keys.user(name), "totp_begun")
        return self._opened(stored, name) if stored else ""

    def confirm(self, name: str, code: str, now_ms: int) -> list[str]:
        """Turn the second factor on, and return the recovery codes, which are kept as hashes.

        Raises ``CodeRefused``.
        """
        secret = self.begun(name)
        if not secret or not self._is_fresh(name, secret, code, now_ms):
            raise CodeRefused
        sealed = self._vault.seal_bytes(secret.encode(), _context(name))
        self._client.hset(keys.user(name), "totp", sealed)
        self._client.hdel(keys.user(name), "totp_begun")
        return self.renew_recovery_codes(name)

    def renew_recovery_codes(self, name: str) -> list[str]:
        """Return ten new recovery codes; the earlier ones are void."""
        codes = [_recovery_code() for _ in range(RECOVERY_CODES)]
        pipe = self._client.pipeline(transaction=False)
        pipe.delete(keys.recovery_codes(name))
        pipe.sadd(keys.recovery_codes(name), *(self._kept(name, code) for code in codes))
        pipe.execute()
        return codes

    def recovery_codes_left(self, name: str) -> int:
        """Return how many recovery codes were not used yet."""
        left: Any = self._client.scard(keys.recovery_codes(name))
        return int(left)

    def take(self, name: str, code: str, now_ms: int) -> bool:
        """Take one code of a second factor that is on; say whether it was a recovery code.

        Raises ``CodeRefused``.
        """
        stored: Any = self._client.hget(keys.user(name), "totp")
        if stored and self._is_fresh(name, self._opened(stored, name), code, now_ms):
            return False
        if self._client.srem(keys.recovery_codes(name), self._kept(name, code)):
            return True
        raise CodeRefused

    def drop(self, name: str) -> None:
        """Turn the second factor off."""
        self._client.hdel(keys.user(name), "totp", "totp_begun")
        self._client.delete(keys.recovery_codes(name))

    def _is_fresh(self, name: str, secret: str, code: str, now_ms: int) -> bool:
        """Say whether a code is one of the window's, and has not been accepted before."""
        given = "".join(code.split())
        if not secret or not given.isascii():
            return False
        now = now_ms // 1000 // STEP_S
        totp = pyotp.TOTP(secret, interval=STEP_S)
        steps = range(now - WINDOW, now + WINDOW + 1)
        fitting = [each for each in steps if hmac.compare_digest(totp.generate_otp(each), given)]
        return any(self._spend(name, step) for step in fitting)

    def _spend(self, name: str, step: int) -> bool:
        spent = keys.spent_code(digest(name), step)
        return bool(self._client.set(spent, 1, nx=True, ex=SPENT_KEPT_S))

    def _opened(self, sealed: bytes, name: str) -> str:
        try:
            return self._vault.open_bytes(sealed, _context(name)).decode()
        except SealBroken:
            return ""

    def _kept(self, name: str, code: str) -> str:
        plain = "".join(each for each in code.lower() if each.isalnum())
        return self._vault.lookup("recovery code", f"{name} {plain}")


def enrolment_uri(name: str, secret: str) -> str:
    """Return the otpauth address an authenticator app reads from the QR code."""
    return pyotp.TOTP(secret, interval=STEP_S).provisioning_uri(name=name, issuer_name=ISSUER)


def _context(name: str) -> str:
    return f"totp {name}"


def _recovery_code() -> str:
    chars = "".join(secrets.choice(RECOVERY_ALPHABET) for _ in range(RECOVERY_CHARS))
    return "-".join(chars[i : i + 4] for i in range(0, RECOVERY_CHARS, 4))

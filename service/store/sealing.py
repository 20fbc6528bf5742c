"""Personal data and secrets at rest: sealed with a key; personal data found by a keyed hash."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from service.store.randomness import random_bytes

KEY_ID_BYTES = 4
NONCE_BYTES = 12


class SealBroken(Exception):
    """Say that sealed data fits no key we hold, or was altered."""


@dataclass(frozen=True, slots=True)
class Personal:
    """Hold what must never be public: the author's e-mail and IP addresses."""

    email: str = ""
    ip: str = ""


class Vault:
    """Seal, open and hash personal data and secrets.

    Seals are AES-256-GCM (NIST SP 800-38D): key id (4 bytes), nonce (12), cipher text
    and tag. The newest key seals, every known key opens, so keys can be rotated.
    ``signing`` keys the look-up hashes and the tokens given to authors.
    """

    def __init__(self, signing: bytes, data_keys: tuple[bytes, ...]) -> None:
        self._signing = signing
        self._ciphers = {_key_id(key): AESGCM(key) for key in data_keys}
        self._newest = _key_id(data_keys[0])

    def seal(self, personal: Personal, context: str) -> bytes:
        """Return ``personal`` sealed; ``context`` (the comment's place) must open it again."""
        return self.seal_bytes(orjson.dumps([personal.email, personal.ip]), context)

    def open(self, sealed: bytes, context: str) -> Personal:
        """Return what was sealed.

        Raises ``SealBroken`` when no key fits, or the data or its context was altered.
        """
        try:
            email, ip = orjson.loads(self.open_bytes(sealed, context))
        except ValueError:
            raise SealBroken("altered") from None
        return Personal(email, ip)

    def seal_bytes(self, plain: bytes, context: str) -> bytes:
        """Return any bytes sealed; the same ``context`` must open them again."""
        nonce = random_bytes(NONCE_BYTES)
        cipher = self._ciphers[self._newest]
        return self._newest + nonce + cipher.encrypt(nonce, plain, context.encode())

    def open_bytes(self, sealed: bytes, context: str) -> bytes:
        """Return the bytes that were sealed.

        Raises ``SealBroken`` when no key fits, or the data or its context was altered.
        """
        cipher = self._ciphers.get(sealed[:KEY_ID_BYTES])
        if cipher is None:
            raise SealBroken("no key fits")
        nonce = sealed[KEY_ID_BYTES : KEY_ID_BYTES + NONCE_BYTES]
        body = sealed[KEY_ID_BYTES + NONCE_BYTES :]
        try:
            return cipher.decrypt(nonce, body, context.encode())
        except (InvalidTag, ValueError):
            raise SealBroken("altered") from None

    def lookup(self, kind: str, value: str) -> str:
        """Return the 24-character keyed hash of ``value``, or nothing for nothing."""
        if not value:
            return ""
        digest = hashlib.blake2b(
            value.encode("utf-8", "surrogatepass"),
            key=self._signing[:64],
            person=kind.encode()[:16],
            digest_size=12,
        )
        return digest.hexdigest()

    def sign(self, purpose: str, *parts: str) -> str:
        """Return a 43-character signature over ``parts`` for one purpose."""
        message = "\x1f".join((purpose, *parts)).encode("utf-8", "surrogatepass")
        digest = hmac.digest(self._signing, message, "sha256")
        return _text(digest)

    def is_signed(self, signature: str, purpose: str, *parts: str) -> bool:
        """Say whether ``signature`` is ours, comparing in constant time."""
        expected = self.sign(purpose, *parts)
        return hmac.compare_digest(expected.encode(), signature.encode("utf-8", "replace"))


def _key_id(key: bytes) -> bytes:
    return hashlib.sha256(b"ecluse key id" + key).digest()[:KEY_ID_BYTES]


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

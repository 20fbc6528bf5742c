"""Coral's signature of a call: HMAC-SHA256 of the body, by each secret in force."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable

SCHEME = "sha256="
MOST_SIGNATURES = 8
"""While secrets are rotated there are two."""


def is_signed(body: bytes, header: str, secrets: Iterable[str]) -> bool:
    """Say whether ``X-Coral-Signature`` has a signature of ``body`` by one of the ``secrets``.

    There is no time in it, so a call may be played again; it changes nothing here.
    """
    sent = [
        part.strip()[len(SCHEME) :].encode("utf-8", "replace")
        for part in header.split(",", MOST_SIGNATURES)[:MOST_SIGNATURES]
        if part.strip().startswith(SCHEME)
    ]
    good = [hmac.new(secret.encode(), body, hashlib.sha256).hexdigest() for secret in secrets]
    return any(hmac.compare_digest(one, other.encode()) for one in sent for other in good)

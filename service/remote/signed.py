"""Signing what is posted, as Standard Webhooks prescribes (standardwebhooks.com, version 1)."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Sequence


def signed_headers(
    message_id: str, at_s: int, body: bytes, secrets: Sequence[bytes]
) -> dict[str, str]:
    """Return the headers that prove who posts ``body``, and when; one signature by each secret.

    ``at_s`` is the time of the attempt: a receiver refuses what is older than five minutes.
    """
    message = b".".join((message_id.encode(), str(at_s).encode(), body))
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(at_s),
        "webhook-signature": " ".join(_signature(secret, message) for secret in secrets),
    }


def _signature(secret: bytes, message: bytes) -> str:
    digest = hmac.digest(secret, message, "sha256")
    return f"v1,{base64.b64encode(digest).decode()}"

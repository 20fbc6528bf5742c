"""Secrets that are handed out once: what is kept of them is a hash."""

from __future__ import annotations

import hashlib
import secrets


def fresh_token(prefix: str = "") -> str:
    """Return a new token of 256 random bits."""
    return f"{prefix}{secrets.token_urlsafe(32)}"


def digest(text: str) -> str:
    """Return the SHA-256 a token (or a name, as part of a key) is kept under."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()

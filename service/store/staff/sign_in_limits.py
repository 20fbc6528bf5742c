"""How often a sign-in may fail: for one account, and from one address."""

from __future__ import annotations

from typing import Any

from service.store import keys
from service.store.server.connection import Client
from service.store.tokens import digest

MAX_FAILURES = 8
MAX_FAILURES_FROM = 40
"""More than for an account: an office shares one address."""
FAILURES_KEPT_S = 900
BUCKET_CHARS = 4


class SignInThrottled(Exception):
    """Say that too many sign-ins failed; ``retry_after_s`` seconds are left to wait.

    ``is_first`` is true for the first one refused.
    """

    def __init__(self, retry_after_s: int, *, is_first: bool = False) -> None:
        super().__init__("sign-in throttled")
        self.retry_after_s = retry_after_s
        self.is_first = is_first


class SignInLimits:
    """Count failures. A try counts as failed until it is told otherwise, so that many at once
    get no further than one after the other.

    Addresses share 65,536 buckets by their keyed hash: what they take up is bounded.
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    def begin(self, name: str, ip_key: str) -> None:
        """Count a try.

        Raises ``SignInThrottled``.
        """
        self.begin_from(ip_key)
        account = keys.sign_in_attempts(digest(name))
        self._refuse_over(account, MAX_FAILURES, self._count(account))

    def begin_from(self, ip_key: str) -> None:
        """Count a try of somebody who has told no name yet.

        Raises ``SignInThrottled``.
        """
        address = _address(ip_key)
        self._refuse_over(address, MAX_FAILURES_FROM, self._count(address))

    def forgive(self, name: str, ip_key: str) -> None:
        """Take back the try that was begun last: it did not fail."""
        self._take_back(keys.sign_in_attempts(digest(name)))
        self.forgive_from(ip_key)

    def forgive_from(self, ip_key: str) -> None:
        """Take back the try of somebody without a name: it did not fail."""
        self._take_back(_address(ip_key))

    def clear(self, name: str) -> None:
        """Forget an account's failures; an address keeps its own."""
        self._client.delete(keys.sign_in_attempts(digest(name)))

    def _take_back(self, key: str) -> None:
        left: Any = self._client.decr(key)
        if left <= 0:
            self._client.delete(key)

    def _count(self, key: str) -> int:
        tries: Any = self._client.incr(key)
        if tries <= 1:
            self._client.expire(key, FAILURES_KEPT_S)
        return int(tries)

    def _refuse_over(self, key: str, most: int, tries: int) -> None:
        if tries <= most:
            return
        left: Any = self._client.ttl(key)
        if left < 0:
            self._client.expire(key, FAILURES_KEPT_S)
        raise SignInThrottled(max(int(left), 1), is_first=tries == most + 1)


def _address(ip_key: str) -> str:
    return keys.sign_in_attempts_from(digest(ip_key)[:BUCKET_CHARS])

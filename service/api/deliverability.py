"""Whether an e-mail domain takes mail: a question to DNS, bounded, and never a reason to fail."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import Any

from dns.exception import DNSException
from dns.resolver import NXDOMAIN, NoAnswer
from email_validator import (
    EmailNotValidError,
    EmailUndeliverableError,
    caching_resolver,
    validate_email,
)

LIMIT_S = 2
THREADS = 4
SAID_BY_DNS = (NXDOMAIN, NoAnswer)
"""Causes that are answers; email-validator calls every failure of its own undeliverable."""


class Deliverability:
    """Ask DNS about e-mail domains, when switched on.

    An answer that takes over two seconds, or none, counts as "yes": only a domain that
    DNS says takes no mail is refused.
    """

    def __init__(self, *, is_on: bool, resolver: Any = None) -> None:
        self._is_on = is_on
        self._resolver = resolver
        self._pool = ThreadPoolExecutor(THREADS, "dns") if is_on else None

    def is_refused(self, email: str) -> bool:
        """Say whether DNS knows that ``email``'s domain takes no mail."""
        if self._pool is None or not email:
            return False
        question = self._pool.submit(self._ask, email)
        try:
            return question.result(timeout=LIMIT_S)
        except FutureTimeoutError:
            question.cancel()
            return False

    def _ask(self, email: str) -> bool:
        try:
            if self._resolver is None:
                self._resolver = caching_resolver(timeout=LIMIT_S)
            validate_email(email, check_deliverability=True, dns_resolver=self._resolver)
        except EmailUndeliverableError as error:
            return error.__cause__ is None or isinstance(error.__cause__, SAID_BY_DNS)
        except (EmailNotValidError, DNSException, OSError):
            return False
        return False

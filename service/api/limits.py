"""The RateLimit header fields (draft-ietf-httpapi-ratelimit-headers-10)."""

from __future__ import annotations

from collections.abc import Sequence

from service.store.comments import Allowance

OWN = ("ip", "email")
"""The limits that concern the caller alone; those of a site or page are not told."""


def rate_limit_headers(allowances: Sequence[Allowance]) -> dict[str, str]:
    """Return ``RateLimit-Policy`` and ``RateLimit`` for the caller's own limits.

    ``q`` comments in ``w`` seconds; ``r`` left, the next in ``t`` seconds.
    """
    own = [each for each in allowances if each.dimension in OWN]
    if not own:
        return {}
    policies = (f'"{a.dimension}";q={a.limit.burst};w={a.limit.window_s}' for a in own)
    states = (f'"{a.dimension}";r={a.remaining};t={_next_s(a)}' for a in own)
    return {"RateLimit-Policy": ", ".join(policies), "RateLimit": ", ".join(states)}


def _next_s(allowance: Allowance) -> int:
    if allowance.remaining:
        return 0
    return max(int(allowance.retry_after_s) + 1, allowance.limit.window_s // allowance.limit.burst)

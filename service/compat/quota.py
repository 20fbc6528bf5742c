"""How often a site's keys may ask at the doors that only score: as its limit for comments says."""

from __future__ import annotations

from service.api.services import services
from service.store.doors.quotas import QuotaExceeded
from service.store.sites import Limit, Site

LIMIT = "site"


class TooOften(Exception):
    """Say which limit is used up, and after how many whole seconds to come again."""

    def __init__(self, limit: Limit, retry_after_s: int) -> None:
        super().__init__("too often")
        self.limit = limit
        self.retry_after_s = retry_after_s


def spend(site: Site, dimension: str, count: int = 1) -> None:
    """Count ``count`` texts against a site's limit, each door apart from comments.

    Raises ``TooOften``.
    """
    limit = site.limits.get(LIMIT)
    if limit is None:
        return
    try:
        services().store.quotas.spend(site.name, dimension, limit, count)
    except QuotaExceeded as error:
        raise TooOften(limit, max(1, int(error.retry_after_s) + 1)) from None

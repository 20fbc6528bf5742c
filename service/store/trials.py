"""Policies on trial: what they would have done, beside what the live one did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from service.moderation.verdict import Status
from service.store.keys import SiteKeys
from service.store.server.connection import Client

DIFFERING_KEPT = 200
"""Comments kept as examples of where the policies differ, the newest."""
DAYS_KEPT = 90
DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Tried:
    """Count comments reviewed on one day: the status they took, and the one on trial."""

    day: int
    live: Status
    trial: Status
    count: int

    @property
    def is_agreement(self) -> bool:
        """Say whether both policies did the same."""
        return self.live is self.trial


class Trials:
    """Read what the trials of the sites' policies have shown; settling writes it."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def counts(self, site: str) -> list[Tried]:
        """Return the counts of every day kept, the newest first."""
        found: Any = self._client.hgetall(SiteKeys(site).trial)
        counts = [_tried(name, value) for name, value in found.items()]
        return sorted(counts, key=lambda each: (-each.day, each.live, each.trial))

    def differing(self, site: str, most: int) -> list[str]:
        """Return the newest comments on which the policies differed."""
        found: Any = self._client.lrange(SiteKeys(site).differing, 0, most - 1)
        return list(dict.fromkeys(name.decode() for name in found))

    def begin(self, site: str) -> None:
        """Forget what earlier trials have shown."""
        keys = SiteKeys(site)
        self._client.delete(keys.trial, keys.differing)

    def forget_before(self, site: str, day: int) -> None:
        """Drop the counts of earlier days."""
        names = [_name(each) for each in self.counts(site) if each.day < day]
        if names:
            self._client.hdel(SiteKeys(site).trial, *names)


def day_of(now_s: float) -> int:
    """Return the day, counted from the Unix epoch in UTC."""
    return int(now_s // DAY_S)


def by_day(counts: list[Tried]) -> Mapping[int, tuple[int, int]]:
    """Return how many agreements and differences each day brought, the newest first."""
    days: dict[int, tuple[int, int]] = {}
    for each in counts:
        same, other = days.get(each.day, (0, 0))
        if each.is_agreement:
            days[each.day] = (same + each.count, other)
        else:
            days[each.day] = (same, other + each.count)
    return days


def _tried(name: bytes, value: bytes) -> Tried:
    day, live, trial = name.decode().split()
    return Tried(int(day), Status(live), Status(trial), int(value))


def _name(tried: Tried) -> str:
    return f"{tried.day} {tried.live} {tried.trial}"

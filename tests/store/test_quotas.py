"""Quotas: exact on the server, and few round trips where somebody asks often."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from service.store.doors.quotas import LONGEST_S, MOST_AT_ONCE, QuotaExceeded, Quotas
from service.store.keys import SiteKeys
from service.store.sites import Limit
from service.store.store import Store


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def passes(quotas: Quotas, limit: Limit, most: int = 10_000) -> int:
    """Return how many callers get through at one moment."""
    for count in range(most):
        try:
            quotas.spend("demo", "test", limit)
        except QuotaExceeded:
            return count
    return most


def idle_at(store: Store) -> float:
    stored = store.client.get(SiteKeys("demo").rate("test", ""))
    assert isinstance(stored, bytes)
    return float(stored)


@pytest.mark.parametrize("burst", [1, 3, 99, 640])
def test_exactly_as_many_get_through_as_the_limit_allows(store: Store, burst: int) -> None:
    assert passes(Quotas(store.client, Clock()), Limit(burst, 3600)) == burst


def test_two_processes_share_one_limit(store: Store) -> None:
    limit = Limit(640, 3600)
    one, other = Quotas(store.client, Clock()), Quotas(store.client, Clock())
    assert passes(one, limit, 400) == 400
    assert 640 - 400 - MOST_AT_ONCE <= passes(other, limit) <= 240


def test_who_is_refused_hears_how_long_to_wait(store: Store) -> None:
    quotas = Quotas(store.client, Clock())
    quotas.spend("demo", "test", Limit(1, 60))
    with pytest.raises(QuotaExceeded) as refused:
        quotas.spend("demo", "test", Limit(1, 60))
    assert 55 < refused.value.retry_after_s <= 60


def test_who_asks_seldom_takes_one_turn_at_a_time(store: Store) -> None:
    turn_s = 10
    clock, limit = Clock(), Limit(10_000, 10_000 * turn_s)
    quotas = Quotas(store.client, clock)
    quotas.spend("demo", "test", limit)
    first = idle_at(store)
    for _ in range(20):
        clock.now += 10
        quotas.spend("demo", "test", limit)
    assert idle_at(store) - first == pytest.approx(20 * turn_s * 1000)


def test_who_asks_often_takes_several_and_what_is_left_is_lost_in_time(store: Store) -> None:
    clock, limit = Clock(), Limit(6_400, 3600)
    quotas = Quotas(store.client, clock)
    for _ in range(200):
        quotas.spend("demo", "test", limit)
    before = idle_at(store)
    quotas.spend("demo", "test", limit)
    assert idle_at(store) == before
    clock.now += LONGEST_S
    quotas.spend("demo", "test", limit)
    assert idle_at(store) > before


def test_several_turns_are_spent_at_once_or_not_at_all_beyond_the_limit(store: Store) -> None:
    quotas, limit = Quotas(store.client, Clock()), Limit(10, 3600)
    quotas.spend("demo", "test", limit, 10)
    with pytest.raises(QuotaExceeded):
        quotas.spend("demo", "test", limit, 1)

"""Buckets that durations are counted in."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.store.telemetry.buckets import LAST, bound_of, bucket_of, percentile

STEP = 2**0.25


@given(st.floats(min_value=1.001, max_value=1e8))
def test_a_bucket_holds_its_value_and_ends_within_a_fifth_of_it(value: float) -> None:
    bound = bound_of(bucket_of(value))
    assert value <= bound * (1 + 1e-9)
    assert bound <= value * STEP * (1 + 1e-9)


@given(st.lists(st.integers(2, 10**6), min_size=1, max_size=200), st.floats(0.01, 1.0))
def test_a_percentile_is_within_a_tenth_of_the_true_one(values: list[int], share: float) -> None:
    counts = Counter(map(bucket_of, values))
    found = percentile(counts, share)
    ordered = sorted(values)
    wanted = len(ordered) * share
    true = next(value for rank, value in enumerate(ordered, 1) if rank >= wanted)
    assert found == pytest.approx(true, rel=0.1)


def test_of_nothing_there_is_no_percentile() -> None:
    assert percentile({}, 0.5) is None


def test_what_is_too_long_for_any_bucket_falls_into_the_last() -> None:
    assert bucket_of(1e30) == LAST
    assert bucket_of(0) == bucket_of(-5) == 0

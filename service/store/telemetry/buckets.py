"""Logarithmic buckets: durations counted so that percentiles are within 9% (a step is 19%)."""

from __future__ import annotations

import math
from collections.abc import Mapping

STEPS_PER_DOUBLING = 4
LAST = 120
"""The last bucket, of all that is longer: of milliseconds, more than 12 days."""


def bucket_of(value: float) -> int:
    """Return the number of the bucket for ``value`` units; 0 holds all up to one unit."""
    if value <= 1:
        return 0
    return min(math.ceil(math.log2(value) * STEPS_PER_DOUBLING), LAST)


def bound_of(bucket: int) -> float:
    """Return the largest value that a bucket holds, in units."""
    return math.pow(2.0, bucket / STEPS_PER_DOUBLING)


def percentile(counts: Mapping[int, int], share: float) -> float | None:
    """Return the value below which ``share`` (0..1) of what was counted lies; None of nothing.

    It is the middle of its bucket on a logarithmic scale.
    """
    wanted = sum(counts.values()) * share
    if not wanted:
        return None
    seen = 0
    for bucket in sorted(counts):
        seen += counts[bucket]
        if seen >= wanted:
            return bound_of(bucket) / math.pow(2.0, 0.5 / STEPS_PER_DOUBLING) if bucket else 1.0
    return None

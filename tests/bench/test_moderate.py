"""The moderation benchmark, made short: each contender settles every comment the same way."""

from __future__ import annotations

from bench import moderate
from bench.moderate import Plan


def test_every_contender_settles_every_comment_alike() -> None:
    plan = Plan(rounds=1, comments=12, simple=12, forking=12)
    found = moderate.run(plan)
    assert all(figures.rates[0] > 0 for figures in found.values())
    ours, plain = found["ecluse"].statuses, found["plain-simple"].statuses
    assert sum(ours.values()) == 12
    assert ours == plain == found["plain-fork"].statuses
    assert "Écluse" in moderate.text_of(found, plan)

"""The benchmark of the checks, in parts and made short."""

from __future__ import annotations

from collections.abc import Sequence

from bench.contender import Contender, Rates
from bench.long_comments import Long, long_comments
from bench.report import Limit, Spread, limits_table
from bench.resident import resident_bytes
from service.moderation.comment import Case, Comment

CASES = [
    Case(Comment(str(number), "s", "/a", f"Bonjour à tous, n° {number}. " * 20))
    for number in range(100)
]


class Counting:
    """A judge that keeps how many comments it got each time."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def __call__(self, cases: Sequence[Case]) -> None:
        self.asked.append(len(cases))


def test_contender_gets_its_part_in_its_batches() -> None:
    judge, rates = Counting(), Rates()
    rates.note(Contender("x", judge, count=70, size=32), CASES)
    assert judge.asked == [32, 32, 6]
    assert rates.seen["x"][0] > 0


def test_long_comments_are_real_ones_end_to_end() -> None:
    texts = long_comments(CASES, count=2)
    assert [len(text) for text in texts] == [20_000, 20_000]
    assert texts[0].startswith(CASES[0].comment.content)


def test_every_long_comment_is_timed_alone_in_every_round() -> None:
    fast, encoder = Counting(), Counting()
    long = Long.of(CASES, fast, encoder)
    long.note()
    assert set(fast.asked) == set(encoder.asked) == {1}
    assert [limit.most for limit in long.limits()] == [20.0, 250.0, 5.0]
    assert long.worst() in long.made


def test_limit_is_kept_only_where_every_round_keeps_it() -> None:
    limits = [
        Limit("x", "ms", 20.0, Spread(*each)) for each in ((9, 8, 19), (9, 8, 21), (21, 9, 30))
    ]
    assert [limit.outcome for limit in limits] == ["yes", "not in every round", "no"]
    assert "≤ 20.0 ms" in limits_table(limits)


def test_worker_of_its_own_process_says_what_it_holds() -> None:
    assert resident_bytes(CASES[:3]) > 1 << 20

"""A contender: a judge of comments, timed on the processor."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from service.moderation.comment import Case

BATCH = 256

Judge = Callable[[Sequence[Case]], object]


@dataclass(frozen=True, slots=True)
class Contender:
    """Hold a judge of comments, how many it gets in a round, and how many at a time."""

    about: str
    judge: Judge
    count: int
    size: int = BATCH


@dataclass
class Rates:
    """Collect the comments a second of each contender, round after round."""

    seen: dict[str, list[float]] = field(default_factory=dict)

    def note(self, contender: Contender, cases: Sequence[Case]) -> None:
        """Time ``contender`` on its part of ``cases``."""
        mine = cases[: contender.count]
        began = time.process_time()
        for start in range(0, len(mine), contender.size):
            contender.judge(mine[start : start + contender.size])
        rate = len(mine) / (time.process_time() - began)
        self.seen.setdefault(contender.about, []).append(rate)


def said(cases: Sequence[Case]) -> tuple[list[str], list[str]]:
    """Return what the comments say, and in which languages."""
    return [case.comment.content for case in cases], [case.comment.lang for case in cases]

"""Which lessons a site keeps: a bounded number of each kind, the weightiest and latest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from service.moderation.learning.fit import LEAST_DECAYED, decayed
from service.moderation.learning.lesson import Lesson

MOST_OF_A_KIND = 400
"""Lessons kept for each kind of decision; three kinds keep a site below 2 MB, measured."""


def kept(lessons: Mapping[str, Lesson], now_s: float) -> dict[str, Lesson]:
    """Return the lessons worth keeping, by the ids they came with, in the order of their ids.

    Kinds are bounded one by one, so that a flood of spam does not push out what the site
    knows about insults, or about what is welcome.
    """
    kinds: dict[tuple[int, int], list[tuple[float, str]]] = defaultdict(list)
    for name, lesson in lessons.items():
        worth = decayed(lesson, now_s)
        if worth >= LEAST_DECAYED:
            kinds[lesson.teaching.guilt].append((worth * max(lesson.teaching.weights), name))
    chosen = {name for kind in kinds.values() for _, name in sorted(kind)[-MOST_OF_A_KIND:]}
    return {name: lessons[name] for name in sorted(chosen)}

"""Comments put into a store through the service's own scripts, their verdicts made up."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bench.moderate import arrival_of
from bench.site import SITE
from bench.texts import Written
from service.moderation.comment import Case, Facts
from service.moderation.verdict import Action, Verdict
from service.store.inbox import Settlement
from service.store.store import Store

AT_ONCE = 2_000

Judge = Callable[[Case], Verdict]


def approve(_case: Case) -> Verdict:
    """Approve whatever comes."""
    return Verdict(Action.APPROVE, "bench")


def hold(case: Case) -> Verdict:
    """Hold whatever comes."""
    return Verdict(Action.HOLD, "bench", lang=case.comment.lang)


def settle_all(store: Store, comments: Sequence[Written], judge: Judge, first: int = 0) -> None:
    """Accept the comments, numbered from ``first``, and settle each as ``judge`` says."""
    for start in range(0, len(comments), AT_ONCE):
        for number, comment in enumerate(comments[start : start + AT_ONCE], first + start):
            store.comments.accept(arrival_of(store, number, comment))
        entries = store.inbox.take(SITE, "bench", AT_ONCE)
        pending = store.inbox.load(SITE, entries, Facts())
        store.inbox.settle(SITE, [Settlement(each, judge(each.case)) for each in pending])

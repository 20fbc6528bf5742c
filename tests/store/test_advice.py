"""Advice on the number of workers, and when a check has fallen silent."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from service.moderation.signal import Attribute, Signal
from service.moderation.verdict import Action, Stage, Verdict
from service.schemas.ops_words import advice_said
from service.store.store import Store
from service.store.telemetry.advice import Load, advise
from service.store.telemetry.charts import Slot
from service.store.telemetry.checks import look_at_checks
from service.store.telemetry.recorder import Recorder
from service.store.telemetry.tally import Reviewed, Timing
from service.store.telemetry.views import AdviceKind

NOW_MS = 1_800_000_000_000


def load(levels: list[int], reviewed: int = 200, busy_s: float = 10.0) -> Load:
    """A load over slots of ten seconds, of which each saw as much work."""
    slots = [
        Slot(Counter(inbox=level, reviewed=reviewed, busy_us=round(busy_s * 1e6)), 10.0)
        for level in levels
    ]
    return Load(slots, slots)


def test_an_inbox_that_grows_needs_as_many_workers_as_it_grows_by() -> None:
    found = advise(load([0, 400, 800, 1200]), 1200, 1, is_suspended=False)
    assert (found.kind, found.workers) == (AdviceKind.ADD, 2)
    assert (found.growth, found.capacity, found.busy) == (40, 20, 1)
    assert advice_said(found) == (
        "The inbox grows by 40/s; 2 more workers would hold it (one settles 20/s)."
    )


def test_one_more_worker_is_told_as_one() -> None:
    found = advise(load([0, 50, 100]), 100, 1, is_suspended=False)
    assert "one more worker would hold it" in advice_said(found)


def test_workers_with_time_left_are_enough_though_a_wave_comes_in() -> None:
    found = advise(load([0, 400, 800], busy_s=2.0), 800, 1, is_suspended=False)
    assert found.kind is AdviceKind.ENOUGH
    assert found.busy == pytest.approx(0.2)


def test_nobody_is_told_that_workers_keep_up_while_a_comment_waits_too_long() -> None:
    for slots in (load([3, 3, 3]), load([3, 3, 3], reviewed=0)):
        found = advise(slots, 3, 1, is_suspended=False, is_late=True)
        assert found.kind is AdviceKind.STUCK
    found = advise(load([1000, 800, 600]), 600, 1, is_suspended=False, is_late=True)
    assert found.kind is AdviceKind.CATCHING_UP


def test_an_inbox_that_shrinks_is_told_when_it_is_empty() -> None:
    found = advise(load([1000, 800, 600]), 600, 1, is_suspended=False)
    assert (found.kind, found.growth, found.drain_s) == (AdviceKind.CATCHING_UP, -20, 30)


def test_nothing_is_advised_before_something_is_measured() -> None:
    assert advise(load([0, 9], reviewed=1), 9, 1, is_suspended=False).kind is AdviceKind.UNKNOWN
    assert advise(Load([], []), 0, 0, is_suspended=True).kind is AdviceKind.RESUME


def review(store: Store, count: int, at_ms: int, *, finds: bool, **more: Any) -> None:
    """Record that one check looked at ``count`` comments."""
    signals = (Signal("test.links", Attribute.SPAM, 0.9),) if finds else ()
    verdicts = [Verdict(Action.APPROVE, "clean", signals=signals, **more)] * count
    recorder = Recorder(store.client, "w")
    timings = {"test.links": Timing(1, 0.01)}
    recorder.add(Reviewed(verdicts, [], 0.1, timings, ["test.links"], at_ms))
    recorder.write()


def test_a_check_that_used_to_find_something_and_finds_nothing_is_silent(store: Store) -> None:
    review(store, 500, NOW_MS, finds=True)
    review(store, 500, NOW_MS, finds=False)
    later = NOW_MS + 7_200_000
    review(store, 30, later, finds=False)
    (check,) = look_at_checks(store.client, later)
    assert not check.is_silent  # fifteen were to be expected: it may be chance
    review(store, 30, later, finds=False)
    (check,) = look_at_checks(store.client, later)
    assert check.is_silent
    review(store, 1, later, finds=True)
    (check,) = look_at_checks(store.client, later)
    assert not check.is_silent


def test_a_model_that_should_have_spoken_and_did_not_counts_as_failing(store: Store) -> None:
    review(store, 2, NOW_MS, finds=False, stages=(Stage.LINEAR, Stage.ENCODER_FAILED))
    found = {check.name: check for check in look_at_checks(store.client, NOW_MS)}
    assert found["toxicity.encoder"].is_failing
    assert found["toxicity.encoder"].failures == {"failed": 2}
    assert not found["test.links"].is_failing

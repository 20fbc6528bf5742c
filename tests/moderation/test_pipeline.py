"""The pipeline: what one check cannot judge is held, and costs no other comment anything."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from service.moderation.batch import Batch
from service.moderation.comment import Case, Comment
from service.moderation.pipeline import MOST_FAILURES_IN_A_ROW, Pipeline
from service.moderation.policy import Policy, Threshold
from service.moderation.signal import Attribute, Signal
from service.moderation.verdict import Action

SPAM_POLICY = Policy({Attribute.SPAM: {"*": Threshold(0.5, 0.9)}})


@dataclass
class Scripted:
    """A check whose answer depends on the words alone; it raises on the word `bad`."""

    name: str
    score: float = 0.0
    seen: list[int] = field(default_factory=list)

    def review(self, batch: Batch) -> Sequence[Sequence[Signal]]:
        self.seen.append(len(batch))
        if any(case.comment.content == f"bad for {self.name}" for case in batch.cases):
            raise RuntimeError
        return [(Signal(self.name, Attribute.SPAM, self.score),)] * len(batch)


@dataclass(frozen=True)
class Answering:
    """A check that answers whatever it is told to."""

    answer: Callable[[Batch], Sequence[Sequence[Signal]]]
    name: str = "spam.answering"

    def review(self, batch: Batch) -> Sequence[Sequence[Signal]]:
        return self.answer(batch)


def batch_of(*contents: str) -> Batch:
    return Batch([
        Case(Comment(f"c{number}", "demo", "/p", content))
        for number, content in enumerate(contents)
    ])  # fmt: skip


def test_every_check_adds_its_signals_in_order() -> None:
    pipeline = Pipeline((Scripted("spam.one", 0.1), Scripted("spam.two", 0.2)))
    verdicts = pipeline.review(batch_of("a", "b"), SPAM_POLICY)
    assert [[s.check for s in v.signals] for v in verdicts] == [["spam.one", "spam.two"]] * 2
    assert [v.action for v in verdicts] == [Action.APPROVE] * 2


def test_signals_of_several_checks_add_up() -> None:
    pipeline = Pipeline((Scripted("spam.one", 0.3), Scripted("spam.two", 0.4)))
    (verdict,) = pipeline.review(batch_of("a"), SPAM_POLICY)
    assert verdict.scores[Attribute.SPAM] == pytest.approx(1 - 0.7 * 0.6)
    assert verdict.action is Action.HOLD


def test_a_batch_that_works_is_looked_at_once() -> None:
    check = Scripted("spam.one")
    Pipeline((check,)).review(batch_of("a", "b", "c"), SPAM_POLICY)
    assert check.seen == [3]


def test_a_check_that_raises_costs_only_the_comment_it_raised_on() -> None:
    checks = (Scripted("spam.one"), Scripted("spam.two"))
    verdicts = Pipeline(checks).review(batch_of("a", "bad for spam.one", "c"), SPAM_POLICY)
    assert [v.action for v in verdicts] == [Action.APPROVE, Action.HOLD, Action.APPROVE]
    assert [v.unscreened for v in verdicts] == [(), ("spam.one",), ()]
    assert [[s.check for s in v.signals] for v in verdicts] == [
        ["spam.one", "spam.two"], ["spam.two"], ["spam.one", "spam.two"],
    ]  # fmt: skip


def test_a_failing_check_is_tried_once_on_all_and_once_on_each() -> None:
    for contents, tries in (("bad for spam.one",), [1]), (("a", "bad for spam.one"), [2, 1, 1]):
        check = Scripted("spam.one")
        Pipeline((check,)).review(batch_of(*contents), SPAM_POLICY)
        assert check.seen == tries


def test_a_check_that_only_fails_is_not_tried_on_a_whole_batch() -> None:
    check = Scripted("spam.down")
    contents = ["fine", *["bad for spam.down"] * 20, "fine"]
    findings = Pipeline((check,)).look(batch_of(*contents))
    assert check.seen == [22, *[1] * (1 + MOST_FAILURES_IN_A_ROW)]
    assert findings.unscreened == [[], *[["spam.down"]] * 21]


def test_every_check_that_could_not_judge_is_named() -> None:
    pipeline = Pipeline((Answering(lambda _: 1 // 0), Scripted("spam.two")), ("spam.gone",))  # type: ignore[arg-type, return-value]
    (verdict,) = pipeline.review(batch_of("bad for spam.two"), SPAM_POLICY)
    assert verdict.unscreened == ("spam.answering", "spam.two", "spam.gone")
    assert (verdict.action, verdict.rule) == (Action.HOLD, "unscreened")


def test_while_a_check_is_not_loaded_every_comment_is_held() -> None:
    verdicts = Pipeline((Scripted("spam.one"),), ("spam.gone",)).review(
        batch_of("a", "b"), SPAM_POLICY
    )
    assert [(v.action, v.unscreened) for v in verdicts] == [(Action.HOLD, ("spam.gone",))] * 2


@pytest.mark.parametrize(
    "answer",
    [
        lambda _: [],
        lambda batch: [()] * (len(batch) + 1),
        lambda _: None,
        lambda batch: [(Signal("spam.answering", Attribute.SPAM, math.nan),)] * len(batch),
        lambda batch: [(Signal("spam.answering", Attribute.SPAM, 1.5),)] * len(batch),
        lambda batch: [(Signal("spam.answering", Attribute.SPAM, -0.5),)] * len(batch),
        lambda batch: [(Signal("spam.answering", Attribute.SPAM, 0.5, math.nan),)] * len(batch),
    ],
    ids=["too few", "too many", "nothing", "no number", "above 1", "below 0", "no weight"],
)
def test_an_answer_that_is_none_counts_as_not_judged(
    answer: Callable[[Batch], Sequence[Sequence[Signal]]],
) -> None:
    verdicts = Pipeline((Answering(answer),)).review(batch_of("a", "b"), SPAM_POLICY)
    assert [v.action for v in verdicts] == [Action.HOLD] * 2
    assert all(v.unscreened == ("spam.answering",) for v in verdicts)


def test_the_guard_is_told_each_check_and_stops_what_it_stops() -> None:
    guarded = []

    @contextmanager
    def guard(check: str) -> Iterator[None]:
        guarded.append(check)
        if check == "spam.two":
            raise TimeoutError
        yield

    pipeline = Pipeline((Scripted("spam.one"), Scripted("spam.two")), guard=guard)
    (verdict,) = pipeline.review(batch_of("a"), SPAM_POLICY)
    assert guarded == ["spam.one", "spam.two"]
    assert verdict.unscreened == ("spam.two",)


def test_an_empty_batch_has_no_verdicts() -> None:
    assert Pipeline((Scripted("spam.one"),), ("spam.gone",)).review(batch_of(), SPAM_POLICY) == []


def test_looking_needs_no_policy() -> None:
    findings = Pipeline((Scripted("spam.one", 0.3),)).look(batch_of("a", "bad for spam.one"))
    assert [[s.score for s in signals] for signals in findings.signals] == [[0.3], []]
    assert findings.unscreened == [[], ["spam.one"]]


def test_a_value_shared_by_checks_is_made_once_per_batch() -> None:
    made = []

    def make(batch: Batch) -> int:
        made.append(len(batch))
        return len(batch)

    batch = batch_of("a", "b")
    assert [batch.once(make), batch.once(make), batch.only(0).once(make)] == [2, 2, 1]
    assert made == [2, 1]

"""The backtest beside the policy editor: what a policy makes of comments already decided."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from service.moderation.batch import Batch
from service.moderation.comment import Case
from service.moderation.policy import Policy
from service.moderation.redecide import redecided
from service.moderation.tally import Group, Shares, Tally, is_disagreement
from service.moderation.verdict import STATUS_AFTER, Action, Status, Verdict
from service.schemas.wording import rule_sentence
from service.store.decided import Decided
from service.store.records import Record
from service.store.sites import Site

MOST = 1000
MOST_EXAMPLES = 3
CHUNK = 50
PATIENCE_S = 0.8
"""A backtest ends after so much work with what it has; 2,000 comments take 0.1 s of it, where
no costly pattern is tried."""
LONGEST_SHOWN = 200

DECISION = {status: action for action, status in STATUS_AFTER.items()}


@dataclass(frozen=True, slots=True)
class Example:
    """Hold one comment: how it begins, in which language, and why it would get what it would."""

    id: str
    text: str
    lang: str
    why: str


@dataclass(frozen=True, slots=True)
class Contradicted:
    """Count one moderator's decisions, and how many a policy would have turned round."""

    name: str
    decided: int
    present: int
    new: int


@dataclass(frozen=True, slots=True)
class Workload:
    """Count what two policies make of the comments that came last, by action."""

    total: int
    present: Mapping[Action, int]
    new: Mapping[Action, int]


@dataclass(frozen=True, slots=True)
class Backtest:
    """Hold what two policies make of a site's decided comments, and of those that came last.

    ``is_whole`` is false when time ran out before every comment was looked at.
    """

    decided: int
    present: Shares
    new: Shares
    confusion: Mapping[Action, Mapping[Action, int]]
    changes: Sequence[tuple[Action, Action, Group[Example]]]
    disagreements: Sequence[tuple[Action, Action, Group[Example]]]
    contradicted: Sequence[Contradicted]
    workload: Workload
    is_whole: bool


@dataclass(frozen=True, slots=True)
class _Pair:
    """Hold a comment and what the two policies make of it."""

    record: Record
    present: Verdict
    new: Verdict


@dataclass(frozen=True)
class Comparison:
    """Compare two policies on a site's comments.

    Comments are judged by the signals kept with them, and by what was known of their authors
    then: no check runs but the site's own lists. ``clock`` measures the work of this thread,
    s: a busy machine must not shorten the sample.
    """

    site: Site
    present: Policy
    new: Policy
    language: str
    clock: Callable[[], float] = time.thread_time

    def run(self, comments: Decided) -> Backtest:
        """Return what the policies make of at most 1,000 comments of either sort."""
        sample = comments.sample(self.site.name, MOST)
        decided = [each for each in sample.by_moderators if _decision(each) is not None]
        wanted = {each.comment.id: each for each in (*decided, *sample.arrived)}
        pairs = {pair.record.comment.id: pair for pair in self._pairs(list(wanted.values()))}
        judged = [pairs[each.comment.id] for each in decided if each.comment.id in pairs]
        tally: Tally[Example] = Tally(MOST_EXAMPLES)
        for pair in judged:
            self._count(tally, pair)
        return Backtest(
            decided=tally.total,
            present=tally.shares(is_new=False),
            new=tally.shares(is_new=True),
            confusion=tally.confusion(is_new=True),
            changes=self._changes(pairs.values()),
            disagreements=tally.disagreements(),
            contradicted=contradicted(judged),
            workload=_workload(
                [pairs[each.comment.id] for each in sample.arrived if each.comment.id in pairs]
            ),
            is_whole=len(pairs) == len(wanted),
        )

    def _pairs(self, records: Sequence[Record]) -> Iterator[_Pair]:
        until = self.clock() + PATIENCE_S
        for start in range(0, len(records), CHUNK):
            if self.clock() > until:
                return
            part = records[start : start + CHUNK]
            facts = (replace(each.facts, site_lang=self.site.lang) for each in part)
            batch = Batch(list(map(Case, (each.comment for each in part), facts)))
            verdicts = [each.verdict for each in part if each.verdict is not None]
            before = redecided(batch, verdicts, self.present)
            is_same = self.new == self.present
            after = before if is_same else redecided(batch, verdicts, self.new)
            yield from map(_Pair, part, before, after)

    def _count(self, tally: Tally[Example], pair: _Pair) -> None:
        said = _decision(pair.record)
        assert said is not None  # noqa: S101  asked before
        tally.add((said, pair.present.action, pair.new.action), self._example(pair))

    def _changes(self, pairs: Iterable[_Pair]) -> list[tuple[Action, Action, Group[Example]]]:
        """Return what would change, of the comments decided and of those that came."""
        tally: Tally[Example] = Tally(MOST_EXAMPLES)
        for pair in pairs:
            if pair.present.action is not pair.new.action:
                said = _decision(pair.record) or pair.present.action
                tally.add((said, pair.present.action, pair.new.action), self._example(pair))
        return tally.changes()

    def _example(self, pair: _Pair) -> Example:
        return example_of(pair.record, pair.new, self.language)


def example_of(record: Record, verdict: Verdict, language: str) -> Example:
    """Return a comment as an example of what ``verdict`` says."""
    text = record.comment.content
    shown = text[:LONGEST_SHOWN] + ("…" if len(text) > LONGEST_SHOWN else "")
    lang = record.comment.lang or verdict.lang
    return Example(record.comment.id, shown, lang, rule_sentence(verdict, language))


def contradicted(pairs: Sequence[_Pair]) -> list[Contradicted]:
    """Return each moderator whom either policy contradicts, the most contradicted first."""
    decided: Counter[str] = Counter()
    present: Counter[str] = Counter()
    new: Counter[str] = Counter()
    for pair in pairs:
        said, decision = _decision(pair.record), pair.record.decision
        assert said is not None and decision is not None  # noqa: S101, PT018  asked before
        name = decision.actor.removeprefix("account:")
        decided[name] += 1
        present[name] += is_disagreement(said, pair.present.action)
        new[name] += is_disagreement(said, pair.new.action)
    found = [Contradicted(name, decided[name], present[name], new[name]) for name in decided]
    return sorted(
        (each for each in found if each.present or each.new),
        key=lambda each: (-each.new, each.name),
    )


def _decision(record: Record) -> Action | None:
    """Return what a moderator decided, or None where no policy could have: a deletion."""
    target: Status | None = record.decision.target if record.decision else None
    return DECISION.get(target) if target else None


def _workload(pairs: Sequence[_Pair]) -> Workload:
    def counted(actions: Iterator[Action]) -> Mapping[Action, int]:
        counts = Counter(actions)
        return {action: counts[action] for action in Action}

    return Workload(
        len(pairs),
        counted(pair.present.action for pair in pairs),
        counted(pair.new.action for pair in pairs),
    )

"""The pipeline: every check over a batch, then the policy over what they found."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import cache
from typing import Protocol, TypeGuard, runtime_checkable

from service.moderation.batch import Batch, Check
from service.moderation.custom_rules import custom_check
from service.moderation.language import UNKNOWN, Language
from service.moderation.policy import Policy, decide
from service.moderation.signal import Signal
from service.moderation.verdict import Verdict

Guard = Callable[[str], AbstractContextManager[object]]
"""Wrap one check's run, given its name: a worker bounds its time there."""

MOST_FAILURES_IN_A_ROW = 5
"""After so many a check counts as down for the rest of its batch: one that hangs costs its
time limit at every try, and 256 of those would stop a worker for minutes."""

logger = logging.getLogger(__name__)


_FREE = nullcontext()


def no_listener(_findings: Findings) -> None:
    """Tell nobody."""


def no_guard(_check: str) -> AbstractContextManager[object]:
    """Let a check run as long as it likes."""
    return _FREE


@runtime_checkable
class Staged(Protocol):
    """A check of one stage of the models, which says of which cases it spoke."""

    def stages(self, batch: Batch) -> Sequence[tuple[str, ...]]:
        """Return the names of the stages for each case that ``review`` has just looked at."""
        ...


@dataclass
class Findings:
    """Collect, case by case, the signals found, what could not judge, and which models spoke."""

    signals: list[list[Signal]]
    unscreened: list[list[str]]
    stages: list[list[str]]

    @classmethod
    def none_for(cls, count: int) -> Findings:
        """Return empty findings for ``count`` cases."""
        return cls(
            [[] for _ in range(count)], [[] for _ in range(count)], [[] for _ in range(count)]
        )

    def add(
        self, found: Sequence[Sequence[Signal]], stages: Sequence[Sequence[str]], first: int = 0
    ) -> None:
        """Note what a check found of the cases from the ``first`` on, and which stages spoke."""
        for index, signals in enumerate(found, first):
            if signals:
                self.signals[index].extend(signals)
        for index, names in enumerate(stages, first):
            if names:
                self.stages[index].extend(names)


@dataclass(frozen=True)
class Pipeline:
    """Hold the checks, in order, and the names of those that failed to load.

    A check that raises costs only the cases it raised on: the batch is tried again
    case by case, and those are reported as unscreened by it. A check named in
    ``faulty`` leaves every case unscreened: nothing passes because a check is down.
    ``told`` hears what was found, in which it may look for what failed.
    """

    checks: tuple[Check, ...]
    faulty: tuple[str, ...] = ()
    guard: Guard = field(default=no_guard)
    told: Callable[[Findings], None] = field(default=no_listener)

    def review(self, batch: Batch, policy: Policy) -> list[Verdict]:
        """Return one verdict per case, in order."""
        own = (custom_check(policy.rules),) if policy.rules else ()
        findings = self.look(batch, own)
        rows = zip(
            batch.cases,
            findings.signals,
            findings.unscreened,
            _languages(batch),
            findings.stages,
            strict=True,
        )
        return [decide(policy, *row) for row in rows]

    def look(self, batch: Batch, more: Sequence[Check] = ()) -> Findings:
        """Return what the checks find, and the site's own ``more``, before any policy."""
        findings = Findings.none_for(len(batch))
        for check in (*self.checks, *more):
            self._run(check, batch, findings)
        for names in findings.unscreened:
            names.extend(self.faulty)
        self.told(findings)
        return findings

    def _run(self, check: Check, batch: Batch, findings: Findings) -> None:
        try:
            found, stages = self._review(check, batch)
        except Exception as error:
            self._run_one_by_one(check, batch, findings, error)
            return
        if found or stages:
            findings.add(found, stages)

    def _run_one_by_one(
        self, check: Check, batch: Batch, findings: Findings, error: Exception
    ) -> None:
        """Try each case alone after ``error`` on all; a case that was alone had its try."""
        if len(batch) == 1:
            _give_up(check, error, findings.unscreened[0])
            return
        logger.warning("check failed on a batch", extra=_about(check, error))
        failures_in_a_row = 0
        for index in range(len(batch)):
            if failures_in_a_row >= MOST_FAILURES_IN_A_ROW:
                findings.unscreened[index].append(check.name)
                continue
            try:
                found, stages = self._review(check, batch.only(index))
                findings.add(found, stages, index)
                failures_in_a_row = 0
            except Exception as failure:
                failures_in_a_row += 1
                _give_up(check, failure, findings.unscreened[index])

    def _review(
        self, check: Check, batch: Batch
    ) -> tuple[Sequence[Sequence[Signal]], Sequence[Sequence[str]]]:
        """Return the signals of each case and, by a check of a stage, the stages of each.

        Nothing stands for no signals, or no stages, of any.
        """
        with self.guard(check.name):
            found = check.review(batch)
            stages = check.stages(batch) if _is_staged(check) else ()
        if len(found) != len(batch.cases):
            raise ValueError(f"{check.name} answered {len(found)} of {len(batch)} cases")
        # Most checks find nothing in most batches: then nothing has to be looked through.
        if not any(found):
            return (), stages
        if not all(_is_sound(signal) for signals in found for signal in signals):
            raise ValueError(f"{check.name} gave a score outside 0..1 or a weight outside -1..1")
        return found, stages


def _is_staged(check: Check) -> TypeGuard[Staged]:
    return _is_staged_kind(type(check))


@cache
def _is_staged_kind(kind: type) -> bool:
    """Tell once for each kind of check: asking a protocol costs as much as a check."""
    return issubclass(kind, Staged)


def _languages(batch: Batch) -> Sequence[Language]:
    """Return the language of each case; unknown for all where they cannot be identified.

    The checks that need a language then fail by themselves, and hold what they guard.
    """
    try:
        return batch.languages
    except Exception:
        logger.exception("languages could not be identified")
        return [UNKNOWN] * len(batch)


def _give_up(check: Check, error: Exception, unscreened: list[str]) -> None:
    logger.error("check could not judge a comment", extra=_about(check, error))
    unscreened.append(check.name)


def _is_sound(signal: Signal) -> bool:
    """Say whether the numbers are in range; one that is no number would exceed no threshold."""
    return 0 <= signal.score <= 1 and -1 <= signal.weight <= 1


def _about(check: Check, error: Exception) -> dict[str, str]:
    return {"check": check.name, "error_type": type(error).__name__}

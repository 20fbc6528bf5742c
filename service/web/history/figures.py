"""Figures of the moderators' work, made of the audit log: no ranking, no names compared."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from service.store.audit import Entry

LONGEST_S = 300
"""A longer pause between two decisions is a pause, not the time one of them took."""
REFUSALS = frozenset({"rejected", "spam", "deleted"})


@dataclass(frozen=True, slots=True)
class Figures:
    """Hold one person's work: decisions, how many were overturned, the median time each took.

    ``median_s`` is None where no two decisions followed each other closely.
    """

    actor: str
    decided: int
    overturned: int
    median_s: float | None
    by_outcome: Mapping[str, int]

    @property
    def overturn_rate(self) -> float:
        """Return the share of decisions that somebody changed later."""
        return self.overturned / self.decided if self.decided else 0.0


def figures_of(entries: Iterable[Entry]) -> list[Figures]:
    """Return everybody's figures, sorted by name, of decisions and undos, oldest first.

    A decision is overturned when a later one on the same comment, or an undo, moves it
    between published and not.
    """
    decided: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    overturned: dict[str, int] = defaultdict(int)
    times_s: dict[str, list[float]] = defaultdict(list)
    last_at: dict[str, int] = {}
    standing: dict[str, tuple[str, str]] = {}
    for entry in entries:
        target = str(entry.details.get("to", ""))
        before = standing.get(entry.comment_id)
        if before and before[1] != target and is_reversal(before[1], target):
            overturned[before[0]] += 1
            del standing[entry.comment_id]
        if entry.kind != "decision":
            continue
        decided[entry.actor][target] += 1
        standing[entry.comment_id] = (entry.actor, target)
        gap_s = (entry.at_ms - last_at.get(entry.actor, entry.at_ms)) / 1000
        if 0 < gap_s <= LONGEST_S:
            times_s[entry.actor].append(gap_s)
        last_at[entry.actor] = entry.at_ms
    return [
        Figures(
            actor,
            sum(outcomes.values()),
            overturned[actor],
            median(times_s[actor]) if times_s[actor] else None,
            dict(outcomes),
        )
        for actor, outcomes in sorted(decided.items())
    ]


def is_reversal(before: str, after: str) -> bool:
    """Say whether a comment was published by one decision and not by the other."""
    return (before in REFUSALS) != (after in REFUSALS) or "held" in (before, after)


@dataclass(frozen=True, slots=True)
class Agreement:
    """Hold how far two people agree who judged the same comments without seeing the other.

    ``kappa`` is Cohen's (1960): 1 for always, 0 for what chance would give, None where
    only one answer was ever given.
    """

    count: int
    agreed: int
    kappa: float | None

    @property
    def share(self) -> float:
        """Return the share of comments on which both said the same."""
        return self.agreed / self.count if self.count else 0.0


def agreement_of(pairs: Sequence[tuple[bool, bool]]) -> Agreement:
    """Return the agreement of pairs of answers: whether each would publish."""
    count = len(pairs)
    agreed = sum(first == second for first, second in pairs)
    if not count:
        return Agreement(0, 0, None)
    first = sum(one for one, _ in pairs) / count
    second = sum(two for _, two in pairs) / count
    by_chance = first * second + (1 - first) * (1 - second)
    kappa = (agreed / count - by_chance) / (1 - by_chance) if by_chance < 1 else None
    return Agreement(count, agreed, kappa)


@dataclass(frozen=True, slots=True)
class Precision:
    """Hold how often moderators refused what one check spoke against."""

    check: str
    spoke: int
    refused: int

    @property
    def share(self) -> float:
        """Return the share refused."""
        return self.refused / self.spoke if self.spoke else 0.0


def precisions_of(judged: Iterable[tuple[frozenset[str], bool]]) -> list[Precision]:
    """Return each check's precision over comments: who spoke, and whether it was refused."""
    spoke: dict[str, int] = defaultdict(int)
    refused: dict[str, int] = defaultdict(int)
    for checks, is_refused in judged:
        for check in checks:
            spoke[check] += 1
            refused[check] += is_refused
    return [Precision(check, spoke[check], refused[check]) for check in sorted(spoke)]

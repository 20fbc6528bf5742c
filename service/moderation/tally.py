"""What two policies would have done to decided comments, counted, with examples of each."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Generic, TypeVar

from service.moderation.verdict import Action

REFUSALS = (Action.REJECT, Action.SPAM)

E = TypeVar("E")
"""What a caller keeps of a comment as an example."""

Cell = tuple[Action, Action, Action]
"""What moderators decided, what the present policy would do, and what the new one would."""


@dataclass(frozen=True, slots=True)
class Group(Generic[E]):
    """Hold comments that have something in common."""

    count: int
    decisions: Mapping[Action, int]
    examples: tuple[E, ...]


@dataclass(frozen=True, slots=True)
class Shares:
    """Hold what a policy costs and what it spares, each as a count and of how many."""

    held: tuple[int, int]
    approved_but_refused: tuple[int, int]
    refused_but_published: tuple[int, int]

    @classmethod
    def of(cls, confusion: Mapping[Action, Mapping[Action, int]]) -> Shares:
        """Return the shares in a table of decisions and of what a policy would decide."""
        approved = confusion[Action.APPROVE]
        refused = [confusion[said] for said in REFUSALS]
        return cls(
            (sum(row[Action.HOLD] for row in confusion.values()), _sum(confusion.values())),
            (sum(approved[new] for new in REFUSALS), _sum([approved])),
            (sum(row[Action.APPROVE] for row in refused), _sum(refused)),
        )


def _sum(rows: Iterable[Mapping[Action, int]]) -> int:
    return sum(sum(row.values()) for row in rows)


@dataclass(frozen=True, slots=True)
class Tally(Generic[E]):
    """Count comments by cell, and keep the first few of each as examples."""

    most_examples: int
    _counts: Counter[Cell] = field(default_factory=Counter)
    _examples: dict[Cell, list[E]] = field(default_factory=lambda: defaultdict(list))

    def add(self, cell: Cell, example: E) -> None:
        """Count one comment."""
        self._counts[cell] += 1
        if len(self._examples[cell]) < self.most_examples:
            self._examples[cell].append(example)

    @property
    def total(self) -> int:
        """Return how many comments were counted."""
        return self._counts.total()

    def confusion(self, is_new: bool) -> dict[Action, dict[Action, int]]:
        """Return how many comments moderators decided so and the policy would decide so."""
        table = {said: dict.fromkeys(Action, 0) for said in Action}
        for (said, present, new), count in self._counts.items():
            table[said][new if is_new else present] += count
        return table

    def changes(self) -> list[tuple[Action, Action, Group[E]]]:
        """Return what the policies do differently, the most frequent change first."""
        cells = [cell for cell in self._counts if cell[1] is not cell[2]]
        return self._grouped(cells, lambda cell: (cell[1], cell[2]))

    def disagreements(self) -> list[tuple[Action, Action, Group[E]]]:
        """Return where the new policy would publish what was refused, or the other way round."""
        cells = [cell for cell in self._counts if is_disagreement(cell[0], cell[2])]
        return self._grouped(cells, lambda cell: (cell[0], cell[2]))

    def shares(self, is_new: bool) -> Shares:
        """Return what one of the policies costs and what it spares."""
        return Shares.of(self.confusion(is_new))

    def _grouped(
        self, cells: Iterable[Cell], key: Callable[[Cell], tuple[Action, Action]]
    ) -> list[tuple[Action, Action, Group[E]]]:
        members: dict[tuple[Action, Action], list[Cell]] = defaultdict(list)
        for cell in sorted(cells):
            members[key(cell)].append(cell)
        groups = [(*pair, self._group(found)) for pair, found in members.items()]
        return sorted(groups, key=lambda each: -each[2].count)

    def _group(self, cells: Sequence[Cell]) -> Group[E]:
        decisions: Counter[Action] = Counter()
        for cell in cells:
            decisions[cell[0]] += self._counts[cell]
        # One of each cell before the second of any.
        turns = zip_longest(*(self._examples[cell] for cell in cells))
        examples = [example for turn in turns for example in turn if example is not None]
        return Group(decisions.total(), dict(decisions), tuple(examples[: self.most_examples]))


def is_disagreement(said: Action, new: Action) -> bool:
    """Tell whether a verdict is the opposite of the decision; to hold is never that."""
    return (said is Action.APPROVE and new in REFUSALS) or (
        said in REFUSALS and new is Action.APPROVE
    )

"""What two policies would have done to decided comments, counted, with examples of each."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

from service.moderation.verdict import Action, Verdict

REFUSALS = (Action.REJECT, Action.SPAM)
_LONGEST_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Example:
    """Hold one comment: where it stands, how it begins, and what the policies made of it."""

    file: str
    line: int
    text: str
    decision: Action
    present_rule: str
    new_rule: str
    score: float | None
    threshold: float | None

    @classmethod
    def of(
        cls, place: tuple[str, int], text: str, decision: Action, present: Verdict, new: Verdict
    ) -> Example:
        """Return a comment as an example, with what the new policy compared."""
        shown = text[:_LONGEST_SHOWN] + ("…" if len(text) > _LONGEST_SHOWN else "")
        score = round(float(new.scores[new.attribute]), 4) if new.attribute else None
        return cls(*place, shown, decision, present.rule, new.rule, score, new.threshold)


Cell = tuple[Action, Action, Action]
"""What moderators decided, what the present policy would do, and what the new one would."""


@dataclass(frozen=True, slots=True)
class Group:
    """Hold comments that have something in common."""

    count: int
    decisions: Mapping[Action, int]
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class Tally:
    """Count comments by cell, and keep the first few of each as examples."""

    most_examples: int
    _counts: Counter[Cell] = field(default_factory=Counter)
    _examples: dict[Cell, list[Example]] = field(default_factory=lambda: defaultdict(list))

    def add(self, cell: Cell, example: Example) -> None:
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

    def changes(self) -> list[tuple[Action, Action, Group]]:
        """Return what the policies do differently, the most frequent change first."""
        cells = [cell for cell in self._counts if cell[1] is not cell[2]]
        return self._grouped(cells, lambda cell: (cell[1], cell[2]))

    def disagreements(self) -> list[tuple[Action, Action, Group]]:
        """Return where the new policy would publish what was refused, or the other way round."""
        cells = [cell for cell in self._counts if is_disagreement(cell[0], cell[2])]
        return self._grouped(cells, lambda cell: (cell[0], cell[2]))

    def _grouped(
        self, cells: Iterable[Cell], key: Callable[[Cell], tuple[Action, Action]]
    ) -> list[tuple[Action, Action, Group]]:
        members: dict[tuple[Action, Action], list[Cell]] = defaultdict(list)
        for cell in sorted(cells):
            members[key(cell)].append(cell)
        groups = [(*pair, self._group(found)) for pair, found in members.items()]
        return sorted(groups, key=lambda each: -each[2].count)

    def _group(self, cells: Sequence[Cell]) -> Group:
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

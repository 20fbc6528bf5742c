"""The longest comments, real ones and hostile ones, and what their characters cost."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from bench.contender import Judge
from bench.hostile import LONGEST, hostile_texts
from bench.report import Limit, Spread
from service.moderation.comment import Case, Comment

COUNT = 4
FAST_MS, ENCODER_MS = 20.0, 250.0
WORST_RATIO = 5.0
# The quickest of several tries: what a neighbour takes away is no cost of the text.
_TRIES = 3


@dataclass
class Long:
    """Time the longest comments, round after round, in seconds.

    ``fast`` and ``encoder`` are the means over the real texts, ``hostile[kind]`` the time
    of a text of the same length.
    """

    real: Sequence[Case]
    made: Mapping[str, Case]
    by_fast: Judge
    by_encoder: Judge
    fast: list[float] = field(default_factory=list)
    encoder: list[float] = field(default_factory=list)
    hostile: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def of(cls, cases: Sequence[Case], by_fast: Judge, by_encoder: Judge) -> Long:
        """Return the long comments made of ``cases``, and the hostile ones."""
        real = [_case(text) for text in long_comments(cases)]
        made = {kind: _case(text) for kind, text in hostile_texts().items()}
        return cls(real, made, by_fast, by_encoder)

    def note(self) -> None:
        """Time every text once more."""
        self.fast.append(sum(_seconds(self.by_fast, case) for case in self.real) / len(self.real))
        self.encoder.append(
            sum(_seconds(self.by_encoder, case, 1) for case in self.real) / len(self.real)
        )
        for kind, case in self.made.items():
            self.hostile[kind].append(_seconds(self.by_fast, case))

    def limits(self) -> list[Limit]:
        """Return the promises about the longest comments."""
        about = f"{LONGEST:,} real characters"
        return [
            Limit(f"{about}, fast stage", "ms", FAST_MS, _in_ms(self.fast)),
            Limit(f"{about}, with the encoder", "ms", ENCODER_MS, _in_ms(self.encoder)),
            Limit("worst hostile text ÷ real text", "", WORST_RATIO, self._ratios(self.worst())),
        ]

    def worst(self) -> str:
        """Return the kind of hostile text that costs most."""
        return max(self.hostile, key=lambda kind: self._ratios(kind).median)

    def _ratios(self, kind: str) -> Spread:
        rounds = zip(self.hostile[kind], self.fast, strict=True)
        return Spread.of([hostile / real for hostile, real in rounds])


def long_comments(cases: Sequence[Case], count: int = COUNT) -> list[str]:
    """Return ``count`` texts of ``LONGEST`` characters, each of many real comments."""
    return list(islice(_long(cases), count))


def _long(cases: Sequence[Case]) -> Iterator[str]:
    text = ""
    for case in cases:
        text += case.comment.content + "\n"
        if len(text) >= LONGEST:
            yield text[:LONGEST]
            text = ""


def _seconds(judge: Judge, case: Case, tries: int = _TRIES) -> float:
    taken = []
    for _ in range(tries):
        began = time.process_time()
        judge([case])
        taken.append(time.process_time() - began)
    return min(taken)


def _in_ms(seconds: Sequence[float]) -> Spread:
    return Spread.of([1000 * each for each in seconds])


def _case(text: str) -> Case:
    return Case(
        Comment(id="x", site="s", page="https://journal.example/a", content=text, lang="fr")
    )

"""Bringing in a stream of comments: in batches, going on where the last run stopped."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from service.exchange.arriving import Customs, Ready
from service.exchange.foreign import FileUnreadable, Foreign, Found, Skipped, unpacked
from service.exchange.scratch import Scratch
from service.store.imports import Imports, Outcome

AT_ONCE = 100
"""Comments written together: the server does nothing else meanwhile, some ten ms."""
MOST_TAUGHT = 2_000
"""Comments an import has the site learn from; it remembers some 1,200 decisions at a time."""
UPROOTED = "what it answers is not there; it stands by itself"

Counts = dict[str, int]


@dataclass
class Report:
    """Count what an import met: comments read, and what became of them."""

    read: int = 0
    imported: int = 0
    known: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)

    def told(self) -> dict[str, Any]:
        """Return the report as plain values."""
        return {
            "read": self.read,
            "imported": self.imported,
            "already_there": self.known,
            "statuses": dict(self.statuses),
            "skipped": dict(self.skipped),
            "notes": dict(self.notes),
        }

    @classmethod
    def of(cls, told: dict[str, Any] | None) -> Report:
        """Return the report that ``told`` was made of."""
        if told is None:
            return cls()
        parts = (Counter(told[name]) for name in ("statuses", "skipped", "notes"))
        return cls(told["read"], told["imported"], told["already_there"], *parts)


@dataclass
class Batch:
    """Hold some comments on their way: how many were read, and which are left out."""

    size: int
    is_last_chance: bool
    ready: list[tuple[Foreign, Ready]] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)


class Import:
    """Write what is found to one site, and remember in ``scratch`` how far it came."""

    def __init__(
        self, imports: Imports, customs: Customs, scratch: Scratch, clock_ms: Callable[[], int]
    ) -> None:
        self.report = Report.of(scratch.fact("report"))
        self._imports = imports
        self._customs = customs
        self._scratch = scratch
        self._clock_ms = clock_ms

    def run(self, found: Iterable[Found], told: Callable[[Report], None]) -> Report:
        """Write everything; what an earlier run has done is read past.

        While the server writes one batch, the next is read. Raises what ``found`` and the
        store raise; the next run goes on from there. What a file or a blog gave before it
        broke off is written first.
        """
        batches = self._batches(itertools.islice(found, self.report.read, None))
        with ThreadPoolExecutor(1) as writer:
            batch = next(batches, None)
            while batch:
                writing = writer.submit(self._outcomes, batch)
                try:
                    following = next(batches, None)
                finally:
                    self._note(batch, writing.result())
                    told(self.report)
                batch = following
        self._settle_the_rest(told)
        return self.report

    def _batches(self, stream: Iterator[Found]) -> Iterator[Batch]:
        """Yield what is found in batches, the last one too where the stream breaks off."""
        begun: list[Found] = []
        try:
            for each in stream:
                begun.append(each)
                if len(begun) == AT_ONCE:
                    yield self._batch(begun)
                    begun = []
        except (FileUnreadable, OSError):
            if begun:
                yield self._batch(begun)
            raise
        if begun:
            yield self._batch(begun)

    def _batch(self, found: Sequence[Found], *, is_last_chance: bool = False) -> Batch:
        """Return what can be written of some comments."""
        now_ms = self._clock_ms()
        batch = Batch(len(found), is_last_chance=is_last_chance)
        for each in found:
            admitted = each if isinstance(each, Skipped) else self._customs.admit(each, now_ms)
            if isinstance(admitted, Skipped):
                batch.skipped.append(admitted)
            elif isinstance(each, Foreign):
                batch.ready.append((each, admitted))
        return batch

    def _outcomes(self, batch: Batch) -> list[Outcome]:
        items = [admitted.item for _, admitted in batch.ready]
        site = self._customs.site
        return self._imports.write(site, items, is_last_chance=batch.is_last_chance)

    def _note(self, batch: Batch, outcomes: Sequence[Outcome]) -> None:
        """Count a batch that is written; hold back what answers what has not come yet."""
        if not batch.is_last_chance:
            self.report.read += batch.size
        for skipped in batch.skipped:
            self.report.skipped[skipped.reason] += 1
            self._scratch.skip(skipped.key, skipped.reason)
        for (foreign, admitted), outcome in zip(batch.ready, outcomes, strict=True):
            if outcome is Outcome.LATER:
                comment = admitted.item.comment
                self._scratch.hold_back(comment.id, comment.parent, foreign.packed())
            else:
                self._count(admitted, outcome)
        self._scratch.set_fact("report", self.report.told())
        self._scratch.commit()

    def _count(self, ready: Ready, outcome: Outcome) -> None:
        if outcome is Outcome.KNOWN:
            self.report.known += 1
        else:
            self.report.imported += 1
            self.report.statuses[ready.item.status.value] += 1
            notes = (*ready.notes, UPROOTED) if outcome is Outcome.UPROOTED else ready.notes
            self.report.notes.update(notes)
        if ready.strength:
            comment = ready.item.comment
            at_ms = round(comment.submitted_at * 1000)
            self._scratch.label(comment.id, ready.strength, at_ms)

    def _settle_the_rest(self, told: Callable[[Report], None]) -> None:
        """Write what was held back: first what answers something that is there or never came.

        Then, level by level, what answers that; at last what answers itself in a circle.
        """
        while orphans := self._scratch.orphans(AT_ONCE):
            self._drain(orphans, told)
        while circle := self._scratch.left(AT_ONCE):
            self._drain(circle, told)

    def _drain(self, rows: list[tuple[str, bytes]], told: Callable[[Report], None]) -> None:
        levels = [rows]
        while levels:
            for part in _parts(levels.pop(), AT_ONCE):
                batch = self._batch([unpacked(data) for _, data in part], is_last_chance=True)
                self._scratch.release([name for name, _ in part])
                self._note(batch, self._outcomes(batch))
                told(self.report)
                below = [row for name, _ in part for row in self._scratch.below(name)]
                if below:
                    levels.append(below)


def _parts(rows: list[tuple[str, bytes]], size: int) -> Iterator[list[tuple[str, bytes]]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]

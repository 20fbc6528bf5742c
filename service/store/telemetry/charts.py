"""Charts: the slots of a span, read as series."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from service.store import keys
from service.store.server.connection import Client
from service.store.telemetry.buckets import percentile
from service.store.telemetry.slots import GRIDS, Grid
from service.store.telemetry.views import Measure, Series, Span

Fields = Mapping[str, int]

LATENCY = "l|"
VERDICT = "v|"


@dataclass(frozen=True, slots=True)
class Slot:
    """Hold what was counted in one step of time, of which ``seconds`` have passed."""

    fields: Fields
    seconds: float


Reading = Callable[[Slot], float | None]


def read_slots(
    client: Client, grid: Grid, now_ms: int, count: int | None = None
) -> tuple[list[int], list[Slot]]:
    """Return when the last slots began (all of the grid's, or ``count``), and the slots."""
    starts = list(grid.starts(now_ms, count))
    pipe = client.pipeline(transaction=False)
    for start in starts:
        pipe.hgetall(keys.ops_slot(grid.step_s, start))
    found: list[Any] = pipe.execute()
    lengths = [float(grid.step_s)] * (len(starts) - 1)
    lengths.append(max(now_ms / 1000 - starts[-1], 1.0))
    slots = [Slot(numbers(fields), length) for fields, length in zip(found, lengths, strict=True)]
    return starts, slots


def numbers(fields: Mapping[bytes, bytes]) -> dict[str, int]:
    """Return a hash of counters as numbers."""
    return {name.decode(): int(value) for name, value in fields.items()}


def together(slots: Iterable[Slot]) -> Counter[str]:
    """Return the sums of the slots' counters."""
    total: Counter[str] = Counter()
    for slot in slots:
        total.update(slot.fields)
    return total


def starting_with(fields: Fields, prefix: str) -> dict[str, int]:
    """Return the fields of one family, by what follows ``prefix``."""
    skipped = len(prefix)
    return {name[skipped:]: value for name, value in fields.items() if name.startswith(prefix)}


def latency(fields: Fields, share: float) -> float | None:
    """Return a percentile of the time from acceptance to verdict, ms."""
    counts = {int(name): value for name, value in starting_with(fields, LATENCY).items()}
    return percentile(counts, share)


def chart(client: Client, measures: Sequence[Measure], span: Span, now_ms: int) -> list[Series]:
    """Return several measures over a span."""
    grid = GRIDS[span]
    starts, slots = read_slots(client, grid, now_ms)
    return [
        Series(
            measure,
            span,
            grid.step_s,
            starts[0],
            tuple(READINGS[measure](slot) if slot.fields else None for slot in slots),
        )
        for measure in measures
    ]


def _rate(field: str, unit: float = 1.0) -> Reading:
    return lambda slot: slot.fields.get(field, 0) / unit / slot.seconds


def _level(field: str) -> Reading:
    return lambda slot: slot.fields.get(field)


def _latency(share: float) -> Reading:
    return lambda slot: latency(slot.fields, share)


READINGS: Mapping[Measure, Reading] = {
    Measure.ACCEPTED: _rate("accepted"),
    Measure.SETTLED: _rate("reviewed"),
    Measure.APPROVED: _rate("v|approved"),
    Measure.HELD: _rate("v|held"),
    Measure.REJECTED: _rate("v|rejected"),
    Measure.SPAM: _rate("v|spam"),
    Measure.UNSCREENED: _rate("unscreened"),
    Measure.INBOX: _level("inbox"),
    Measure.QUEUE: _level("queue"),
    Measure.P50: _latency(0.5),
    Measure.P95: _latency(0.95),
    Measure.P99: _latency(0.99),
    Measure.BUSY: _rate("busy_us", 1e6),
    Measure.WORKERS: _level("workers"),
    Measure.FAILURES: _rate("failures"),
}

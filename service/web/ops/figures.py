"""The figures over time: for the charts as they are kept, for the table in fewer rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from service.store.telemetry.views import Measure, Series, Span

ROWS = {Span.HOUR: 30, Span.DAY: 24, Span.MONTH: 30}
COLUMNS: Mapping[Measure, str] = {
    Measure.ACCEPTED: "Accepted per second",
    Measure.SETTLED: "Judged per second",
    Measure.INBOX: "In the inboxes",
    Measure.QUEUE: "Held",
    Measure.P50: "p50 (ms)",
    Measure.P95: "p95 (ms)",
    Measure.P99: "p99 (ms)",
    Measure.UNSCREENED: "Unscreened per second",
    Measure.FAILURES: "Failures of checks per second",
    Measure.WORKERS: "Workers alive",
}
"""The columns of the table, and what they are called."""
MOST = frozenset({Measure.INBOX, Measure.QUEUE, Measure.P50, Measure.P95, Measure.P99})
FEWEST = frozenset({Measure.WORKERS})


@dataclass(frozen=True, slots=True)
class Chart:
    """Name one chart: its title, and the measures it shows with what they are called."""

    title: str
    lines: tuple[tuple[Measure, str], ...]


CHARTS = (
    Chart(
        "Comments per second",
        ((Measure.ACCEPTED, "Accepted"), (Measure.SETTLED, "Judged")),
    ),
    Chart("Waiting comments", ((Measure.INBOX, "In the inboxes"), (Measure.QUEUE, "Held"))),
    Chart(
        "From acceptance to verdict (ms)",
        ((Measure.P50, "p50"), (Measure.P95, "p95"), (Measure.P99, "p99")),
    ),
    Chart(
        "Verdicts per second",
        (
            (Measure.APPROVED, "Approved"),
            (Measure.HELD, "Held"),
            (Measure.REJECTED, "Refused"),
            (Measure.SPAM, "Spam"),
        ),
    ),
    Chart("Workers", ((Measure.WORKERS, "Alive"), (Measure.BUSY, "At work"))),
    Chart(
        "Troubles per second",
        ((Measure.FAILURES, "Failures of checks"), (Measure.UNSCREENED, "Unscreened")),
    ),
)


@dataclass(frozen=True, slots=True)
class Row:
    """Hold one row of the table: when it begins (ms), and a value for each column."""

    at_ms: int
    values: tuple[float | None, ...]


def drawn(series: Sequence[Series]) -> dict[str, Any]:
    """Return the series as the charts take them: the moments (s), and a list for each measure."""
    first = series[0]
    moments = [first.start_s + index * first.step_s for index in range(len(first.values))]
    return {"at": moments, **{str(each.measure): each.values for each in series}}


def rows(series: Sequence[Series], span: Span) -> list[Row]:
    """Return the table, newest first; the worst of each row where that is what counts."""
    known = {each.measure: each for each in series}
    first = series[0]
    size = max(1, -(-len(first.values) // ROWS[span]))
    starts = range(0, len(first.values), size)
    made = [
        Row(
            (first.start_s + start * first.step_s) * 1_000,
            tuple(_together(m, known[m].values[start : start + size]) for m in COLUMNS),
        )
        for start in starts
    ]
    return made[::-1]


def _together(measure: Measure, values: Iterable[float | None]) -> float | None:
    measured = [value for value in values if value is not None]
    return _by(measure)(measured) if measured else None


def _by(measure: Measure) -> Callable[[Sequence[float]], float]:
    if measure in MOST:
        return max
    return min if measure in FEWEST else _mean


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)

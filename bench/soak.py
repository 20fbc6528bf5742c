"""Ten minutes of steady load, and the memory before and after. ``python -m bench.soak``.

The whole service runs as `ecluse up` starts it, at half of its capacity. The first seconds fill
caches and windows; what the processes hold after them is compared with what they hold at the end.
The server keeps the comments, so its share is counted for each of them.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import points, report
from bench.latency import flood, server_ms, settled, wait_until_settled, waits_since
from bench.processes import memory_by_part
from bench.report import Limit, Spread
from bench.running import Running, requests_for, running
from bench.steady import send_steadily

MB = 1 << 20
FLAT_PERCENT = 5.0
"""Growth of a part that still counts as flat: allocators round up, and caches fill late."""
STEPS = 20


@dataclass(frozen=True)
class Plan:
    """Say how long, with how many comments the capacity is found, and what warms up."""

    seconds: float = 600.0
    warm_up_s: float = 45.0
    capacity: int = 3_000


@dataclass(frozen=True, slots=True)
class Look:
    """Hold what was seen at one moment: memory by part, the server's data, comments settled."""

    at_s: float
    memory: dict[str, int]
    data: int
    settled: int
    p99_ms: float


def run(plan: Plan, say: Callable[[str], None] = print) -> tuple[float, list[Look]]:
    """Return the rate held, and what was seen after the warm-up and after each step."""
    with (
        tempfile.TemporaryDirectory(prefix="ecluse-bench-") as name,
        running(Path(name)) as here,
    ):
        rate = flood(here, plan.capacity, seed=-1)[0] / 2
        return rate, looks_at(here, plan, rate, say)


def looks_at(here: Running, plan: Plan, rate: float, say: Callable[[str], None]) -> list[Look]:
    """Hold the rate, and look after the warm-up and after each step."""
    _hold(here, rate, plan.warm_up_s, seed=-2)
    began = time.monotonic()
    looks = [_look(here, 0.0, 0.0)]
    for step in range(STEPS):
        p99 = _hold(here, rate, plan.seconds / STEPS, seed=step)
        looks.append(_look(here, time.monotonic() - began, p99))
        say(f"  {looks[-1].at_s:.0f} s, {_total(looks[-1]) / MB:.0f} MB, p99 {p99:.0f} ms")
    return looks


def text_of(rate: float, looks: Sequence[Look]) -> str:
    """Return the whole report."""
    first, last = looks[0], looks[-1]
    rows = [
        (
            part,
            report.number(first.memory[part] / MB),
            report.number(max(look.memory.get(part, 0) for look in looks) / MB),
            report.number(last.memory.get(part, 0) / MB),
            f"{growth(looks, part):+.1f}%",
        )
        for part in sorted(first.memory)
    ]
    came = last.settled - first.settled
    limits = [
        Limit(f"growth of {part}", "%", FLAT_PERCENT, Spread.of([growth(looks, part)]))
        for part in ("web", "workers")
    ]
    p99 = Spread.of([look.p99_ms for look in looks[1:]])
    return "\n\n".join(
        (
            f"{last.at_s:.0f} s at {report.number(rate)} comments/s, half of capacity: {came:,} "
            "comments, each with its verdict.",
            report.table(("part", "MB at first", "most", "at the end", "growth"), rows),
            f"The server's data grew by {(last.data - first.data) / max(came, 1):,.0f} bytes for "
            "each comment, audit and statistics included. p99 from acceptance to verdict, by step: "
            f"{p99.median:.0f} ms ({p99.low:.0f} to {p99.high:.0f}).",
            report.limits_table(limits),
            report.machine(),
        )
    )


def growth(looks: Sequence[Look], part: str) -> float:
    """Return by how many percent a part's memory grew, means of the first and last three looks."""
    ends = [[look.memory.get(part, 0) for look in some] for some in (looks[:3], looks[-3:])]
    before, after = (sum(each) / len(each) for each in ends)
    return (after / before - 1) * 100


def _hold(here: Running, rate: float, seconds: float, seed: int) -> float:
    """Hold the rate for some time; return the p99 from acceptance to verdict, ms."""
    requests = requests_for(here.token, max(round(rate * seconds), 1), seed)
    already, since = settled(here.store), server_ms(here.store)
    sent = send_steadily(here.port, requests, 202, rate)
    wait_until_settled(here.store, already + sent.answered)
    return waits_since(here.store, since).at(0.99)


def _look(here: Running, at_s: float, p99_ms: float) -> Look:
    info: Any = here.store.client.info("memory")
    return Look(
        at_s, memory_by_part(here.pid), int(info["used_memory"]), settled(here.store), p99_ms
    )


def _total(look: Look) -> int:
    return sum(look.memory.values())


def main() -> int:
    """Measure, print, and with ``--write`` keep the result."""
    parser = argparse.ArgumentParser(description="Memory under ten minutes of steady load.")
    report.add_options(parser)
    parser.add_argument("--seconds", type=float, default=Plan.seconds)
    options = parser.parse_args()
    rate, looks = run(Plan(options.seconds), lambda line: print(line, flush=True))
    report.keep("soak", text_of(rate, looks), options)
    labels = [f"{look.at_s:.0f} s" for look in looks]
    shown = {
        part: [look.memory.get(part, 0) / MB for look in looks]
        for part in ("web", "workers", "server")
    }
    points.keep(options.points, "soak", points.lines("Memory in the soak, MB", labels, shown))
    return 0


if __name__ == "__main__":
    sys.exit(main())

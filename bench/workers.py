"""Comments moderated a second by one to four workers. ``python -m bench.workers``.

As in bench.moderate, with an inbox in which the comments of one site wait: several workers drain
it together.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bench import points, report
from bench.children import valkey
from bench.latency import wait_until_settled
from bench.moderate import fill
from bench.site import SITE, open_site, store_of
from bench.texts import Written, written
from bench.worker import waiting_worker
from config.settings import Settings
from service.store.doorbell import Doorbell
from workers.queue import queue_connection

COUNTS = (1, 2, 3, 4)


@dataclass(frozen=True)
class Plan:
    """Say how often to measure, and with how many comments."""

    rounds: int = 3
    comments: int = 3_000


def run(plan: Plan, counts: Sequence[int] = COUNTS) -> dict[int, list[float]]:
    """Return the rates of each number of workers, round after round."""
    found: dict[int, list[float]] = {count: [] for count in counts}
    with (
        tempfile.TemporaryDirectory(prefix="ecluse-bench-") as name,
        valkey(Path(name) / "store") as (settings, _),
    ):
        for number in range(plan.rounds):
            comments = written(plan.comments, seed=number)
            for count, rates in found.items():
                rates.append(_measure(settings, comments, count))
    return found


def text_of(found: dict[int, list[float]], plan: Plan) -> str:
    """Return the whole report."""
    one = next(iter(found.values()))
    rows = [
        (
            str(count),
            report.number(report.Spread.of(rates).median),
            report.number(min(rates)),
            report.number(max(rates)),
            f"{report.ratio(rates, one).median:.2f} ×",
        )
        for count, rates in found.items()
    ]
    heads = ("workers", "moderated/s", "lowest", "highest", f"of {next(iter(found))}")
    return "\n\n".join(
        (
            f"{plan.rounds} interleaved rounds of {plan.comments:,} comments of one site; medians. "
            f"The machine has {os.cpu_count()} cores, which the server shares.",
            report.table(heads, rows),
            report.machine(),
        )
    )


def _measure(settings: Settings, comments: Sequence[Written], count: int) -> float:
    store = store_of(settings)
    store.client.flushall()
    open_site(store)
    with ExitStack() as stack:
        ready = [
            stack.enter_context(waiting_worker("ecluse", settings, for_ever=True))
            for _ in range(count)
        ]
        fill(store, settings, comments, plain=False)
        doorbell = Doorbell(queue_connection(settings))
        for _ in range(count - 1):
            doorbell.ring(SITE)
        began = time.perf_counter()
        for worker in ready:
            worker.begin()
        wait_until_settled(store, len(comments))
        took_s = time.perf_counter() - began
    store.client.close()
    return len(comments) / took_s


def main() -> int:
    """Measure, print, and with ``--write`` keep the result."""
    parser = argparse.ArgumentParser(description="Comments moderated a second, by workers.")
    report.add_options(parser)
    parser.add_argument("--rounds", type=int, default=Plan.rounds)
    parser.add_argument("--comments", type=int, default=Plan.comments)
    options = parser.parse_args()
    plan = Plan(options.rounds, options.comments)
    found = run(plan)
    report.keep("workers", text_of(found, plan), options)
    shown = {"moderated a second": [report.Spread.of(rates).median for rates in found.values()]}
    labels = [str(count) for count in found]
    points.keep(options.points, "workers", points.lines("Workers, comments/s", labels, shown))
    return 0


if __name__ == "__main__":
    sys.exit(main())

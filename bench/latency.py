"""From acceptance to verdict, under steady load and in a burst. ``python -m bench.latency``.

The whole service runs as `ecluse up` starts it. How long a comment waits for its verdict is what
the store says: the moments at which it was taken and settled stand in its hash, in ms of the
server's clock.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import points, report
from bench.load import send_all
from bench.report import Limit, Spread
from bench.running import Running, requests_for, running
from bench.site import SITE, CommentsLost
from bench.steady import send_steadily
from service.store.keys import STATUS_ORDER, SiteKeys
from service.store.store import Store

WARM_UP = 400
CONNECTIONS = 32
LONGEST_S = 120.0
READ_AT_ONCE = 2_000
P99_MS = 150.0


@dataclass(frozen=True)
class Plan:
    """Say how many comments find out the capacity, how long half of it is held, and the burst."""

    rounds: int = 3
    capacity: int = 3_000
    steady_s: float = 12.0
    burst: int = 1_000


@dataclass(frozen=True, slots=True)
class Waits:
    """Hold how long comments waited for their verdicts, sorted, in ms."""

    ms: tuple[int, ...]

    def at(self, share: float) -> float:
        """Return what that share of the comments waited at most."""
        return float(self.ms[min(int(len(self.ms) * share), len(self.ms) - 1)])


@dataclass(frozen=True, slots=True)
class Round:
    """Hold one round: comments a second accepted and judged at most, and the waits."""

    capacity: float
    rate: float
    late: int
    steady: Waits
    burst: Waits
    burst_s: float


def run(plan: Plan, workers: int = 2) -> list[Round]:
    """Measure; every comment answered must have its verdict at the end."""
    with (
        tempfile.TemporaryDirectory(prefix="ecluse-bench-") as name,
        running(Path(name), workers) as here,
    ):
        flood(here, min(WARM_UP, plan.capacity), seed=-1)
        return [measured(here, plan, number) for number in range(plan.rounds)]


def text_of(found: Sequence[Round], plan: Plan, workers: int = 2) -> str:
    """Return the whole report."""
    capacity, burst_s = Spread.of([r.capacity for r in found]), [r.burst_s for r in found]
    rows = [
        _row(f"steady, {report.number(Spread.of([r.rate for r in found]).median)}/s",
             [r.steady for r in found]),
        _row(f"a burst of {plan.burst:,} at once", [r.burst for r in found]),
    ]  # fmt: skip
    p99 = Spread.of([r.steady.at(0.99) for r in found])
    return "\n\n".join(
        (
            f"{plan.rounds} rounds; {workers} workers, two web processes, the scheduler and the "
            "server share the machine with the generator. Capacity: "
            f"{report.number(capacity.median)} comments/s ({report.number(capacity.low)} to "
            f"{report.number(capacity.high)}), {plan.capacity:,} posted over {CONNECTIONS} "
            "connections until the last one has its verdict. Steady is half of the round's "
            f"capacity for {plan.steady_s:g} s, in an open loop; "
            f"{sum(r.late for r in found)} requests left late. A burst had its last verdict "
            f"{Spread.of(burst_s).median:.2f} s after its first request.",
            report.table(("acceptance to verdict", "p50 ms", "p95 ms", "p99 ms", "worst p99 ms"),
                         rows),
            report.limits_table([Limit("p99 at half of capacity", "ms", P99_MS, p99)]),
            report.machine(),
        )
    )  # fmt: skip


def flood(here: Running, count: int, seed: int) -> tuple[float, float]:
    """Post comments as fast as they are taken; return the rate, and how long till all verdicts."""
    requests = requests_for(here.token, count, seed)
    already, began = settled(here.store), time.perf_counter()
    answered = send_all(here.port, requests, 202, CONNECTIONS)
    wait_until_settled(here.store, already + answered)
    took_s = time.perf_counter() - began
    return answered / took_s, took_s


def settled(store: Store) -> int:
    """Return how many comments have their verdicts."""
    return store.decisions.counts(SITE).get("settled", 0)


def wait_until_settled(store: Store, count: int) -> None:
    """Return when ``count`` comments are settled. Raises ``CommentsLost`` after two minutes."""
    until = time.monotonic() + LONGEST_S
    while settled(store) < count:
        if time.monotonic() > until:
            raise CommentsLost(f"{count - settled(store)} not settled within {LONGEST_S:g} s")
        time.sleep(0.01)


def waits_since(store: Store, since_ms: int) -> Waits:
    """Return the waits of the comments that came since ``since_ms`` (the server's clock)."""
    keys, client = SiteKeys(SITE), store.client
    ids = [
        member.decode()
        for status in STATUS_ORDER
        for member in _list(client.zrange(keys.status(status), since_ms, "+inf", byscore=True))
    ]
    found: list[int] = []
    for start in range(0, len(ids), READ_AT_ONCE):
        pipe = client.pipeline(transaction=False)
        for each in ids[start : start + READ_AT_ONCE]:
            pipe.hmget(keys.comment(each), "received_at", "settled_at")
        found += [int(settled_at) - int(received) for received, settled_at in pipe.execute()]
    return Waits(tuple(sorted(found)))


def server_ms(store: Store) -> int:
    """Return the server's time."""
    seconds, micros = _list(store.client.time())
    return int(seconds) * 1000 + int(micros) // 1000


def measured(here: Running, plan: Plan, number: int) -> Round:
    """Measure one round."""
    capacity, _ = flood(here, plan.capacity, seed=3 * number)
    rate = capacity / 2
    requests = requests_for(here.token, int(rate * plan.steady_s), seed=3 * number + 1)
    already, since = settled(here.store), server_ms(here.store)
    sent = send_steadily(here.port, requests, 202, rate)
    wait_until_settled(here.store, already + sent.answered)
    steady = of_all(waits_since(here.store, since), sent.answered)
    since = server_ms(here.store) + 1
    _, burst_s = flood(here, plan.burst, seed=3 * number + 2)
    burst = of_all(waits_since(here.store, since), plan.burst)
    return Round(capacity, rate, sent.late, steady, burst, burst_s)


def of_all(waits: Waits, count: int) -> Waits:
    """Return ``waits``, which must be of ``count`` comments."""
    if len(waits.ms) != count:
        raise CommentsLost(f"{count} accepted, {len(waits.ms)} with a verdict")
    return waits


def _row(about: str, waits: Sequence[Waits]) -> tuple[str, ...]:
    p99 = Spread.of([each.at(0.99) for each in waits])
    middles = [Spread.of([each.at(share) for each in waits]).median for share in (0.5, 0.95)]
    return (about, *(f"{each:.0f}" for each in (*middles, p99.median, p99.high)))


def _list(answer: Any) -> list[Any]:
    return list(answer)


def main() -> int:
    """Measure, print, and with ``--write`` keep the result."""
    parser = argparse.ArgumentParser(description="From acceptance to verdict.")
    report.add_options(parser)
    parser.add_argument("--rounds", type=int, default=Plan.rounds)
    parser.add_argument("--steady", type=float, default=Plan.steady_s, help="seconds")
    options = parser.parse_args()
    plan = Plan(options.rounds, steady_s=options.steady)
    found = run(plan)
    report.keep("latency", text_of(found, plan), options)
    shares = (0.5, 0.95, 0.99)
    waits = {"steady": [r.steady for r in found], "burst": [r.burst for r in found]}
    lines = {
        about: [Spread.of([each.at(share) for each in some]).median for share in shares]
        for about, some in waits.items()
    }
    panel = points.lines("Acceptance to verdict, ms", ("p50", "p95", "p99"), lines)
    points.keep(options.points, "latency", panel)
    return 0


if __name__ == "__main__":
    sys.exit(main())

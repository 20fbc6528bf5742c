"""How soon Akismet's question is answered. ``python -m bench.comment_check [--write]``.

The whole service runs as `ecluse up` starts it. A blog's server asks `comment-check` about comments
of its visitors; each is judged in the web process, and kept. Light: one client that asks again once
it is answered. Full: as many as fill the service, each asking again at once. Clients give up after
0.8 to 1 s, and many then publish unchecked.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from urllib.parse import urlencode

from bench import points, report
from bench.load import Load, measure, send
from bench.report import Limit, Spread
from bench.running import Running, running
from bench.site import ORIGIN, SITE, CommentsLost
from bench.texts import Written, written
from service.store.doors.door_keys import Door

WARM_UP = 60
ENOUGH_PER_S = 2_000
LOADS = {"light": 1, "full": 32}
"""Connections, by the name of the load."""
MOST_MS = {"light": 25.0, "full": 400.0}


@dataclass(frozen=True)
class Plan:
    """Say how long and how often to measure."""

    rounds: int = 3
    seconds: float = 4.0
    warm_up_s: float = 1.0


@dataclass
class Found:
    """Hold what was seen of each load, round by round."""

    loads: dict[str, list[Load]] = field(default_factory=lambda: {name: [] for name in LOADS})

    def p99_ms(self, load: str) -> Spread:
        """Return the 99th percentile of the time until the answer, in ms."""
        return Spread.of([each.p99_ms for each in self.loads[load]])


def run(plan: Plan) -> Found:
    """Measure both loads in turn, round after round; every comment answered must be kept.

    Raises ``CommentsLost``.
    """
    found = Found()
    with tempfile.TemporaryDirectory(prefix="ecluse-bench-") as name, running(Path(name)) as here:
        _, key = here.store.door_keys.create(SITE, Door.AKISMET, "bench")
        for comment in written(WARM_UP, seed=-1):
            send(here.port, request_of(key, comment))
        for number in range(plan.rounds):
            for load in LOADS:
                found.loads[load].append(_measured(here, key, plan, load, number))
        answered = WARM_UP + sum(each.answered for each in chain(*found.loads.values()))
        kept = here.store.decisions.counts(SITE).get("accepted", 0)
        if kept != answered:
            raise CommentsLost(f"{answered} answered, {kept} kept")
    return found


def text_of(found: Found, plan: Plan) -> str:
    """Return the whole report."""
    rows = []
    for name, loads in found.loads.items():
        rate = Spread.of([each.rate for each in loads])
        p50 = Spread.of([each.p50_ms for each in loads])
        p99 = found.p99_ms(name)
        times = (f"{value:.1f}" for value in (p50.median, p99.median, p99.high))
        rows.append((f"{name}, {LOADS[name]} at once", report.number(rate.median), *times))
    limits = [
        Limit(f"p99 at {name} load", "ms", most, found.p99_ms(name))
        for name, most in MOST_MS.items()
    ]
    return "\n\n".join(
        (
            f"{plan.rounds} rounds of {plan.seconds:g} s after {plan.warm_up_s:g} s of warm-up, "
            "the loads in turn; two web processes, two workers, the scheduler and the server share "
            "the machine with the generator; medians.",
            report.table(("load", "answers/s", "p50 ms", "p99 ms", "worst p99 ms"), rows),
            report.limits_table(limits),
            report.machine(),
        )
    )


def request_of(key: str, comment: Written) -> bytes:
    """Return the question of a blog's server about a comment."""
    body = urlencode(
        {
            "api_key": key,
            "blog": ORIGIN,
            "user_ip": comment.ip,
            "user_agent": comment.user_agent,
            "permalink": comment.page,
            "comment_type": "comment",
            "comment_author": comment.author,
            "comment_author_email": comment.email,
            "comment_author_url": comment.url,
            "comment_content": comment.content,
            "blog_lang": comment.lang,
        }
    ).encode()
    head = (
        "POST /1.1/comment-check HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: WordPress/6.7\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _measured(here: Running, key: str, plan: Plan, load: str, number: int) -> Load:
    count = int(ENOUGH_PER_S * (plan.seconds + plan.warm_up_s))
    seed = 2 * number + list(LOADS).index(load)
    requests = [request_of(key, comment) for comment in written(count, seed)]
    return measure(
        here.port, requests, 200, connections=LOADS[load], warm_up_s=plan.warm_up_s,
        seconds=plan.seconds,
    )  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and with ``--write`` keep the result."""
    parser = argparse.ArgumentParser(description="How soon comment-check is answered.")
    report.add_options(parser)
    parser.add_argument("--rounds", type=int, default=Plan.rounds)
    parser.add_argument("--seconds", type=float, default=Plan.seconds)
    options = parser.parse_args(arguments)
    plan = Plan(options.rounds, options.seconds)
    found = run(plan)
    report.keep("comment_check", text_of(found, plan), options)
    bars = tuple(points.Series(f"{name} load", (found.p99_ms(name).median,)) for name in LOADS)
    points.keep(options.points, "comment_check",
                points.Panel("comment-check, p99 ms", points.BARS, bars))  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())

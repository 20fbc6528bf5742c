"""Moderated comments a second of one worker, against peers. ``python -m bench.moderate``.

Each round fills the store anew for each contender and lets one worker process empty it.
The clock starts when the worker has loaded its model and connected, and stops when the
store counts the last comment as settled.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from bench import points, report
from bench.children import valkey
from bench.plain import PlainComments, plain_queue
from bench.report import Target
from bench.site import SITE, UNREACHED, CommentsLost, open_site, store_of
from bench.texts import Written, written
from bench.worker import PURE, waiting_worker
from config.settings import Settings
from service.moderation.comment import Comment, Facts
from service.store.comments import Arrival
from service.store.doorbell import Doorbell
from service.store.keys import SiteKeys
from service.store.sealing import Personal
from service.store.store import Store
from workers.queue import queue_connection

ABOUT = {
    "ecluse": "Écluse: doorbell, inbox, batches",
    PURE: "the pure pipeline, no store",
    "plain-simple": "one job per comment, SimpleWorker",
    "plain-fork": "one job per comment, forking worker",
}


LOOK_EVERY_S = 0.005
LONGEST_S = 60.0


@dataclass(frozen=True)
class Plan:
    """Say how often to measure, and with how many comments each contender."""

    rounds: int = 5
    comments: int = 4000
    simple: int = 400
    forking: int = 150

    def count_of(self, kind: str) -> int:
        """Return how many comments a contender gets: the slow ones fewer."""
        return {"plain-simple": self.simple, "plain-fork": self.forking}.get(kind, self.comments)


@dataclass
class Figures:
    """Hold a contender's rates, and how its comments were settled in the last round."""

    rates: list[float] = field(default_factory=list)
    statuses: dict[str, int] = field(default_factory=dict)


def run(plan: Plan) -> dict[str, Figures]:
    """Measure every contender, and check that each one settled all its comments."""
    found = {kind: Figures() for kind in ABOUT}
    with (
        tempfile.TemporaryDirectory(prefix="ecluse-bench-") as name,
        valkey(Path(name) / "store") as (settings, _),
    ):
        for number in range(plan.rounds):
            for kind, figures in found.items():
                comments = written(plan.count_of(kind), seed=number)
                figures.rates.append(_measure(kind, settings, comments))
                figures.statuses = _settled(kind, settings, len(comments))
    return found


def targets(found: dict[str, Figures]) -> list[Target]:
    """Return the promises about moderating."""
    ours = found["ecluse"].rates
    return [
        Target(
            "Écluse ÷ one job per comment, forking",
            100.0,
            report.ratio(ours, found["plain-fork"].rates),
        ),
        Target("Écluse ÷ pure pipeline", 0.5, report.ratio(ours, found[PURE].rates)),
    ]


def text_of(found: dict[str, Figures], plan: Plan) -> str:
    """Return the whole report."""
    ours = found["ecluse"].rates
    rows = [_row(kind, figures, plan, ours) for kind, figures in found.items()]
    heads = ("one worker", "comments", "moderated/s", "lowest", "highest", "Écluse is")
    statuses = ", ".join(f"{count} {name}" for name, count in found["ecluse"].statuses.items())
    return "\n\n".join(
        (
            f"{plan.rounds} interleaved rounds, one worker process, batches of "
            f"{Settings().batch_size}; medians. Écluse's last round: {statuses}.",
            report.table(heads, rows),
            report.targets_table(targets(found)),
            report.machine(),
        )
    )


def fill(store: Store, settings: Settings, comments: Sequence[Written], *, plain: bool) -> None:
    """Accept the comments as our store does, or as the plain design does."""
    door = (
        PlainComments(store.client, store.vault, plain_queue(settings)) if plain else store.comments
    )
    doorbell = Doorbell(queue_connection(settings))
    for number, comment in enumerate(comments):
        receipt = door.accept(arrival_of(store, number, comment))
        if receipt.must_ring:
            doorbell.ring(SITE)


def arrival_of(store: Store, number: int, comment: Written) -> Arrival:
    """Return a made-up comment at the door."""
    return Arrival(
        comment=Comment(
            id=f"{number:026d}",
            site=SITE,
            page=comment.page,
            content=comment.content,
            author=comment.author,
            url=comment.url,
            lang=comment.lang,
            user_agent=comment.user_agent,
        ),
        personal=Personal(comment.email, comment.ip),
        facts=Facts(
            email_domain=comment.email.rpartition("@")[2],
            author_key=store.vault.lookup("email", comment.email),
        ),
        limits=UNREACHED,
    )


def _measure(kind: str, settings: Settings, comments: Sequence[Written]) -> float:
    store = store_of(settings)
    store.client.flushall()
    open_site(store)
    fill(store, settings, comments, plain=kind.startswith("plain"))
    with waiting_worker(kind, settings) as worker:
        began = time.perf_counter()
        worker.begin()
        if kind == PURE:
            return len(comments) / worker.seconds()
        _wait_until_settled(store, len(comments))
        return len(comments) / (time.perf_counter() - began)


def _wait_until_settled(store: Store, count: int) -> None:
    until = time.monotonic() + LONGEST_S
    while int(cast("bytes", store.client.hget(SiteKeys(SITE).counters, "settled")) or 0) < count:
        if time.monotonic() > until:
            raise CommentsLost(f"not settled within {LONGEST_S:g} s")
        time.sleep(LOOK_EVERY_S)


def _settled(kind: str, settings: Settings, expected: int) -> dict[str, int]:
    if kind == PURE:
        return {}
    store = store_of(settings)
    statuses = [store.comments.status(SITE, f"{number:026d}") for number in range(expected)]
    left = store.inbox.depth(SITE)
    store.client.close()
    if left or "received" in statuses or "" in statuses:
        raise CommentsLost(f"{kind}: {left} in the inbox, {statuses.count('received')} unsettled")
    return {name: statuses.count(name) for name in sorted(set(statuses))}


def _row(kind: str, figures: Figures, plan: Plan, ours: Sequence[float]) -> tuple[str, ...]:
    spread = report.Spread.of(figures.rates)
    return (
        ABOUT[kind],
        str(plan.count_of(kind)),
        report.number(spread.median),
        report.number(spread.low),
        report.number(spread.high),
        f"{report.ratio(ours, figures.rates).median:.2f} ×",
    )


def main() -> int:
    """Measure, print, and with ``--write`` keep the result."""
    parser = argparse.ArgumentParser(description="Moderated comments a second, against peers.")
    report.add_options(parser)
    parser.add_argument("--rounds", type=int, default=Plan.rounds)
    parser.add_argument("--comments", type=int, default=Plan.comments)
    options = parser.parse_args()
    plan = Plan(options.rounds, options.comments)
    found = run(plan)
    report.keep("moderate", text_of(found, plan), options)
    bars = tuple(
        points.Series(ABOUT[kind], (report.Spread.of(each.rates).median,))
        for kind, each in found.items()
    )
    panel = points.Panel("Comments moderated a second by one worker", points.BARS, bars)
    points.keep(options.points, "moderate", panel)
    return 0


if __name__ == "__main__":
    sys.exit(main())

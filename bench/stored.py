"""What a comment costs with few and with very many stored. ``python -m bench.stored [--write]``.

Stores with 10³, 10⁴, 10⁵ and 10⁶ comments of one site lie beside each other, and each step of a
comment's way is asked of all of them in turn, round after round: a ratio is taken within a round.
The stores are asked directly, with nothing of the web server's own cost, which would hide growth;
the queue's page alone is asked of the whole application.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import count
from pathlib import Path

from flask.testing import FlaskClient

from bench import points, report
from bench.children import valkey
from bench.filling import approve, hold, settle_all
from bench.moderate import arrival_of
from bench.report import Limit
from bench.session import session
from bench.site import SITE, open_site, store_of
from bench.texts import Written, page_of, written
from config.settings import Settings
from service.app import create_app
from service.moderation.comment import Facts
from service.moderation.verdict import Status
from service.store.decisions import Order
from service.store.facets import digest_of, facets_of
from service.store.inbox import Settlement
from service.store.keys import SiteKeys, page_key
from service.store.paging import Order as Reading
from service.store.scripts import Argument
from service.store.search_words import bloom_of, page_words, words_of
from service.store.server.embedded import environment
from service.store.store import Store
from service.web.staff.guard import COOKIE

SIZES = (1_000, 10_000, 100_000, 1_000_000)
MOST_TIMES = 1.2
HELD_SHARE = 0.02
TEMPLATES = 100
TEMPLATE_PAGE = "https://journal.example/template"
ON_PAGE = 50
PAGES_AT_ONCE = 20
BUSY_EVERY = 20
"""One page in 20 that are written is the busy one: it has a twentieth of all comments."""
BUSY = "https://journal.example/busy"
SPAM_EVERY = 7
BY_AUTHOR = 5
APART_MS = 1_000
FIRST_CLONE = 10_000_000
READ = 20
CLONE = Path(__file__).with_name("clone.lua").read_text("utf-8")
STEPS = (
    "accept",
    "settle",
    "decide",
    "read a thread",
    "read the busiest thread",
    "the queue's page",
)


@dataclass(frozen=True)
class Plan:
    """Say how many comments are stored, and how often each step is taken in a round."""

    sizes: tuple[int, ...] = SIZES
    rounds: int = 5
    times: int = 60


@dataclass
class Stored:
    """Hold a filled store and the ways into it, and what each step took, ms a round."""

    size: int
    store: Store
    client: FlaskClient
    held: list[str]
    numbers: Iterator[int]
    ms: dict[str, list[float]] = field(default_factory=dict)


@contextmanager
def filled(folder: Path, size: int) -> Iterator[Stored]:
    """Run a server with ``size`` settled comments, one in 50 held, and the application over it."""
    with valkey(folder) as (settings, _):
        store = store_of(settings)
        # A million comments into the append-only file would fill the disk and measure it.
        store.client.config_set("appendonly", "no")
        open_site(store)
        held = max(int(size * HELD_SHARE), READ)
        settle_all(store, _templates(), approve)
        settle_all(store, written(held, seed=8), hold, first=TEMPLATES)
        _clone(store, size - held - TEMPLATES)
        yield _opened(settings, store, size, held)
        store.client.close()


def run(plan: Plan, say: Callable[[str], None] = print) -> list[Stored]:
    """Fill the stores and measure every step on each."""
    with tempfile.TemporaryDirectory(prefix="ecluse-bench-") as name, ExitStack() as opened:
        stores = []
        for size in plan.sizes:
            stores.append(opened.enter_context(filled(Path(name) / str(size), size)))
            say(f"  {size:,} comments stored")
        for number in range(plan.rounds):
            for step in STEPS:
                for each in stores:
                    _take(each, step, plan.times, number)
        return stores


def text_of(found: Sequence[Stored], plan: Plan) -> str:
    """Return the whole report."""
    rows = [
        (step, *(f"{statistics.median(each.ms[step]):.2f}" for each in found), _times(found, step))
        for step in STEPS
    ]
    heads = ("ms", *(f"{each.size:,}" for each in found), "last ÷ first")
    limits = [
        Limit(
            f"{step}: {found[-1].size:,} ÷ {found[0].size:,}", "×", MOST_TIMES, _grown(found, step)
        )
        for step in STEPS
    ]
    return "\n\n".join(
        (
            f"{plan.rounds} rounds of {plan.times} times each step on each store in turn, one "
            f"thread, no append-only file, {_allocator()}; medians. One comment in 50 is held, "
            f"one in 20 stands on one page, the others {ON_PAGE} to a page.",
            report.table(heads, rows),
            report.limits_table(limits),
            report.machine(),
        )
    )


def _allocator() -> str:
    is_there = "LD_PRELOAD" in environment()
    return "jemalloc" if is_there else "the C library's allocator"


def _templates() -> list[Written]:
    return [replace(each, page=TEMPLATE_PAGE) for each in written(TEMPLATES, seed=7)]


def _clone(store: Store, wanted: int) -> None:
    """Write at least ``wanted`` comments like the templates, less than a page's worth more."""
    keys = SiteKeys(SITE)
    ids = [f"{number:026d}" for number in range(TEMPLATES)]
    records = store.comments.get_many(SITE, ids)
    facets = [facets_of(replace(r.comment, page=""), r.verdict, "") for r in records]
    fixed = [keys.counters, keys.facets, keys.status("approved"), keys.status("spam")]
    names = [*fixed, *map(keys.comment, ids)]
    clone = store.client.register_script(CLONE)
    pages, first_ms = count(1), 1_700_000_000_000
    for done in range(0, max(wanted, 0), ON_PAGE * PAGES_AT_ONCE):
        left = -(-(wanted - done) // ON_PAGE)
        here = [page for _, page in zip(range(min(left, PAGES_AT_ONCE)), pages, strict=False)]
        addresses = [BUSY if page % BUSY_EVERY == 1 else page_of(page + 1_000) for page in here]
        arguments: list[Argument] = [
            keys.comment("").removesuffix("comment:"), FIRST_CLONE + done,
            first_ms + done * APART_MS, APART_MS, ON_PAGE, SPAM_EVERY, BY_AUTHOR, TEMPLATE_PAGE,
            *facets,
        ]  # fmt: skip
        for at, address in enumerate(addresses):
            first = FIRST_CLONE + done + at * ON_PAGE
            arguments += [page_key(address), address, _page_facets(address), _author_facets(first)]
        clone(keys=names, args=arguments)


def _page_facets(address: str) -> bytes:
    digest = digest_of(page_key(address)).to_bytes(8, "little")
    return digest + bloom_of(words_of(page_words(address)))


def _author_facets(first: int) -> bytes:
    """Return the digests of those who wrote the comments of one page from number ``first`` on."""
    authors = range(first // BY_AUTHOR, (first + ON_PAGE) // BY_AUTHOR)
    return b"".join(digest_of(f"{author:024x}").to_bytes(8, "little") for author in authors)


def _opened(settings: Settings, store: Store, size: int, held: int) -> Stored:
    client = create_app(settings).test_client()
    client.set_cookie(COOKIE, session(store))
    ids = [f"{number:026d}" for number in range(TEMPLATES, TEMPLATES + held)]
    return Stored(size, store, client, ids, count(20_000_000))


def _take(each: Stored, step: str, times: int, number: int) -> None:
    actions: dict[str, Callable[[Stored, int, int], list[float]]] = {
        "accept": _accept,
        "settle": _settle,
        "decide": _decide,
        "read a thread": _read,
        "read the busiest thread": _read_busy,
        "the queue's page": _page,
    }
    found = actions[step](each, times, number)
    each.ms.setdefault(step, []).append(statistics.median(found))


def _accept(each: Stored, times: int, number: int) -> list[float]:
    arrivals = [
        arrival_of(each.store, next(each.numbers), comment)
        for comment in written(times, seed=1_000 + number)
    ]
    return [_ms(partial(each.store.comments.accept, arrival)) for arrival in arrivals]


def _settle(each: Stored, times: int, _number: int) -> list[float]:
    """Settle what was just accepted, ten at a time; ms for each comment."""
    taken = []
    for _ in range(-(-times // 10)):
        entries = each.store.inbox.take(SITE, "bench", 10)
        pending = each.store.inbox.load(SITE, entries, Facts())
        settlements = [Settlement(item, approve(item.case)) for item in pending]
        taken.append(_ms(partial(each.store.inbox.settle, SITE, settlements)) / len(settlements))
    return taken


def _decide(each: Stored, times: int, number: int) -> list[float]:
    """Approve held comments one at a time, and put them back."""
    ids = [each.held[(number * times + at) % len(each.held)] for at in range(times)]

    def decide(comment_id: str, target: Status) -> None:
        orders, now_ms = [Order(comment_id, target)], time.time_ns() // 1_000_000
        each.store.decisions.decide(SITE, orders, "bench", "", now_ms)

    taken = []
    for comment_id in ids:
        taken.append(_ms(partial(decide, comment_id, Status.APPROVED)))
        decide(comment_id, Status.HELD)
    return taken


def _read(each: Stored, times: int, _number: int) -> list[float]:
    last = max(each.size // ON_PAGE, 2)
    pages = [page_of(1_001 + at * 7919 % last) for at in range(times)]
    return [_ms(partial(_thread, each.store, page)) for page in pages]


def _read_busy(each: Stored, times: int, _number: int) -> list[float]:
    return [_ms(partial(_thread, each.store, BUSY)) for _ in range(times)]


def _thread(store: Store, page: str) -> None:
    store.threads.state(SITE, page)
    store.threads.read(SITE, page, Reading.NEWEST, READ, "")


def _page(each: Stored, times: int, _number: int) -> list[float]:
    def ask() -> None:
        status = each.client.get(f"/moderate/?site={SITE}").status_code
        if status != 200:
            raise ValueError(f"the queue's page answers {status}")

    return [_ms(ask) for _ in range(max(times // 6, 3))]


def _ms(step: Callable[[], object]) -> float:
    began = time.perf_counter()
    step()
    return (time.perf_counter() - began) * 1000


def _grown(found: Sequence[Stored], step: str) -> report.Spread:
    return report.ratio(found[-1].ms[step], found[0].ms[step])


def _times(found: Sequence[Stored], step: str) -> str:
    return f"{_grown(found, step).median:.2f} ×"


def main() -> int:
    """Measure, print, and with ``--write`` keep the result."""
    parser = argparse.ArgumentParser(description="Costs against stored comments.")
    report.add_options(parser)
    parser.add_argument("--rounds", type=int, default=Plan.rounds)
    parser.add_argument("--most", type=int, default=SIZES[-1], help="comments of the largest store")
    options = parser.parse_args()
    sizes = tuple(size for size in SIZES if size <= options.most)
    plan = Plan(sizes, options.rounds)
    found = run(plan, lambda line: print(line, flush=True))
    report.keep("stored", text_of(found, plan), options)
    shown = {
        step: [report.ratio(each.ms[step], found[0].ms[step]).median for each in found]
        for step in STEPS
    }
    labels = [f"{each.size:,}" for each in found]
    panel = points.lines(f"Cost by stored comments, of that with {sizes[0]:,}", labels, shown)
    points.keep(options.points, "stored", panel)
    return 0


if __name__ == "__main__":
    sys.exit(main())

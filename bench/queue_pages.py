"""What the queue's pages cost, and how fast keys decide. ``python -m bench.queue_pages``.

The page, a look for changes and a decision are asked of the application itself, with few and
with many held comments, in processor time of the web process and in time at the clock. With
``--keys`` a browser clears a hundred comments of a running service by keys.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from flask.testing import FlaskClient
from playwright.sync_api import Page, sync_playwright

from bench import report
from bench.children import child, environment_of, free_port, listens, python, until_ready, valkey
from bench.queue import filled, hold
from bench.session import session
from bench.site import SITE, open_site, store_of
from config.settings import Settings
from service.app import create_app
from service.store.store import Store
from service.web.staff.guard import COOKIE

CHROMIUM = "/usr/bin/chromium"
CLEARED = 100
PAGES_OPEN = 200
POLL_EVERY_S = 2


@dataclass(frozen=True)
class Cost:
    """Hold what one request takes: at the clock and of the web process's processor, in ms."""

    clock_ms: float
    processor_ms: float


def asked(client: FlaskClient, path: str, times: int) -> Cost:
    """Measure one address."""
    answer = client.get(path)
    if answer.status_code >= 300:
        raise ValueError(f"{path} answered {answer.status_code}")
    taken = []
    began = time.process_time()
    for _ in range(times):
        at = time.perf_counter()
        client.get(path)
        taken.append((time.perf_counter() - at) * 1000)
    spent = (time.process_time() - began) * 1000
    return Cost(statistics.median(taken), spent / times)


def costs(settings: Settings, store: Store, times: int) -> dict[str, Cost]:
    """Measure the pages over one store."""
    client = create_app(settings).test_client()
    client.set_cookie(COOKIE, session(store))
    place = store.live.since(SITE, "", 1).last
    base = f"/moderate/?site={SITE}"
    paths = {
        "the queue, 20 cards": base,
        "most severe first": f"{base}&sort=severity",
        "French, with a link": f"{base}&language=fr&link=yes",
        "a frequent word": f"{base}&words=cycliste",
        "20 more cards": f"/moderate/cards?site={SITE}",
        "the chart of scores": f"/moderate/scores/?site={SITE}",
        "changes, none": f"/moderate/changes?site={SITE}&after={place}",
    }
    return {name: asked(client, path, times) for name, path in paths.items()}


def keys_a_second(folder: Path) -> float:
    """Return how many comments a second a browser clears by keys."""
    with valkey(folder) as (settings, _):
        store = store_of(settings)
        open_site(store)
        hold(store, CLEARED)
        token, port = session(store), free_port()
        command = python("bench.serve", "ecluse", str(port), str(settings.web_threads))
        with (
            child(command, folder, environment_of(settings)) as process,
            sync_playwright() as playwright,
        ):
            until_ready(process, lambda: listens(port), folder)
            address = f"http://127.0.0.1:{port}"
            browser = playwright.chromium.launch(
                executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
            )
            page = browser.new_page()
            page.context.add_cookies([{"name": COOKIE, "value": token, "url": address}])
            page.goto(f"{address}/moderate/?site={SITE}")
            return cleared(page, lambda: store.queue.counts(SITE).held)


def cleared(page: Page, held: Callable[[], int]) -> float:
    """Press keys until nothing waits, here and in the store; return decisions a second."""
    current = page.locator(".card[aria-current=true]")
    began = time.perf_counter()
    for _ in range(CLEARED):
        current.wait_for()
        page.keyboard.press("a")
    while held():
        time.sleep(0.01)
    return CLEARED / (time.perf_counter() - began)


def text_of(few: int, many: int, times: int) -> str:
    """Measure and return the whole report."""
    with tempfile.TemporaryDirectory(prefix="ecluse-bench-") as name, ExitStack() as opened:
        stores = [
            opened.enter_context(filled(Path(name) / str(count), count)) for count in (few, many)
        ]
        small, large = (costs(settings, store, times) for settings, store in stores)
    rows = [
        (
            asked_for,
            f"{small[asked_for].clock_ms:.2f}",
            f"{cost.clock_ms:.2f}",
            f"{cost.processor_ms:.2f}",
        )
        for asked_for, cost in large.items()
    ]
    share = large["changes, none"].processor_ms * PAGES_OPEN / POLL_EVERY_S / 10
    heads = ("asked", f"{few:,} held, ms", f"{many:,} held, ms", "of the processor, ms")
    return "\n\n".join(
        (
            f"{times} times each; medians at the clock, means of the processor.",
            report.table(heads, rows),
            f"{PAGES_OPEN} open pages that each ask every {POLL_EVERY_S} s take {share:.0f}% of "
            "one core while nothing happens.",
            report.machine(),
        )
    )


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="What the queue's pages cost.")
    parser.add_argument("--keys", action="store_true", help="only clear comments by keys")
    parser.add_argument("--comments", type=int, default=200_000)
    parser.add_argument("--times", type=int, default=40)
    options = parser.parse_args()
    if options.keys:
        with tempfile.TemporaryDirectory(prefix="ecluse-bench-") as name:
            print(f"{keys_a_second(Path(name)):.1f} decisions a second by keyboard")
    else:
        print(text_of(200, options.comments, options.times))
    return 0


if __name__ == "__main__":
    sys.exit(main())

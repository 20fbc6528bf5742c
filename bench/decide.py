"""Decisions a second by the API, one and a hundred at a time. ``python -m bench.decide``.

Each comment is decided over and over: approved, refused, approved. At the end the store is asked
whether it counted every decision that was answered.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import orjson

from bench import points, report
from bench.children import environment_of, valkey
from bench.filling import hold, settle_all
from bench.race import Pace, Runner, heads, race, rows_of, served, told
from bench.site import SITE, CommentsLost, open_site, store_of
from bench.texts import written
from service.store.sites import Scope
from service.store.store import Store

HELD = 4_000
AT_ONCE = 100
ACTIONS = ("approve", "reject")


def run(pace: Pace, held: int = HELD) -> dict[str, Runner]:
    """Measure single decisions, bulk ones, and a bare view beside."""
    with tempfile.TemporaryDirectory(prefix="ecluse-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        settings, store_pid = stack.enter_context(valkey(folder / "ecluse"))
        store = store_of(settings)
        stack.callback(store.client.close)
        open_site(store)
        _, token = store.sites.create_key(SITE, "bench", frozenset({Scope.MODERATE}))
        settle_all(store, written(held, seed=3), hold)
        ids = [f"{number:026d}" for number in range(held)]
        here = stack.enter_context(served(folder / "ecluse", "ecluse", environment_of(settings)))
        bare = stack.enter_context(served(folder / "bare", "bare", {}))
        pids = [here.pid, store_pid]
        single = _decisions(token, [ids[at : at + 1] for at in range(0, held, 2)])
        bulk = _decisions(token, list(_groups(ids[1::2])))
        size = min(AT_ONCE, held // 2)
        found = race(
            [
                Runner("single", "one at a time", here.port, single, 200, pids),
                Runner("bulk", f"{size} at a time", here.port, bulk, 200, pids, size),
                Runner("bare", "bare view", bare.port, _bare_requests, 202, [bare.pid]),
            ],
            pace,
        )
        _check(store, found["single"].answered + found["bulk"].answered * size)
        return found


def text_of(found: dict[str, Runner], pace: Pace, held: int = HELD) -> str:
    """Return the whole report."""
    return "\n\n".join(
        (
            f"{told(pace)} {held:,} comments held at first.",
            report.table(heads("decisions/s", "one at a time"), rows_of(found, "single")),
            "Milliseconds are those of a request, µs those of a decision. Each decision is written "
            "to the audit log and to the comment's timeline, and can be taken back.",
            report.machine(),
        )
    )


def _groups(ids: Sequence[str]) -> Iterator[list[str]]:
    for start in range(0, len(ids) - len(ids) % AT_ONCE or len(ids), AT_ONCE):
        yield list(ids[start : start + AT_ONCE])


def _decisions(token: str, groups: Sequence[list[str]]) -> Callable[[int], Iterable[bytes]]:
    """Return requests that never end; each pass over the comments decides otherwise."""

    def endless() -> Iterator[bytes]:
        number = 0
        while True:
            for group in groups:
                yield _request(token, group, ACTIONS[number % 2])
            number += 1

    going_on = endless()
    return lambda _: going_on


def _request(token: str, group: list[str], action: str) -> bytes:
    who = {"id": group[0]} if len(group) == 1 else {"ids": group}
    body = orjson.dumps({"site": SITE, "action": action, **who})
    return (
        f"POST /v1/moderation/decisions HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Authorization: Bearer {token}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode() + body


def _bare_requests(_number: int) -> Iterator[bytes]:
    body = b'{"site":"bench","action":"approve","id":"00000000000000000000000001"}'
    head = f"POST /v1/sites/{SITE}/comments HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    request = f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    while True:
        yield request.encode() + body


def _check(store: Store, answered: int) -> None:
    counted = store.decisions.counts(SITE).get("decisions", 0)
    if counted != answered:
        raise CommentsLost(f"{answered} decisions answered, {counted} counted")


def main() -> int:
    """Measure, print, and with ``--write`` keep the result."""
    parser = argparse.ArgumentParser(description="Decisions a second by the API.")
    report.add_options(parser)
    parser.add_argument("--rounds", type=int, default=Pace.rounds)
    parser.add_argument("--seconds", type=float, default=Pace.seconds)
    options = parser.parse_args()
    pace = Pace(options.rounds, options.seconds, connections=16)
    found = run(pace)
    report.keep("decide", text_of(found, pace), options)
    points.keep(options.points, "decide", points.bars("Decisions a second", found.values()))
    return 0


if __name__ == "__main__":
    sys.exit(main())

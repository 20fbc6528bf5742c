"""A page's thread read by its visitors, against peers. ``python -m bench.threads [--write]``.

Every contender holds the same 20 approved comments of one page, and is asked for all of them.
The bare views stand on the same server with the same options: one answers the bytes of our
answer, the other 304 and nothing.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from itertools import repeat
from pathlib import Path
from urllib.parse import quote

from bench import isso_server, points, report, waline
from bench.children import NotStarted, environment_of, free_port, valkey
from bench.filling import approve, settle_all
from bench.load import send
from bench.race import Pace, Runner, asked, heads, race, rows_of, served, told
from bench.report import Target
from bench.site import SITE, open_site, store_of
from bench.texts import Written, written

PATH = "/articles/thread"
PAGE = f"https://journal.example{PATH}"
SHOWN = 20
PACKAGES = ("flask", "flask-smorest", "granian", "gunicorn", "isso")

Isso = tuple[str, str, Callable[[Path, int], list[str]]]
ISSOS: tuple[Isso, ...] = (
    ("isso", "isso, its own command", isso_server.own_command),
    ("isso-4", "isso, 4 processes", isso_server.image_command),
)


def comments() -> list[Written]:
    """Return what stands under the page."""
    return [replace(each, page=PAGE) for each in written(SHOWN, seed=20)]


def our_request(etag: str = "") -> bytes:
    """Return the request of a page's script; with ``etag``, that of a browser which has it."""
    known = f"If-None-Match: {etag}\r\n" if etag else ""
    path = f"/v1/sites/{SITE}/pages/{quote(PAGE, safe='')}/comments"
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{known}\r\n".encode()


def isso_request() -> bytes:
    """Return the request of Isso's script."""
    path = f"/?uri={quote(PATH, safe='')}&limit={SHOWN}"
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: http://127.0.0.1\r\n\r\n".encode()


def contenders(
    stack: ExitStack, folder: Path, missing: list[str], issos: Sequence[Isso] = ISSOS
) -> list[Runner]:
    """Start everybody, filled; note in ``missing`` who could not be had, and why."""
    runners = [*_ours(stack, folder)]
    for name, about, command in issos:
        port = free_port()
        pid = stack.enter_context(isso_server.isso(folder / name, port, command))
        _post(port, map(isso_server.request_of, comments()), b"201")
        runners.append(Runner(name, about, port, _always(isso_request()), 200, [pid]))
    try:
        there = stack.enter_context(waline.waline(folder / "waline"))
    except waline.NotThere as reason:
        missing.append(f"Not measured: Waline, because {reason}.")
    else:
        _post(there.port, map(waline.request_of, comments()), b"200")
        request = waline.thread_request(PATH, SHOWN)
        runners.append(
            Runner("waline", "Waline, one process", there.port, _always(request), 200, [there.pid])
        )
    return runners


def run(pace: Pace, missing: list[str]) -> dict[str, Runner]:
    """Measure everybody."""
    with tempfile.TemporaryDirectory(prefix="ecluse-bench-") as name, ExitStack() as stack:
        return race(contenders(stack, Path(name), missing), pace)


def targets(found: dict[str, Runner]) -> list[Target]:
    """Return the promises about reading."""
    pairs = (
        ("Écluse, 200 ÷ bare view, the same bytes", "ecluse", "bare", 0.6),
        ("Écluse, 304 ÷ bare view, 304", "ecluse-304", "bare-304", 0.6),
    )
    return [
        Target(about, least, report.ratio(found[ours].rates, found[theirs].rates))
        for about, ours, theirs, least in pairs
    ]


def text_of(found: dict[str, Runner], pace: Pace, missing: Sequence[str]) -> str:
    """Return the whole report."""
    return "\n\n".join(
        (
            told(pace),
            report.table(heads("reads/s", "Écluse, 200,"), rows_of(found, "ecluse")),
            *missing,
            report.targets_table(targets(found)),
            report.machine(report.PACKAGES + PACKAGES),
        )
    )


def _ours(stack: ExitStack, folder: Path) -> list[Runner]:
    settings, store_pid = stack.enter_context(valkey(folder / "ecluse"))
    store = store_of(settings)
    open_site(store)
    settle_all(store, comments(), approve)
    store.client.close()
    here = stack.enter_context(served(folder / "ecluse", "ecluse", environment_of(settings)))
    status, headers, body = asked(here.port, our_request())
    if status != 200:
        raise NotStarted(f"the thread answers {status}")
    bytes_file = folder / "answer"
    bytes_file.write_bytes(body)
    bare = stack.enter_context(served(folder / "bare", f"bare-read:{bytes_file}", {}))
    known = our_request(headers["etag"])
    pids = [here.pid, store_pid]
    return [
        Runner("ecluse", "Écluse, 200", here.port, _always(our_request()), 200, pids),
        Runner("ecluse-304", "Écluse, 304", here.port, _always(known), 304, pids),
        Runner("bare", "bare view, the same bytes", bare.port, _always(our_request()), 200,
               [bare.pid]),
        Runner("bare-304", "bare view, 304", bare.port, _always(known), 304, [bare.pid]),
    ]  # fmt: skip


def _always(request: bytes) -> Callable[[int], Iterable[bytes]]:
    return lambda _: repeat(request)


def _post(port: int, requests: Iterable[bytes], status: bytes) -> None:
    for request in requests:
        answer = send(port, request)
        if answer[9:12] != status:
            raise NotStarted(answer[:500].decode("utf-8", "replace"))


def main() -> int:
    """Measure, print, and with ``--write`` keep the result."""
    parser = argparse.ArgumentParser(description="A page's thread read, against peers.")
    report.add_options(parser)
    parser.add_argument("--rounds", type=int, default=Pace.rounds)
    parser.add_argument("--seconds", type=float, default=Pace.seconds)
    options = parser.parse_args()
    pace, missing = Pace(options.rounds, options.seconds), list[str]()
    found = run(pace, missing)
    report.keep("threads", text_of(found, pace, missing), options)
    points.keep(options.points, "threads", points.bars("Threads read a second", found.values()))
    return 0


if __name__ == "__main__":
    sys.exit(main())

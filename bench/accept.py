"""Accepted comments a second, against peers. ``python -m bench.accept [--write]``.

Every contender listens from the start; they are loaded in turn, round after round, so
that what else the machine does falls on all of them alike. At the end each one's store
is asked whether it holds every comment it said it took.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path

import orjson
from redis import Redis

from bench import isso_server, points, race, report, waline
from bench.children import (
    child,
    environment_of,
    free_port,
    listens,
    processor_s,
    python,
    until_ready,
    valkey,
)
from bench.load import Load, LoadFailed, measure
from bench.plain import plain_queue
from bench.report import Target
from bench.site import SITE, CommentsLost, open_site, store_of
from bench.texts import Written, written
from bench.worker import waiting_worker
from config.settings import Durability, Settings
from service.store.keys import SiteKeys
from service.store.server.embedded import server_urls

SERVERS = ("flask", "flask-smorest", "granian", "gunicorn", "isso")
PEERS = ("isso", "waline")
"""Those whose failure is theirs: it is reported, and the others are measured on."""
ENOUGH_PER_S = 5_000
"""Distinct requests made for each second of a measurement; those that store answer fewer."""


@dataclass(frozen=True)
class Plan:
    """Say how long and how often to measure."""

    rounds: int = 5
    seconds: float = 3.0
    warm_up_s: float = 0.7
    connections: int = 32


@dataclass
class Contender:
    """Hold one server under load, and what it was seen to do."""

    name: str
    about: str
    port: int
    request_of: Callable[[Written], bytes]
    status: int
    count_stored: Callable[[], int] | None
    pids: list[int]
    has_worker: Settings | None = None
    enough_per_s: int = ENOUGH_PER_S
    loads: list[Load] = field(default_factory=list)
    processor_us: list[float] = field(default_factory=list)
    uncounted: int = 0
    """Stored in a round that a peer did not get through."""

    @property
    def rates(self) -> list[float]:
        """Return the rate of each round."""
        return [load.rate for load in self.loads]


def run(
    plan: Plan,
    names: Sequence[str] = (),
    fsyncs_ms: list[float] | None = None,
    missing: list[str] | None = None,
) -> dict[str, Contender]:
    """Measure the contenders (all, or those named), and check what each one stored.

    ``fsyncs_ms`` gathers how fast the disk was before each round, ``missing`` which peers
    could not be had, and why.
    """
    with tempfile.TemporaryDirectory(prefix="ecluse-bench-") as name, ExitStack() as stack:
        contenders = stack.enter_context(_contenders(Path(name), names, missing))
        for number in range(plan.rounds):
            if fsyncs_ms is not None:
                fsyncs_ms.append(report.fsync_ms(Path(name)))
            for contender in list(contenders):
                try:
                    _measure(contender, plan, number)
                except LoadFailed as reason:
                    if missing is None or not contender.name.startswith(PEERS):
                        raise
                    if not _measured_again(contender, plan, number, missing):
                        contenders.remove(contender)
                        missing.append(f"Not measured: {contender.about}, because: {reason}.")
        for contender in contenders:
            _check(contender)
        return {contender.name: contender for contender in contenders}


def targets(found: dict[str, Contender]) -> list[Target]:
    """Return the promises about accepting."""
    ours = found["ecluse"].rates
    wanted = {"bare": 0.4, "plain": 2.0, "isso": 15.0, "isso-4": 10.0}
    return [
        Target(f"Écluse ÷ {found[name].about}", least, report.ratio(ours, found[name].rates))
        for name, least in wanted.items()
        if name in found
    ]


def text_of(
    found: dict[str, Contender],
    plan: Plan,
    fsyncs_ms: Sequence[float],
    missing: Sequence[str] = (),
) -> str:
    """Return the whole report."""
    rows = [race.row_of(contender, found["ecluse"].rates) for contender in found.values()]
    heads = race.heads("accepted/s", "Écluse")
    disk = report.Spread.of(fsyncs_ms)
    return "\n\n".join(
        (
            f"{plan.rounds} interleaved rounds of {plan.seconds:g} s after {plan.warm_up_s:g} s "
            f"of warm-up, {plan.connections} keep-alive connections, closed loop; medians.",
            report.table(heads, rows),
            *missing,
            "µs of processor: what one accepted comment costs the contender's server and store "
            "together, which busy neighbours change least.",
            f"The disk made 4 KiB durable in {disk.median:.1f} ms ({disk.low:.1f} to "
            f"{disk.high:.1f} before the rounds). isso waits for it at every comment, relaxed "
            "Écluse never: the busier the disk, the larger that ratio.",
            report.targets_table(targets(found)),
            report.machine(report.PACKAGES + SERVERS),
        )
    )


def request_of_key(token: str) -> Callable[[Written], bytes]:
    """Return how a site's server posts a comment with its key."""

    def request(comment: Written) -> bytes:
        body = orjson.dumps(
            {
                "author": comment.author,
                "email": comment.email,
                "content": comment.content,
                "page": comment.page,
                "url": comment.url,
                "lang": comment.lang,
                "ip": comment.ip,
                "user_agent": comment.user_agent,
            }
        )
        head = (
            f"POST /v1/sites/{SITE}/comments HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"User-Agent: journal/1.0\r\nAuthorization: Bearer {token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    return request


@contextmanager
def _contenders(
    folder: Path, names: Sequence[str], missing: list[str] | None
) -> Iterator[list[Contender]]:
    makers: dict[str, Callable[[ExitStack], Contender]] = {
        "echo": lambda stack: _echo(stack, folder / "echo"),
        "ecluse": lambda stack: _ours(stack, folder / "ecluse", "ecluse", "Écluse"),
        "bare": lambda stack: _bare(stack, folder / "bare"),
        "plain": lambda stack: _ours(stack, folder / "plain", "plain", "plain design (b)"),
        "plain-behind": lambda stack: _ours(
            stack, folder / "plain-behind", "plain-behind", "its store behind our API (b′)"
        ),
        "plain-alone": lambda stack: _ours(
            stack, folder / "plain-alone", "plain-alone", "its store behind the least Flask (b″)"
        ),
        "isso": lambda stack: _isso(
            stack, folder / "isso", "isso, its own command (c)", isso_server.own_command
        ),
        "isso-4": lambda stack: _isso(
            stack, folder / "isso-4", "isso, 4 processes (c′)", isso_server.image_command
        ),
        "waline": lambda stack: _waline(stack, folder / "waline"),
        "strict": lambda stack: _ours(
            stack, folder / "strict", "ecluse", "Écluse, strict", durability=Durability.STRICT
        ),
        "ecluse+worker": lambda stack: _ours(
            stack, folder / "ecluse+worker", "ecluse", "Écluse, a worker beside", works=True
        ),
        "plain+worker": lambda stack: _ours(
            stack, folder / "plain+worker", "plain", "(b), a worker beside", works=True
        ),
    }
    with ExitStack() as stack:
        made: list[Contender] = []
        for name in names or makers:
            try:
                made.append(makers[name](stack))
            except waline.NotThere as reason:
                if missing is None:
                    raise
                missing.append(f"Not measured: {name}, because {reason}.")
        yield made


def _ours(
    stack: ExitStack,
    folder: Path,
    application: str,
    about: str,
    durability: Durability = Durability.RELAXED,
    *,
    works: bool = False,
) -> Contender:
    settings, store_pid = stack.enter_context(valkey(folder, durability))
    token = open_site(store_of(settings))
    port, pid = _serve(stack, folder, application, environment_of(settings))
    is_plain = application.startswith("plain")
    return Contender(
        folder.name,
        about,
        port,
        request_of_key(token),
        202,
        lambda: _count_kept(settings, is_plain=is_plain, works=works),
        [pid, store_pid],
        settings if works else None,
    )


def _bare(stack: ExitStack, folder: Path) -> Contender:
    folder.mkdir()
    port, pid = _serve(stack, folder, "bare", {})
    return Contender("bare", "bare Flask view (a)", port, request_of_key("none"), 202, None, [pid])


def _echo(stack: ExitStack, folder: Path) -> Contender:
    folder.mkdir()
    port, pid = _serve(stack, folder, "echo", {})
    return Contender(
        "echo", "the generator's ceiling", port, request_of_key("none"), 202, None, [pid]
    )


def _isso(
    stack: ExitStack, folder: Path, about: str, command_of: Callable[[Path, int], list[str]]
) -> Contender:
    port = free_port()
    pid = stack.enter_context(isso_server.isso(folder, port, command_of))
    return Contender(
        folder.name,
        about,
        port,
        isso_server.request_of,
        201,
        lambda: isso_server.count_stored(folder),
        [pid],
        enough_per_s=1_000,
    )


def _waline(stack: ExitStack, folder: Path) -> Contender:
    there = stack.enter_context(waline.waline(folder))
    return Contender(
        folder.name,
        "Waline, one process (d)",
        there.port,
        waline.request_of,
        200,
        lambda: waline.count_stored(folder),
        [there.pid],
        enough_per_s=1_000,
    )


def _serve(
    stack: ExitStack, folder: Path, application: str, environment: dict[str, str]
) -> tuple[int, int]:
    port = free_port()
    command = python("bench.serve", application, str(port), str(Settings().web_threads))
    process = stack.enter_context(child(command, folder, environment))
    until_ready(process, lambda: listens(port), folder)
    return port, process.pid


def _measure(contender: Contender, plan: Plan, number: int) -> None:
    count = int(contender.enough_per_s * (plan.seconds + plan.warm_up_s))
    requests = [contender.request_of(comment) for comment in written(count, seed=number)]
    with ExitStack() as stack:
        if contender.has_worker:
            kind = "plain-simple" if contender.name.startswith("plain") else "ecluse"
            stack.enter_context(waiting_worker(kind, contender.has_worker, for_ever=True)).begin()
        before = processor_s(contender.pids)
        load = measure(
            contender.port,
            requests if contender.count_stored else cycle(requests),
            contender.status,
            connections=plan.connections,
            warm_up_s=plan.warm_up_s,
            seconds=plan.seconds,
        )
        used_s = processor_s(contender.pids) - before
    contender.loads.append(load)
    contender.processor_us.append(used_s / load.answered * 1e6)


def _measured_again(contender: Contender, plan: Plan, number: int, missing: list[str]) -> bool:
    """Give a peer that broke down in a round that round once more; say whether it held."""
    assert contender.count_stored is not None  # noqa: S101  peers all store
    answered = sum(load.answered for load in contender.loads)
    contender.uncounted = contender.count_stored() - answered
    try:
        _measure(contender, plan, plan.rounds + number)
    except LoadFailed:
        return False
    missing.append(f"{contender.about} failed under the load of a round, and ran it once more.")
    return True


def _check(contender: Contender) -> None:
    if contender.count_stored is None:
        return
    answered = sum(load.answered for load in contender.loads)
    stored = contender.count_stored() - contender.uncounted
    if stored != answered:
        raise CommentsLost(f"{contender.name}: {answered} taken, {stored} stored")


def _count_kept(settings: Settings, *, is_plain: bool, works: bool) -> int:
    """Count the comments that are stored and, with no worker beside, still wait for one."""
    with Redis.from_url(server_urls(settings).store) as client:
        names = client.scan_iter(SiteKeys(SITE).comment("*"), count=5000)
        beside = SiteKeys(SITE).comment("").count(":") + 1
        stored: int = sum(name.count(b":") < beside for name in names)
        waiting = plain_queue(settings).count if is_plain else client.xlen(SiteKeys(SITE).inbox)
    return stored if works else min(stored, int(waiting))


def main() -> int:
    """Measure, print, and with ``--write`` keep the result."""
    parser = argparse.ArgumentParser(description="Accepted comments a second, against peers.")
    report.add_options(parser)
    parser.add_argument("--rounds", type=int, default=Plan.rounds)
    parser.add_argument("--seconds", type=float, default=Plan.seconds)
    parser.add_argument("--connections", type=int, default=Plan.connections)
    options = parser.parse_args()
    plan = Plan(options.rounds, options.seconds, connections=options.connections)
    fsyncs_ms: list[float] = []
    missing = [f"Not measured: Twikoo's server, because {waline.twikoo()}."]
    found = run(plan, fsyncs_ms=fsyncs_ms, missing=missing)
    report.keep("accept", text_of(found, plan, fsyncs_ms, missing), options)
    shown = [each for name, each in found.items() if name != "echo"]
    points.keep(options.points, "accept", points.bars("Comments accepted a second", shown))
    return 0


if __name__ == "__main__":
    sys.exit(main())

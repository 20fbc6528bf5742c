"""Analyses a second at the door of Perspective, on one core. ``python -m bench.perspective``.

Each server is held to one core of the machine; the generator and the store run on the others.
All listen from the start and are loaded in turn, round after round. Every comment is another
one, so that nothing could be answered from memory.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path

import orjson

from bench import race, report
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
from bench.load import Load, measure, send
from bench.site import SITE, open_site, store_of
from bench.texts import Written, written
from config.settings import EncoderUse, Settings
from service.store.doors.door_keys import Door

WANTED_PER_S = 1_000
ENOUGH_PER_S = 4_000
SERVERS = ("flask", "granian", "tokenizers")
ABOUT = {
    "ecluse": "Écluse, encoder where in doubt",
    "linear": "Écluse, encoder off",
    "bare": "bare Flask view",
}


@dataclass(frozen=True)
class Plan:
    """Say how long and how often to measure."""

    rounds: int = 5
    seconds: float = 3.0
    warm_up_s: float = 1.0
    connections: int = 32


@dataclass
class Contender:
    """Hold one server under load, and what it was seen to do."""

    name: str
    port: int
    pid: int
    request_of: Callable[[Written], bytes]
    status: int
    loads: list[Load] = field(default_factory=list)
    processor_us: list[float] = field(default_factory=list)

    @property
    def about(self) -> str:
        """Return what the report calls it."""
        return ABOUT[self.name]

    @property
    def rates(self) -> list[float]:
        """Return the rate of each round."""
        return [load.rate for load in self.loads]


def run(plan: Plan) -> dict[str, Contender]:
    """Measure every contender."""
    with tempfile.TemporaryDirectory(prefix="ecluse-bench-") as name, ExitStack() as stack:
        contenders = stack.enter_context(_contenders(Path(name)))
        for number in range(plan.rounds):
            for contender in contenders:
                _measure(contender, plan, number)
        return {contender.name: contender for contender in contenders}


def text_of(found: dict[str, Contender], plan: Plan) -> str:
    """Return the whole report."""
    ours = found["ecluse"].rates
    heads = ("one core", "answers/s", "lowest", "highest", "Écluse is", "µs of processor",
             "p50 ms", "p99 ms")  # fmt: skip
    promise = report.Target(
        f"Écluse ÷ {WANTED_PER_S:,} analyses/s",
        1.0,
        report.Spread.of([rate / WANTED_PER_S for rate in ours]),
    )
    return "\n\n".join(
        (
            f"{plan.rounds} interleaved rounds of {plan.seconds:g} s after {plan.warm_up_s:g} s "
            f"of warm-up, {plan.connections} keep-alive connections, closed loop, one web process "
            f"of {Settings().web_threads} threads held to one core; medians.",
            report.table(heads, [race.row_of(each, ours)[:-1] for each in found.values()]),
            report.targets_table([promise]),
            report.machine(report.PACKAGES + SERVERS),
        )
    )


def request_of_key(token: str) -> Callable[[Written], bytes]:
    """Return how a client asks for a comment's toxicity, naming its language."""

    def request(comment: Written) -> bytes:
        body = orjson.dumps(
            {
                "comment": {"text": comment.content},
                "languages": [comment.lang],
                "requestedAttributes": {"TOXICITY": {}},
                "doNotStore": True,
            }
        )
        head = (
            f"POST /v1alpha1/comments:analyze?key={token} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    return request


def bare_request(comment: Written) -> bytes:
    """Return a request of the same size to the bare view."""
    body = request_of_key("none")(comment).partition(b"\r\n\r\n")[2]
    head = (
        f"POST /v1/sites/{SITE}/comments HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


@contextmanager
def _contenders(folder: Path) -> Iterator[list[Contender]]:
    with ExitStack() as stack:
        yield [
            _ours(stack, folder / "ecluse", EncoderUse.UNCERTAIN),
            _ours(stack, folder / "linear", EncoderUse.OFF),
            _bare(stack, folder / "bare"),
        ]


def _ours(stack: ExitStack, folder: Path, encoder: EncoderUse) -> Contender:
    settings, _ = stack.enter_context(valkey(folder))
    store = store_of(settings)
    open_site(store)
    _, token = store.door_keys.create(SITE, Door.PERSPECTIVE, "bench")
    environment = {**environment_of(settings), "ECLUSE_ENCODER": encoder.value}
    port, pid = _serve(stack, folder, "ecluse", environment)
    contender = Contender(folder.name, port, pid, request_of_key(token), 200)
    # The models are loaded by the first one that asks; some of these need every model.
    for comment in written(40, seed=-1):
        send(port, contender.request_of(comment))
    return contender


def _bare(stack: ExitStack, folder: Path) -> Contender:
    folder.mkdir()
    port, pid = _serve(stack, folder, "bare", {})
    return Contender("bare", port, pid, bare_request, 202)


def _serve(
    stack: ExitStack, folder: Path, application: str, environment: dict[str, str]
) -> tuple[int, int]:
    port = free_port()
    command = python("bench.serve", application, str(port), str(Settings().web_threads), "one-core")
    environment = {**environment, "ECLUSE_WEB_PROCESSES": "1"}
    process = stack.enter_context(child(command, folder, environment))
    until_ready(process, lambda: listens(port), folder)
    return port, process.pid


def _measure(contender: Contender, plan: Plan, number: int) -> None:
    count = int(ENOUGH_PER_S * (plan.seconds + plan.warm_up_s))
    requests = [contender.request_of(comment) for comment in written(count, seed=number)]
    before = processor_s([contender.pid])
    load = measure(
        contender.port,
        cycle(requests) if contender.name == "bare" else requests,
        contender.status,
        connections=plan.connections,
        warm_up_s=plan.warm_up_s,
        seconds=plan.seconds,
    )
    contender.loads.append(load)
    used_s = processor_s([contender.pid]) - before
    contender.processor_us.append(used_s / load.answered * 1e6)


def main() -> int:
    """Measure, print, and with ``--write`` keep the result."""
    parser = argparse.ArgumentParser(description="Analyses a second at the door of Perspective.")
    report.add_options(parser)
    parser.add_argument("--rounds", type=int, default=Plan.rounds)
    parser.add_argument("--seconds", type=float, default=Plan.seconds)
    parser.add_argument("--connections", type=int, default=Plan.connections)
    options = parser.parse_args()
    plan = Plan(options.rounds, options.seconds, connections=options.connections)
    report.keep("perspective", text_of(run(plan), plan), options)
    return 0


if __name__ == "__main__":
    sys.exit(main())

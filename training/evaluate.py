"""Judge the shipped models: ``python -m training.evaluate --data FOLDER [--card FILE]``.

Judged are rows of the fold that neither trained nor calibrated, the French validation
posts and sentences made for judging, by our stages and by the packages that a site can
install today, in the same run. The tables go to the standard output, or between the
marks of the model card.
"""

from __future__ import annotations

import argparse
import os
import platform
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from service.moderation.models.weights import ATTRIBUTES
from training.evaluation.card import write_into_card
from training.evaluation.comments import written_comments
from training.evaluation.contenders import OURS, Contender, ours
from training.evaluation.functional import functional
from training.evaluation.judged import Judged, judged_rows
from training.evaluation.peers import peers
from training.evaluation.sources import tables_by_source
from training.evaluation.spam import unseen_origins
from training.evaluation.tables import by_attribute, tables
from training.evaluation.thresholds import thresholds
from training.rows import Row

_TIMED_ROWS = 200


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables, or write them into the card."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--card", type=Path)
    options = parser.parse_args(arguments)
    lines = report(options.data)
    if options.card is None:
        for line in lines:
            print(line, flush=True)
    else:
        write_into_card(options.card, "\n".join(lines))


def report(data: Path) -> Iterator[str]:
    """Yield the lines of all tables, in Markdown."""
    own, others = ours(), peers()
    every = [*own, *others]
    judged = Judged.of(judged_rows(data), every)
    yield from _speed(judged.rows, every)
    yield from tables_by_source(judged)
    groups = {
        name: (part, attribute)
        for attribute in ATTRIBUTES
        for name, part in by_attribute(judged, attribute).items()
    }
    parts = {name: part for name, (part, _) in groups.items()}
    attributes = [attribute for _, attribute in groups.values()]
    yield from tables("Rows that resemble comments", parts, attributes, OURS)
    yield from functional(judged.rows, own, others)
    yield from written_comments()
    yield from unseen_origins(data)
    yield from thresholds(judged)


def _speed(rows: Sequence[Row], contenders: Sequence[Contender]) -> Iterator[str]:
    """Yield how many comments each contender judges in a second of processor time."""
    yield from ("", "#### Speed", "")
    yield f"{_machine()} Ratios count, not figures (`make bench-checks` does it with more care)."
    yield from ("", "| contender | comments/s of one processor | linear is |", "|---|--:|--:|")
    timed = sorted(rows, key=lambda row: row.text)[:: max(1, len(rows) // _TIMED_ROWS)]
    rates = {each.name: _rate(timed, each) for each in contenders}
    fastest = rates[OURS[0]]
    for name, rate in rates.items():
        yield f"| {name} | {rate:,.0f} | {fastest / rate:.1f} × |"


def _rate(rows: Sequence[Row], contender: Contender) -> float:
    began = time.process_time()
    contender.score(rows)
    return len(rows) / (time.process_time() - began)


def _machine() -> str:
    return f"{os.cpu_count()} cores of {platform.machine()}, Python {platform.python_version()}."


if __name__ == "__main__":
    main()

"""What the plot is drawn from: each benchmark leaves its panel in a folder, as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import orjson

from bench import report

BARS, LINES = "bars", "lines"


@dataclass(frozen=True, slots=True)
class Series:
    """Hold one bar or one line: its name, and its figures, one of them or one for each label."""

    name: str
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Panel:
    """Hold one chart. ``labels`` stand below the points of lines; bars have none."""

    title: str
    kind: str
    series: tuple[Series, ...]
    labels: tuple[str, ...] = ()


class Rated(Protocol):
    """Anything that was measured over some rounds."""

    @property
    def about(self) -> str:
        """Name it."""

    @property
    def rates(self) -> list[float]:
        """Return its rates."""


def bars(title: str, contenders: Iterable[Rated]) -> Panel:
    """Return a bar for each contender: the median of its rounds."""
    made = tuple(Series(each.about, (report.Spread.of(each.rates).median,)) for each in contenders)
    return Panel(title, BARS, made)


def lines(title: str, labels: Sequence[str], found: Mapping[str, Sequence[float]]) -> Panel:
    """Return a line for each name in ``found``, with a point above each label."""
    made = tuple(Series(name, tuple(values)) for name, values in found.items())
    return Panel(title, LINES, made, tuple(labels))


def keep(folder: Path | None, name: str, panel: Panel) -> None:
    """Leave a panel in ``folder``, where there is one."""
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.json").write_bytes(orjson.dumps(panel))


def kept(folder: Path, names: Sequence[str]) -> list[Panel]:
    """Return the panels of ``names`` that are there, in that order."""
    files = (folder / f"{name}.json" for name in names)
    return [_panel(orjson.loads(file.read_bytes())) for file in files if file.exists()]


def _panel(data: dict[str, Any]) -> Panel:
    series = tuple(Series(each["name"], tuple(each["values"])) for each in data["series"])
    return Panel(data["title"], data["kind"], series, tuple(data["labels"]))

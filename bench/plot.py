"""The plot of a report: one panel for each benchmark, in one SVG of our own making."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from math import floor, log10
from pathlib import Path

from bench import report
from bench.points import BARS, Panel

PLOT = Path(__file__).with_name("results.svg")
COLUMNS = 2
WIDTH, HEIGHT, GAP = 560, 320, 24
LEFT, TOP, RIGHT, BOTTOM = 230, 44, 70, 34
LINE_LEFT = 64
LEGEND = 190
COLOURS = ("#1b6b93", "#c2512b", "#3f7d3a", "#7a4a9b", "#8a6d1d", "#5b6770")
STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#222}.t{font-weight:600;font-size:14px}"
    ".n{fill:#555}.a{stroke:#bbb;stroke-width:1}.p{fill:#fff;stroke:#ddd}.l{fill:none;stroke-width:2}"
)


def drawn(panels: Sequence[Panel], caption: str) -> str:
    """Return the SVG of ``panels``, two beside each other, with a line of text below."""
    rows = -(-len(panels) // COLUMNS)
    width = COLUMNS * (WIDTH + GAP) + GAP
    height = rows * (HEIGHT + GAP) + GAP + 20
    parts = [
        f'<g transform="translate({GAP + at % COLUMNS * (WIDTH + GAP)} '
        f'{GAP + at // COLUMNS * (HEIGHT + GAP)})">{_panel(panel)}</g>'
        for at, panel in enumerate(panels)
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'role="img" aria-label="{escape(caption, quote=True)}"><style>{STYLE}</style>'
        f'<rect width="{width}" height="{height}" fill="#f7f7f5"/>{"".join(parts)}'
        f"{_text(GAP, height - 14, caption, 'n')}</svg>\n"
    )


def ticks(most: float) -> list[float]:
    """Return round figures from 0 to ``most`` or just above, four to eight of them."""
    if most <= 0:
        return [0.0, 1.0]
    step = 10.0 ** floor(log10(most / 4))
    step = next(step * times for times in (1, 2, 5, 10) if most / (step * times) <= 6)
    return [step * at for at in range(int(-(-most // step)) + 1)]


def _panel(panel: Panel) -> str:
    inside = _bars(panel) if panel.kind == BARS else _lines(panel)
    frame = f'<rect class="p" width="{WIDTH}" height="{HEIGHT}" rx="4"/>'
    return frame + _text(16, 26, panel.title, "t") + inside


def _bars(panel: Panel) -> str:
    most = max((each.values[0] for each in panel.series), default=0.0) or 1.0
    room = (HEIGHT - TOP - 12) / max(len(panel.series), 1)
    thick = min(room * 0.7, 26.0)
    parts = []
    for at, each in enumerate(panel.series):
        middle = TOP + room * (at + 0.5)
        long = each.values[0] / most * (WIDTH - LEFT - RIGHT)
        parts += [
            _text(LEFT - 8, middle + 4, each.name, "n", "end"),
            f'<rect x="{LEFT}" y="{middle - thick / 2:.1f}" width="{max(long, 1):.1f}" '
            f'height="{thick:.1f}" fill="{COLOURS[0]}"/>',
            _text(LEFT + long + 6, middle + 4, report.number(each.values[0])),
        ]
    return "".join(parts)


def _lines(panel: Panel) -> str:
    marks = ticks(max((value for each in panel.series for value in each.values), default=1.0))
    wide, high = WIDTH - LINE_LEFT - LEGEND, HEIGHT - TOP - BOTTOM
    last = max(len(panel.labels) - 1, 1)

    def x(at: int) -> float:
        return LINE_LEFT + wide * at / last

    def y(value: float) -> float:
        return TOP + high * (1 - value / marks[-1])

    parts = [
        f'<path class="a" d="M{LINE_LEFT} {y(mark):.1f}h{wide}"/>'
        + _text(LINE_LEFT - 6, y(mark) + 4, f"{mark:,g}", "n", "end")
        for mark in marks
    ]
    every = -(-len(panel.labels) // 6)
    parts += [
        _text(x(at), HEIGHT - 12, label, "n", "middle")
        for at, label in enumerate(panel.labels)
        if at % every == 0
    ]
    for number, each in enumerate(panel.series):
        colour = COLOURS[number % len(COLOURS)]
        way = " ".join(f"{x(at):.1f},{y(value):.1f}" for at, value in enumerate(each.values))
        row = TOP + 12 + number * 20
        parts += [
            f'<polyline class="l" stroke="{colour}" points="{way}"/>',
            f'<rect x="{WIDTH - LEGEND + 14}" y="{row - 9}" width="10" height="10" '
            f'fill="{colour}"/>',
            _text(WIDTH - LEGEND + 30, row, each.name),
        ]
    return "".join(parts)


def _text(x: float, y: float, words: str, kind: str = "", anchor: str = "start") -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" class="{kind}" text-anchor="{anchor}"'
    return f"<text {place}>{escape(words)}</text>"

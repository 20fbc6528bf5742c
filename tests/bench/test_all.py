"""The run of all benchmarks: it goes on after a failure, says so, ends what takes too long."""

from __future__ import annotations

import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from bench import all as every
from bench import memory, plot, points, report, workers
from bench.all import PARTS, WHOLE_S, Part
from bench.points import Panel, Series

ENDS = "import sys; print('measured')"
FAILS = "print('before'); raise ValueError('no such luck')"
STAYS = "import time; time.sleep(60)"


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    page = tmp_path / "RESULTS.md"
    marks = "".join(f"<!-- {name} -->\nold\n<!-- /{name} -->\n" for name in "abc")
    page.write_text(marks)
    monkeypatch.setattr(report, "RESULTS", page)
    scripts = {"bench.a": FAILS, "bench.b": STAYS, "bench.c": ENDS}
    monkeypatch.setattr(every, "python", lambda name, *_: [sys.executable, "-c", scripts[name]])
    return page


def test_parts_after_a_failure_are_run_and_failures_stand_in_the_report(
    results: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    failures = every.run([Part("a"), Part("b", limit_s=1.0), Part("c")], tmp_path)
    assert [failure.part for failure in failures] == ["a", "b"]
    page = results.read_text()
    assert "no result: ValueError: no such luck." in page
    assert "no result: it took longer than 1 s." in page
    assert "<!-- c -->\nold" in page
    said = capfd.readouterr().out
    assert "measured" in said
    assert "[3/3] c" in said


def test_the_soak_takes_what_is_left() -> None:
    (soak,) = [part for part in PARTS if part.name == "soak"]
    assert PARTS[-1] is soak
    assert every.fitted(soak, WHOLE_S, 600).arguments == ("--seconds", "600")
    assert every.fitted(soak, 410, 600).arguments == ("--seconds", "300")
    assert every.fitted(soak, 10, 600).arguments == ("--seconds", "60")
    assert every.fitted(PARTS[0], 5.0, 600).limit_s == 5.0


def test_every_part_has_a_place_in_the_report() -> None:
    page = (Path(every.__file__).parent / "RESULTS.md").read_text("utf-8")
    for part in PARTS:
        assert page.count(f"<!-- {part.name} -->") == page.count(f"<!-- /{part.name} -->") == 1


def test_the_plot_shows_every_series(tmp_path: Path) -> None:
    bars = Panel("Bars & more", points.BARS, (Series("a <b>", (3.0,)), Series("c", (0.0,))))
    lines = points.lines("Lines", ("1", "2"), {"x": (1.0, 2.0), "y": (5.0, 130.0)})
    points.keep(tmp_path, "bars", bars)
    points.keep(tmp_path, "lines", lines)
    points.keep(None, "nowhere", bars)
    panels = points.kept(tmp_path, ("lines", "gone", "bars"))
    assert panels == [lines, bars]
    tree = ElementTree.fromstring(plot.drawn(panels, "a machine"))  # noqa: S314
    texts = {each.text for each in tree.iter() if each.tag.endswith("text")}
    assert texts >= {"Bars & more", "a <b>", "Lines", "x", "y", "a machine"}
    assert len([each for each in tree.iter() if each.tag.endswith("polyline")]) == 2


@pytest.mark.parametrize(
    ("most", "marks"),
    [(0.0, [0.0, 1.0]), (10.0, [0, 2, 4, 6, 8, 10]), (130.0, [0, 50, 100, 150])],
)
def test_marks_are_round_and_reach_the_highest(most: float, marks: list[float]) -> None:
    assert plot.ticks(most) == marks


def test_several_workers_settle_every_comment() -> None:
    plan = workers.Plan(rounds=1, comments=20)
    found = workers.run(plan, (2,))
    assert found[2][0] > 0
    assert "| 2 " in workers.text_of(found, plan)


def test_the_bytes_of_a_comment_are_found_where_they_are() -> None:
    found = memory.run(memory.Plan(before=30, counted=40, parts=2))
    assert sum(found.statuses.values()) == 40
    assert len(found.each) == 2
    assert found.places["its hash"] > found.fields["content"]
    assert set(found.encodings) == {"listpack"}
    assert "its hash" in memory.text_of(found)

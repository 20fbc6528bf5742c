"""The report: ratios within a round, promises kept or not, one section replaced."""

from __future__ import annotations

from pathlib import Path

from bench import report
from bench.report import Spread, Target


def test_ratio_pairs_figures_of_one_round() -> None:
    assert report.ratio([10.0, 40.0, 9.0], [5.0, 10.0, 3.0]) == Spread(3.0, 2.0, 4.0)


def test_target_is_reached_by_the_median() -> None:
    assert Target("x", 2.0, Spread(2.0, 1.0, 3.0)).is_reached
    assert not Target("x", 2.0, Spread(1.9, 1.0, 3.0)).is_reached


def test_writing_replaces_one_section_only(tmp_path: Path) -> None:
    page = tmp_path / "RESULTS.md"
    page.write_text("a\n<!-- x -->\nold\n<!-- /x -->\nb\n<!-- y -->\nkept\n<!-- /y -->\n")
    report.write("x", r"new \1", page)
    assert page.read_text() == (
        "a\n<!-- x -->\nnew \\1\n<!-- /x -->\nb\n<!-- y -->\nkept\n<!-- /y -->\n"
    )


def test_results_page_has_a_place_for_each_benchmark() -> None:
    page = report.RESULTS.read_text("utf-8")
    for section in ("accept", "moderate"):
        assert page.count(f"<!-- {section} -->") == page.count(f"<!-- /{section} -->") == 1

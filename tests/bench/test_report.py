"""The report: ratios within a round, promises kept or not, one section replaced."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import report
from bench.report import Spread, Target


def test_ratio_pairs_figures_of_one_round() -> None:
    assert report.ratio([10.0, 40.0, 9.0], [5.0, 10.0, 3.0]) == Spread(3.0, 2.0, 4.0)


@pytest.mark.parametrize(
    ("spread", "outcome"),
    [
        (Spread(2.5, 2.0, 3.0), "yes"),
        (Spread(2.0, 1.0, 3.0), "not in every round"),
        (Spread(1.9, 1.0, 3.0), "no"),
    ],
)
def test_promise_is_kept_only_where_every_round_keeps_it(spread: Spread, outcome: str) -> None:
    assert Target("x", 2.0, spread).outcome == outcome


def test_disk_is_timed(tmp_path: Path) -> None:
    assert report.fsync_ms(tmp_path, times=2) > 0


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

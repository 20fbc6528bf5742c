"""The queue benchmark, made short: both stores are filled as the service fills them."""

from __future__ import annotations

from pathlib import Path

from bench import queue, report
from bench.queue import Plan
from bench.site import SITE
from service.store.queue.queue import Filters, Sort
from tests.store.index_checker import assert_indexed


def test_a_store_is_filled_with_held_comments_and_their_indexes(tmp_path: Path) -> None:
    with queue.filled(tmp_path / "store", 60) as (_, store):
        assert_indexed(store, SITE, [f"{number:026d}" for number in range(60)])
        assert store.queue.find(SITE, Filters(), Sort.OLDEST, 5, "").total == 60


def test_every_query_is_asked_of_both_stores() -> None:
    plan = Plan(few=30, many=60, rounds=1, times=1)
    found = queue.run(plan)
    assert all(each.few_ms[0] > 0 and each.many_ms[0] > 0 for each in found.values())
    assert found["oldest, first page"].found == "50 of 60"
    assert found["a word in none"].found == "0 of 0"
    assert "oldest, first page" in queue.text_of(found, plan)


def test_the_results_have_a_place_for_it() -> None:
    page = report.RESULTS.read_text("utf-8")
    assert page.count("<!-- queue -->") == page.count("<!-- /queue -->") == 1

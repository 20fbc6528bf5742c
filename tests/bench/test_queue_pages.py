"""The measure of the queue's pages: every page is asked for, and answers."""

from __future__ import annotations

from bench.queue_pages import text_of


def test_every_page_is_measured_with_few_and_with_many_comments() -> None:
    text = text_of(few=5, many=30, times=2)
    assert "| asked" in text
    assert "5 held, ms | 30 held, ms" in text
    for name in ("the queue, 20 cards", "a frequent word", "the chart of scores", "changes, none"):
        assert name in text
    assert "200 open pages that each ask every 2 s take" in text

"""The benchmark of imports counts comments that are really there."""

from __future__ import annotations

from bench.imports import run, text_of


def test_every_comment_goes_out_and_comes_in() -> None:
    found = run(1, 40, {"own JSON lines": "jsonl"})
    each = found["own JSON lines"]
    assert len(each.imported) == len(each.exported) == len(each.read) == 1
    assert min(*each.imported, *each.command_us) > 0
    assert "own JSON lines: imported/s ÷ 5,000" in text_of(found, 40)

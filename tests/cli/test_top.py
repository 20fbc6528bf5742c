"""`ecluse top`."""

from __future__ import annotations

import pytest

from service.cli.top import duration
from tests.cli.conftest import Ecluse


def test_what_is_wrong_and_what_waits_is_printed_once_where_there_is_no_terminal(
    ecluse: Ecluse, demo: str
) -> None:
    lines = ecluse("top").out.splitlines()
    assert lines[0] == "!! No worker is alive: comments are accepted and nothing judges them."
    assert "Start workers: none is alive." in lines
    assert any(line.startswith("nobody has looked at 0 comments") for line in lines)
    assert any(line.split()[:2] == [demo, "0"] for line in lines)
    assert "\x1b" not in "".join(lines)


def test_programs_get_the_same_as_from_the_api(ecluse: Ecluse, demo: str) -> None:
    found = ecluse("top", "--json").data
    assert found["overview"]["advice"]["kind"] == "start"
    assert found["overview"]["alerts"][0]["message"].startswith("No worker is alive")
    assert [inbox["site"] for inbox in found["inboxes"]] == [demo]
    assert found["workers"] == found["checks"] == []


@pytest.mark.parametrize(
    ("seconds", "told"), [(0.4, "0 s"), (59, "59 s"), (60, "1 min"), (7200, "2 h"), (2e5, "2 d")]
)
def test_a_duration_is_told_in_its_largest_unit(seconds: float, told: str) -> None:
    assert duration(seconds) == told

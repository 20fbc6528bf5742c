"""`ecluse policies`."""

from __future__ import annotations

import tomllib
from pathlib import Path

from tests.cli.conftest import Ecluse


def test_a_policy_goes_in_and_comes_out_the_same(ecluse: Ecluse, demo: str, tmp_path: Path) -> None:
    assert ecluse("policies", "show", demo).out == "# the default policy\n"
    file = tmp_path / "policy.toml"
    file.write_text('[words]\nhold = ["camembert"]\n', "utf-8")
    answer = ecluse("policies", "set", demo, str(file), "--json")
    [change] = answer.data
    assert (change["entry"], change["after"]) == ("words.hold", ["camembert"])
    shown = ecluse("policies", "show", demo).out
    assert tomllib.loads(shown) == {"words": {"hold": ["camembert"]}}
    file.write_text(shown, "utf-8")
    assert ecluse("policies", "diff", demo, str(file)).out == "nothing differs\n"
    assert len(tomllib.loads(ecluse("policies", "show", demo, "--whole").out)) > 1


def test_a_difference_is_shown_and_nothing_is_changed(ecluse: Ecluse, demo: str) -> None:
    differing = ecluse("policies", "diff", demo, "strict")
    assert differing.code == 0
    assert differing.out.startswith("ENTRY")
    assert ecluse("policies", "show", demo, "--json").data == {}


def test_a_preset_is_printed_as_toml_that_can_be_set(
    ecluse: Ecluse, demo: str, tmp_path: Path
) -> None:
    file = tmp_path / "strict.toml"
    file.write_text(ecluse("policies", "preset", "strict").out, "utf-8")
    assert ecluse("policies", "set", demo, str(file)).code == 0
    assert ecluse("policies", "diff", demo, "strict", "--json").data == []


def test_a_policy_that_cannot_be_used_is_a_line(ecluse: Ecluse, demo: str, tmp_path: Path) -> None:
    file = tmp_path / "broken.toml"
    file.write_text("[words]\nhold = 5\n", "utf-8")
    answer = ecluse("policies", "set", demo, str(file))
    assert answer.code == 2
    assert "broken.toml:2" in answer.err
    assert ecluse("policies", "set", demo, "/nowhere.toml").code == 2

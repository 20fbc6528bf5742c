"""Policy files: presets, and faults named by file, line and entry."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.settings import PRESETS, default_policy, preset
from service.cli.policy_file import PolicyFileInvalid, entries_of
from service.moderation.policy import merged
from service.schemas.policy_text import LARGEST_TEXT, line_of
from tests.cli.conftest import Ecluse


def written(tmp_path: Path, text: str) -> str:
    path = tmp_path / "policy.toml"
    path.write_text(text, "utf-8")
    return str(path)


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_called_by_its_name(name: str) -> None:
    assert merged(default_policy(), entries_of(name)) == merged(default_policy(), preset(name))


def test_a_file_lies_over_the_preset_it_names(tmp_path: Path) -> None:
    entries = entries_of(written(tmp_path, 'preset = "strict"\ntrust_after = 7\n'))
    assert entries == {**preset("strict"), "trust_after": 7}


def test_a_file_without_a_preset_holds_nothing_but_its_own_entries(tmp_path: Path) -> None:
    assert entries_of(written(tmp_path, "trust_after = 7\n")) == {"trust_after": 7}


FAULTS = {
    'premoderation = "some"': (1, "premoderation"),
    'preset = "mild"': (1, "preset"),
    "\n\ntrust_afer = 3": (3, "trust_afer"),
    "[thresholds.spam]\nhold = 2\n": (2, "thresholds.spam.hold"),
    "# one\n[thresholds]\nspam = {hold = 0.3, refuse = 0.2}\n": (3, "thresholds.spam"),
    "[thresholds.spam.fr]\nhold = 0.99\n": (1, "thresholds.spam.fr"),
    "[thresholds.insult]\nhold = 0.5\n[thresholds.insult.xx]\nhold = 0.4\n": (
        3,
        "thresholds.insult.xx",
    ),
    "[thresholds]\nrudeness.hold = 0.3\n": (2, "thresholds.rudeness"),
    '[words]\nhold = [\n  "un",\n  "**",\n]\n': (4, "words.hold[1]"),
    '[patterns]\nreject = ["un",  # (a\n"""\n(b""", "c"]\n': (3, "patterns.reject[1]"),
    'patterns.spam = ["(a"]': (1, "patterns.spam[0]"),
    '"words"."hold" = [1]': (1, "words.hold[0]"),
}


@pytest.mark.parametrize(("text", "fault"), FAULTS.items())
def test_a_fault_is_named_with_file_line_and_entry(
    tmp_path: Path, text: str, fault: tuple[int, str]
) -> None:
    path = written(tmp_path, text)
    with pytest.raises(PolicyFileInvalid) as caught:
        entries_of(path)
    assert str(caught.value).startswith(f"{path}:{fault[0]}: {fault[1]}: ")


@pytest.mark.parametrize("code", ["fr", "kab", "no", "oc", "gsw"])
def test_a_threshold_may_be_for_any_language_that_a_caller_can_name(
    tmp_path: Path, code: str
) -> None:
    thresholds = {"insult": {code: {"hold": 0.4}}}
    text = f"[thresholds.insult.{code}]\nhold = 0.4\n"
    assert entries_of(written(tmp_path, text)) == {"thresholds": thresholds}


def test_a_code_of_no_language_is_named(tmp_path: Path) -> None:
    path = written(tmp_path, "[thresholds.insult.xx]\nhold = 0.4\n")
    with pytest.raises(PolicyFileInvalid, match="no language has the code xx"):
        entries_of(path)


def test_what_is_no_toml_is_named_with_its_line(tmp_path: Path) -> None:
    path = written(tmp_path, "trust_after = 1\nhold = = 3\n")
    with pytest.raises(PolicyFileInvalid, match=f"{path}:2: not TOML: "):
        entries_of(path)


def test_a_file_that_is_too_large_or_no_text_is_refused(tmp_path: Path) -> None:
    large = written(tmp_path, "#" * (LARGEST_TEXT + 1))
    with pytest.raises(PolicyFileInvalid, match="more than"):
        entries_of(large)
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    with pytest.raises(PolicyFileInvalid, match="UTF-8"):
        entries_of(str(tmp_path / "binary"))


@pytest.mark.parametrize(
    "words",
    [("policies", "set", "demo"), ("policies", "diff", "demo"), ("score", "--policy"),
     ("sites", "update", "demo", "--policy"), ("backtest",)],
    ids=" ".join,
)  # fmt: skip
def test_what_is_neither_a_preset_nor_a_file_is_said_to_be_neither(
    words: tuple[str, ...], ecluse: Ecluse, tmp_path: Path
) -> None:
    name = str(tmp_path / "nope")
    answer = ecluse(*words, name)
    assert answer.code == 2
    assert f"{name!r} is neither a preset (strict, balanced, permissive) nor a file" in answer.err
    assert "Errno" not in answer.err


def test_a_folder_is_no_policy(ecluse: Ecluse, tmp_path: Path) -> None:
    assert ecluse("policies", "diff", "demo", str(tmp_path)).code == 2


def test_a_command_says_the_fault_in_one_line(ecluse: Ecluse, tmp_path: Path) -> None:
    path = written(tmp_path, '[patterns]\nhold = ["(a"]\n')
    answer = ecluse("sites", "create", "s", "--origin", "http://s.test", "--policy", path)
    assert answer.code == 2
    assert f"{path}:2: patterns.hold[0]: RE2 cannot read it: missing ): (a" in answer.err


def test_a_site_may_take_a_preset(ecluse: Ecluse) -> None:
    create = ("sites", "create", "s", "--origin", "http://s.test", "--json")
    assert ecluse(*create, "--policy", "strict").data["policy"] == preset("strict")


def quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=6)
KEYS = st.lists(st.one_of(st.sampled_from(["hold", "a-b", "1"]), TEXTS), min_size=1, max_size=3)
VALUES = st.one_of(
    st.integers().map(str), st.just("0.5"), st.just("true"), TEXTS.map(quoted),
    st.just("'''\n# no = comment\n'''"), st.just('"""a""""'), st.just("{x = [1, 2], y.z = '='}"),
    st.just("[[1], [\n2]]"), st.just("1979-05-27T07:32:00Z"),
)  # fmt: skip
GAPS = st.sampled_from(["", " ", "\n", " # a comment, with [signs] = \"'\n", "\n\n"])


@given(st.lists(st.tuples(KEYS, st.lists(st.tuples(GAPS, VALUES, GAPS), max_size=4)), max_size=4))
def test_every_list_item_is_found_on_its_line(
    pairs: list[tuple[list[str], list[tuple[str, str, str]]]],
) -> None:
    text, wanted = "", {}
    for number, (keys, items) in enumerate(pairs):
        text += f"[t{number}]\n" + ".".join(map(quoted, keys)) + " = ["
        for position, (before, value, after) in enumerate(items):
            text += before
            wanted[f"t{number}.{'.'.join(keys)}[{position}]"] = text.count("\n") + 1
            text += f"{value}{after},"
        text += "]\n"
    tomllib.loads(text)
    for entry, line in wanted.items():
        assert line_of(text, entry) == line


def test_an_entry_that_is_not_there_is_found_where_its_table_stands() -> None:
    assert line_of("a = 1\n[thresholds.spam]\nhold = 1", "thresholds.spam.refuse") == 2
    assert line_of("a = 1\n", "words") is None

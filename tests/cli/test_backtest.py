"""`ecluse backtest`: what a policy would have done to comments that people decided."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.cli.backtest import Example
from service.moderation.signal import Attribute
from service.moderation.tally import Tally, is_disagreement
from service.moderation.verdict import Action
from tests.cli.conftest import Answer, Ecluse

FRIENDLY = "Merci beaucoup pour cet article, très clair."
HARSH = "Vous êtes un peu bête quand même, non ?"
RUDE = "Espèce de connard, ferme ta gueule"
HINT = "Voyez ma boutique, vous ne le regretterez pas"
DECIDED = (
    {"text": FRIENDLY, "decision": "approve"},
    {"text": HARSH, "decision": "approve", "lang": "fr", "id": 7},
    {"text": RUDE, "decision": "reject"},
    {"content": HINT, "status": "spam"},
)
# Only lists decide, so that no model's scores matter here.
NO_SCORES = "".join(f"[thresholds.{name}]\nhold = 1.01\nrefuse = 1.01\n" for name in Attribute)
PRESENT = f'{NO_SCORES}[words]\nhold = ["bête"]\nreject = ["connard"]\nspam = ["boutique"]\n'
NEW = f'{NO_SCORES}[words]\nreject = ["bête", "connard"]\n'


@pytest.fixture
def decided(tmp_path: Path) -> str:
    return written(tmp_path, *DECIDED)


@pytest.fixture
def policies(tmp_path: Path) -> tuple[str, str, str]:
    return policy_file(tmp_path, "new", NEW), "--present", policy_file(tmp_path, "old", PRESENT)


def written(tmp_path: Path, *rows: Any) -> str:
    path = tmp_path / "decided.jsonl"
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")
    return str(path)


def policy_file(tmp_path: Path, name: str, text: str) -> str:
    path = tmp_path / f"{name}.toml"
    path.write_text(text, "utf-8")
    return str(path)


def backtested(ecluse: Ecluse, *words: str, **more: str) -> Answer:
    return ecluse("backtest", *words, **{"REDIS_URL": "unix:///nowhere", **more, "ENCODER": "off"})


def test_two_policies_are_compared_without_a_server(
    ecluse: Ecluse, decided: str, policies: tuple[str, ...]
) -> None:
    answer = backtested(ecluse, *policies, decided, "--json")
    assert answer.code == 0
    data = answer.data
    assert (data["comments"], data["unread"]) == (4, 0)
    assert data["present"]["confusion"]["approve"] == row(approve=1, hold=1)
    assert data["new"]["confusion"]["approve"] == row(approve=1, reject=1)
    assert data["new"]["confusion"]["reject"] == row(reject=1)
    assert data["new"]["confusion"]["spam"] == row(approve=1)
    assert data["present"]["held"] == {"count": 1, "of": 4}
    assert data["new"]["approved_but_refused"] == {"count": 1, "of": 2}
    assert data["new"]["refused_but_published"] == {"count": 1, "of": 2}


def row(**counts: int) -> dict[str, int]:
    return {action.value: counts.get(action.value, 0) for action in Action}


def test_what_changes_is_shown_with_examples(
    ecluse: Ecluse, decided: str, policies: tuple[str, ...]
) -> None:
    data = backtested(ecluse, *policies, decided, "--json").data
    changes = {(each["present"], each["new"]): each for each in data["changes"]}
    assert set(changes) == {("hold", "reject"), ("spam", "approve")}
    (example,) = changes["hold", "reject"]["examples"]
    assert (example["text"], example["file"], example["line"]) == (HARSH, decided, 2)
    assert (example["present_rule"], example["new_rule"]) == ("list.hold", "list.reject")
    assert changes["hold", "reject"]["decisions"] == {"approve": 1}
    assert {(each["decision"], each["new"]) for each in data["disagreements"]} == {
        ("approve", "reject"),
        ("spam", "approve"),
    }


def test_an_example_says_which_score_passed_which_threshold(
    ecluse: Ecluse, tmp_path: Path, decided: str
) -> None:
    wary = policy_file(tmp_path, "wary", "[thresholds.insult]\nhold = 0.01\nrefuse = 1.01\n")
    quiet = policy_file(tmp_path, "quiet", NO_SCORES)
    data = backtested(ecluse, wary, "--present", quiet, decided, "--json").data
    examples = [each for change in data["changes"] for each in change["examples"]]
    assert RUDE in {example["text"] for example in examples}
    for example in examples:
        if example["new_rule"].startswith("insult."):
            assert example["score"] >= example["threshold"] == 0.01


def test_people_get_a_table_and_examples(
    ecluse: Ecluse, decided: str, policies: tuple[str, ...]
) -> None:
    out = backtested(ecluse, *policies, decided).out
    assert "decided approve" in out
    assert "hold -> reject: 1 (moderators: 1 approve)" in out
    assert f"list.reject  “{HARSH}”" in out


def test_the_default_policy_is_the_present_one_unless_another_is_named(
    ecluse: Ecluse, decided: str
) -> None:
    assert backtested(ecluse, "balanced", decided, "--json").data["changes"] == []
    assert "What changes: nothing." in backtested(ecluse, "balanced", decided).out


@pytest.mark.parametrize(("premoderation", "held"), [("none", 0), ("new", 4), ("all", 6)])
def test_premoderation_counts_by_the_lines_before(
    ecluse: Ecluse, tmp_path: Path, premoderation: str, held: int
) -> None:
    lea, namesake = {"author": "Léa", "email": "lea@a.test"}, {"author": "Léa"}
    lines = [
        {"text": FRIENDLY, "decision": decision, **author}
        for decision, author in (
            ("approve", lea),  # new
            ("reject", lea),  # one approved
            ("approve", lea),  # one approved
            ("approve", namesake),  # new
            ("approve", {}),  # new
            ("approve", {}),  # new
        )
    ]
    policy = policy_file(
        tmp_path, "p", f'premoderation = "{premoderation}"\ntrust_after = 1\n{NO_SCORES}'
    )
    data = backtested(ecluse, policy, written(tmp_path, *lines), "--json").data
    assert data["new"]["held"] == {"count": held, "of": 6}


def test_a_site_s_own_policy_is_the_present_one(
    ecluse: Ecluse, environment: dict[str, str], decided: str, policies: tuple[str, str, str]
) -> None:
    new, _, present = policies
    create = ("sites", "create", "s", "--origin", "http://s.test", "--policy", present)
    assert ecluse(*create).code == 0
    url = environment["ECLUSE_REDIS_URL"]
    own = backtested(ecluse, new, decided, "--site", "s", "--json", REDIS_URL=url)
    assert own.data == backtested(ecluse, *policies, decided, "--json").data
    assert backtested(ecluse, *policies, decided, "--site", "s").code == 2


def test_lines_without_a_decision_are_named_and_the_others_counted(
    ecluse: Ecluse, tmp_path: Path
) -> None:
    path = written(tmp_path, *DECIDED, {"text": "x"}, {"text": "x", "decision": "maybe"}, [1])
    answer = backtested(ecluse, "strict", path, "--json")
    assert answer.code == 1
    assert (answer.data["comments"], answer.data["unread"]) == (4, 3)
    for number in (5, 6, 7):
        assert f"{path}:{number}: " in answer.err
    assert "3 of 7 lines could not be read" in answer.err


@pytest.mark.parametrize("most", [0, 2])
def test_examples_are_as_many_as_wanted(
    ecluse: Ecluse, tmp_path: Path, policies: tuple[str, ...], most: int
) -> None:
    path = written(tmp_path, *[{"text": f"{HARSH} {n}", "decision": "approve"} for n in range(9)])
    data = backtested(ecluse, *policies, path, "--json", "--examples", str(most)).data
    (change,) = data["changes"]
    assert (change["count"], len(change["examples"])) == (9, most)


def test_a_comment_cannot_steer_the_terminal(
    ecluse: Ecluse, tmp_path: Path, policies: tuple[str, ...]
) -> None:
    path = written(tmp_path, {"text": f"\x1b[2J\u202e{HARSH}\nfin", "decision": "approve"})
    out = backtested(ecluse, *policies, path).out
    assert "bête" in out
    assert "\x1b" not in out
    assert "\u202e" not in out


CELLS = st.tuples(*[st.sampled_from(Action)] * 3)


@given(st.lists(CELLS, max_size=30), st.integers(0, 3))
def test_a_tally_counts_every_comment_once(
    cells: list[tuple[Action, Action, Action]], most: int
) -> None:
    tally: Tally[Example] = Tally(most)
    for line, cell in enumerate(cells):
        tally.add(cell, Example("f", line, "x", cell[0], "a", "b", None, None))
    assert tally.total == len(cells)
    for is_new, place in ((False, 1), (True, 2)):
        counted = Counter((cell[0], cell[place]) for cell in cells)
        for said, row in tally.confusion(is_new).items():
            assert row == {action: counted[said, action] for action in Action}
    changed = Counter(cell[1:] for cell in cells if cell[1] != cell[2])
    groups = tally.changes()
    assert {(one, other): group.count for one, other, group in groups} == changed
    assert [group.count for *_, group in groups] == sorted(changed.values(), reverse=True)
    opposed = sum(is_disagreement(cell[0], cell[2]) for cell in cells)
    assert sum(group.count for *_, group in tally.disagreements()) == opposed
    for one, other, group in groups:
        assert len(group.examples) == min(most, group.count)
        assert all(cells[example.line][1:] == (one, other) for example in group.examples)

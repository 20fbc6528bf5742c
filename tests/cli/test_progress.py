"""Long commands show how far they are to people, and nothing of it to programs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.exchange import files

COMMENTS = "".join(json.dumps({"text": f"Merci pour l'article {n} !"}) + "\n" for n in range(40))


class Command:
    """The `ecluse` command in a process of its own, its standard error a terminal or a pipe."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._environment = {**os.environ, **environment, "COLUMNS": "100", "TERM": "xterm"}

    def on_a_terminal(self, *words: str) -> tuple[str, str]:
        """Return what it answered, and what the terminal was told beside it."""
        ours, its = os.openpty()
        with subprocess.Popen(
            [sys.executable, "-m", "service.cli", *words],
            env=self._environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=its,
        ) as running:  # fmt: skip
            os.close(its)
            told = _all_of(ours)
            assert running.stdout is not None
            answer = running.stdout.read().decode()
            assert running.wait(60) == 0, told
        return answer, told

    def piped(self, *words: str) -> tuple[str, str]:
        """Return the same where both are pipes."""
        done = subprocess.run(
            [sys.executable, "-m", "service.cli", *words],
            env=self._environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=60, check=True,
        )  # fmt: skip
        return done.stdout, done.stderr


def _all_of(terminal: int) -> str:
    told = b""
    try:
        # Linux answers EIO once the other side has gone.
        while piece := os.read(terminal, 4096):
            told += piece
    except OSError:
        pass
    finally:
        os.close(terminal)
    return told.decode()


@pytest.fixture
def command(environment: dict[str, str]) -> Command:
    return Command(environment)


@pytest.fixture
def comments(tmp_path: Path) -> str:
    path = tmp_path / "comments.jsonl"
    path.write_text(COMMENTS, "utf-8")
    return str(path)


@pytest.fixture
def wxr(tmp_path: Path) -> str:
    path = tmp_path / "export.xml"
    path.write_text(files.WXR, "utf-8")
    return str(path)


def test_an_import_shows_a_bar_on_a_terminal(command: Command, demo: str, wxr: str) -> None:
    answer, told = command.on_a_terminal("import", demo, wxr)
    assert "Importing" in told
    assert "100%" in told
    assert "Importing" not in answer
    assert "imported" in answer


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_an_import_shows_none_when_it_is_piped(
    command: Command, demo: str, wxr: str, options: tuple[str, ...]
) -> None:
    answer, told = command.piped("import", demo, wxr, *options)
    assert told == ""
    assert "Importing" not in answer


def test_an_import_for_a_program_shows_none_on_a_terminal(
    command: Command, demo: str, wxr: str
) -> None:
    answer, told = command.on_a_terminal("import", demo, wxr, "--json")
    assert told == ""
    assert json.loads(answer)["imported"] == 7


def test_scoring_shows_a_bar_on_a_terminal_beside_answers_that_go_elsewhere(
    command: Command, comments: str
) -> None:
    answer, told = command.on_a_terminal("score", comments)
    assert "Judging" in told
    assert "100%" in told
    assert "40 comments" in told
    assert len([json.loads(line) for line in answer.splitlines()]) == 40


def test_scoring_shows_none_when_it_is_piped(command: Command, comments: str) -> None:
    answer, told = command.piped("score", comments)
    assert told == ""
    assert len([json.loads(line) for line in answer.splitlines()]) == 40

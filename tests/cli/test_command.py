"""The command as a whole: help, errors, exit codes, the welcome."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from email_validator import validate_email

from config.settings import Settings
from service.cli import main
from service.cli.welcome import welcome
from service.first_start import Secret
from tests.cli.conftest import Ecluse


def all_commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        yield (*path, name)
        if isinstance(command, click.Group):
            yield from all_commands(command, (*path, name))


@pytest.mark.parametrize("words", list(all_commands(main)), ids=" ".join)
def test_every_command_explains_itself_without_a_server(
    words: tuple[str, ...], ecluse: Ecluse
) -> None:
    answer = ecluse(*words, "--help", REDIS_URL="unix:///nowhere", PORT="x")
    assert answer.code == 0
    explained = answer.out.split("\n\n")[1].strip()
    assert len(explained) > 15


SERVERS = [("up",), ("web",), ("worker",), ("scheduler",)]


def ends(group: click.Group) -> Iterator[tuple[str, ...]]:
    """Yield the commands that are no groups of others."""
    every = list(all_commands(group))
    groups = {words[:-1] for words in every}
    yield from (words for words in every if words not in groups)


@pytest.mark.parametrize(
    "words", [words for words in ends(main) if words not in SERVERS], ids=" ".join
)
def test_every_command_but_servers_takes_json(words: tuple[str, ...], ecluse: Ecluse) -> None:
    assert "--json" in ecluse(*words, "--help").out


def test_exit_codes_are_documented(ecluse: Ecluse) -> None:
    assert "Exit codes: 0 done, 1 it could not be done" in " ".join(ecluse("--help").out.split())


@pytest.mark.parametrize(
    "words",
    [("sites", "list"), ("keys", "list", "demo"), ("users", "reset", "admin"), ("web",),
     ("worker",), ("scheduler",), ("dead-letters", "list", "demo"), ("verify",),
     ("digest",), ("queue",), ("backup", "nowhere.backup"),
     ("erase", "claire@example.org", "--yes")],
    ids=" ".join,
)  # fmt: skip
@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"REDIS_URL": "unix:///nowhere.sock", "START_WAIT_S": "1"}, "does not answer"),
        ({"PORT": "x"}, "ECLUSE_PORT"),
        ({"REDIS_URL": "", "DATA_DIR": "/nowhere"}, "start `ecluse up`"),
    ],
    ids=["no server", "bad setting", "nothing embedded"],
)
def test_what_goes_wrong_is_one_line(
    words: tuple[str, ...], changes: dict[str, str], said: str, ecluse: Ecluse
) -> None:
    answer = ecluse(*words, **changes)
    assert answer.code == 1
    assert said in answer.err
    assert answer.err.count("\n") == 1
    assert "Traceback" not in answer.err


@pytest.mark.parametrize(
    "words",
    [("backup",), ("restore",), ("import", "demo")],
    ids=" ".join,
)
@pytest.mark.usefixtures("demo")
def test_a_file_that_cannot_be_opened_is_named_without_a_number(
    words: tuple[str, ...], ecluse: Ecluse, tmp_path: Path
) -> None:
    answer = ecluse(*words, str(tmp_path / "none" / "file"))
    assert answer.code == 1
    assert answer.err.startswith(f"Error: {tmp_path}/none/file")
    assert answer.err.endswith(": No such file or directory\n")


def test_who_gets_no_answer_from_the_server_is_told_where_to_look(ecluse: Ecluse) -> None:
    assert "ECLUSE_REDIS_URL" in ecluse("sites", "list", REDIS_URL="unix:///nowhere.sock").err


def test_the_welcome_shows_secrets_when_they_were_just_made() -> None:
    lines = welcome(Settings(host="::"), Secret("once-only", "ek_demo_a_b"))
    assert "Écluse is up at http://[::1]:8000" in lines
    assert any("one-time password" in line and "once-only" in line for line in lines)
    assert "  http://[::1]:8000/sign-in" in lines
    [submit] = [shlex.split(line) for line in lines if line.startswith("  curl")]
    assert "Authorization: Bearer ek_demo_a_b" in submit
    assert submit[4] == "http://[::1]:8000/v1/sites/demo/comments?wait=2"


def test_a_later_welcome_says_how_to_make_new_ones() -> None:
    text = "\n".join(welcome(Settings(public_url="https://c.example.org/"), Secret("", "")))
    assert "https://c.example.org/docs" in text
    assert "ecluse users reset admin" in text
    assert "ecluse keys create SITE" in text
    assert "curl" not in text


def test_the_address_in_the_welcome_passes_for_an_email() -> None:
    assert validate_email("claire@example.org", check_deliverability=False)

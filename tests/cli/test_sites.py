"""`ecluse sites`."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cli.conftest import Ecluse


def test_a_site_is_created_shown_and_listed(ecluse: Ecluse) -> None:
    made = ecluse(
        "sites", "create", "journal", "--origin", "https://Example.ORG:443/", "--origin",
        "http://localhost:1313", "--lang", "fr", "--require", "email", "--nudge",
        "--limit", "ip=5/60", "--json",
    )  # fmt: skip
    assert made.code == 0
    assert made.data["origins"] == ["https://example.org", "http://localhost:1313"]
    assert made.data["required"] == ["email"]
    assert made.data["nudge"] is True
    assert made.data["limits"]["ip"] == "5/60"
    assert made.data["created_at"] > 0
    assert ecluse("sites", "show", "journal", "--json").data == made.data
    assert ecluse("sites", "list", "--json").data == [made.data]


def test_people_read_when_a_site_was_made_as_a_time(ecluse: Ecluse, demo: str) -> None:
    shown = ecluse("sites", "show", demo).out
    assert re.search(r"^created_at  20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00$", shown, re.MULTILINE)


def test_an_update_changes_only_what_is_said(ecluse: Ecluse, demo: str) -> None:
    before = ecluse("sites", "show", demo, "--json").data
    after = ecluse("sites", "update", demo, "--lang", "fr", "--limit", "page=9/9", "--json").data
    assert after == {
        **before, "lang": "fr", "limits": {**before["limits"], "page": "9/9"}
    }  # fmt: skip


def test_anonymous_sites_require_nothing(ecluse: Ecluse, demo: str) -> None:
    assert ecluse("sites", "update", demo, "--anonymous", "--json").data["required"] == []
    assert ecluse("sites", "update", demo, "--anonymous", "--require", "url").code == 2


def test_a_policy_file_lies_over_the_default_policy(
    ecluse: Ecluse, demo: str, tmp_path: Path
) -> None:
    path = tmp_path / "policy.toml"
    path.write_text("[thresholds.insult]\nhold = 0.3\n")
    answer = ecluse("sites", "update", demo, "--policy", str(path), "--json")
    assert answer.data["policy"] == {"thresholds": {"insult": {"hold": 0.3}}}


@pytest.mark.parametrize(
    "text", ["[thresholds.insult]\nhold = 0.99\n", "nonsense = 1", "not toml", "[thresholds.x]\n"]
)
def test_a_policy_that_cannot_be_used_is_refused(
    text: str, ecluse: Ecluse, demo: str, tmp_path: Path
) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(text)
    answer = ecluse("sites", "update", demo, "--policy", str(path))
    assert answer.code == 2
    assert "Invalid value for '--policy'" in answer.err


@pytest.mark.parametrize("name", ["", "-a", "A", "é", "a_b", "a" * 64, "a b", "a\n"])
def test_names_that_are_none_are_refused(name: str, ecluse: Ecluse) -> None:
    assert ecluse("sites", "create", "--origin", "http://a.test", "--", name).code == 2


@pytest.mark.parametrize(
    "origin",
    ["example.org", "ftp://a.test", "http://", "http://a.test/path", "http://a.test?x",
     "http://me@a.test", "http://a.test:99999", "http://a..b", "https://[::1"],
)  # fmt: skip
def test_origins_that_are_none_are_refused(origin: str, ecluse: Ecluse) -> None:
    answer = ecluse("sites", "create", "a", "--origin", origin)
    assert answer.code == 2
    assert "Invalid value for '--origin'" in answer.err


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("HTTPS://Exemple.Été.FR", "https://exemple.xn--t-9fab.fr"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("http://a.test:80", "http://a.test"),
    ],
)
def test_origins_are_kept_as_browsers_send_them(given: str, kept: str, ecluse: Ecluse) -> None:
    assert ecluse("sites", "create", "a", "--origin", given, "--json").data["origins"] == [kept]


@pytest.mark.parametrize("limit", ["ip", "ip=0/60", "ip=5/0", "moon=5/60", "ip=5/60/7"])
def test_limits_that_are_none_are_refused(limit: str, ecluse: Ecluse, demo: str) -> None:
    assert ecluse("sites", "update", demo, "--limit", limit).code == 2


def test_a_taken_name_and_an_unknown_one_are_said_in_one_line(ecluse: Ecluse, demo: str) -> None:
    taken = ecluse("sites", "create", demo, "--origin", "http://a.test")
    unknown = ecluse("sites", "show", "nobody")
    assert (taken.code, unknown.code) == (1, 1)
    assert taken.err == "Error: a site called 'demo' exists already\n"
    assert unknown.err == "Error: no site is called 'nobody'; see `ecluse sites list`\n"


def test_people_get_text(ecluse: Ecluse, demo: str) -> None:
    assert "http://site.test" in ecluse("sites", "list").out
    assert "required" in ecluse("sites", "show", demo).out

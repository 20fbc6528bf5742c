"""`ecluse backup`, `restore` and `digest`."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.moderation.verdict import Action
from service.store.store import Store
from service.store.upkeep import sealed_file
from tests.cli.conftest import Ecluse
from tests.store.shelf import DEMO, bring, raw, settle_all


@pytest.fixture
def town(store: Store, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setattr(sealed_file.write, "__kwdefaults__", {"scrypt_n": 2})
    for number in range(5):
        bring(store, f"c{number}", content=f"Un mot en clair, {number}")
    settle_all(store, Action.HOLD)
    return store


def test_what_was_saved_comes_back_and_is_proven_equal(
    ecluse: Ecluse, town: Store, tmp_path: Path
) -> None:
    file, word = tmp_path / "site.backup", tmp_path / "word"
    word.write_text("a long passphrase\n", "utf-8")
    made = ecluse("backup", str(file), "--passphrase-file", str(word), "--json").data
    assert file.stat().st_mode & 0o777 == 0o600
    assert b"Un mot" not in file.read_bytes()
    assert made["digest"] == ecluse("digest", "--json").data["digest"]
    comment = raw(town).hgetall(DEMO.comment("c1"))
    restored = ("restore", str(file), "--passphrase-file", str(word))
    refused = ecluse(*restored)
    assert (refused.code, refused.err.count("\n")) == (1, 1)
    assert "--replace" in refused.err
    raw(town).delete(DEMO.comment("c1"), DEMO.severity)
    back = ecluse(*restored, "--replace", "--json").data
    assert (back["digest"], back["verified"]) == (made["digest"], {"demo": 0})
    assert raw(town).hgetall(DEMO.comment("c1")) == comment
    assert ecluse("verify").code == 0


@pytest.mark.usefixtures("town")
def test_a_bad_file_is_a_line_and_changes_nothing(ecluse: Ecluse, tmp_path: Path) -> None:
    file, word = tmp_path / "site.backup", tmp_path / "word"
    word.write_text("another\n", "utf-8")
    assert ecluse("backup", str(file), "--encrypt", stdin="secret\nsecret\n").code == 0
    before = ecluse("digest", "--json").data
    whole = file.read_bytes()
    file.with_suffix(".cut").write_bytes(whole[:-1])
    file.with_suffix(".odd").write_text("hello\n", "utf-8")
    for path, stdin in (
        (str(file.with_suffix(".cut")), "secret\n"),
        (str(file.with_suffix(".odd")), ""),
        (str(file), "another\n"),
        (str(tmp_path / "nowhere"), ""),
    ):
        answer = ecluse("restore", path, "--replace", stdin=stdin)
        assert answer.code == 1
        assert answer.err.splitlines()[-1].startswith("Error: ")
        assert "Traceback" not in answer.err
    assert ecluse("restore", str(file), "--passphrase-file", str(word), "--dry-run").code == 1
    assert ecluse("digest", "--json").data == before
    again = ecluse("backup", str(file))
    assert (again.code, again.err) == (1, f"Error: {file} exists already\n")


@pytest.mark.usefixtures("town")
def test_a_dry_run_says_what_is_in_it_and_whose_secrets_it_needs(
    ecluse: Ecluse, tmp_path: Path
) -> None:
    file = tmp_path / "site.backup"
    said = ecluse("backup", str(file))
    assert "ECLUSE_SECRET_KEY" in said.err
    dry = ecluse("restore", str(file), "--dry-run", "--json")
    assert dry.data["secrets_fit"]
    assert dry.data["digest"] in said.out
    other = ecluse("restore", str(file), "--dry-run", "--json", SECRET_KEY="x" * 40)
    assert not other.data["secrets_fit"]
    assert "the secrets here are not those of the backup" in other.err

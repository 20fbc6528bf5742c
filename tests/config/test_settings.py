"""Settings: what the environment says, what is refused, what is documented."""

from __future__ import annotations

import base64
import re
import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest

from config.settings import Durability, Settings, SettingsInvalid, WorkerKind, load_secrets

PAGE = Path(__file__).parents[2] / "docs" / "configuration.md"
ROW = re.compile(r"^\| `ECLUSE_(\w+)` \| (?:`(.*?)`)? ?\| (.+) \|$", re.MULTILINE)


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for item in fields(Settings):
        monkeypatch.delenv(f"ECLUSE_{item.name.upper()}", raising=False)
    monkeypatch.chdir(tmp_path)


def shown(default: Any) -> str:
    if isinstance(default, bool):
        return str(default).lower()
    return ",".join(default) if isinstance(default, tuple) else str(default)


def test_every_option_is_documented_with_its_default_and_nothing_else_is() -> None:
    documented = {name: (default, about) for name, default, about in ROW.findall(PAGE.read_text())}
    declared = {
        item.name.upper(): (shown(item.default), item.metadata["about"])
        for item in fields(Settings)
    }
    assert documented == declared


def test_every_documented_default_is_what_an_empty_environment_gives() -> None:
    assert Settings.from_environment() == Settings()


def value_for(item: Any) -> str:
    samples = {bool: "true", int: "2048", float: "2.5", str: "text", Path: "here", tuple: "a,b"}
    chosen = {"log_level": "DEBUG", "log_format": "json", "port": "81", "remote_weight": "0.25"}
    chosen["otlp_sample"] = "0.5"
    chosen["oidc_role"] = "ops"
    if isinstance(item.default, StrEnum):
        return list(type(item.default))[-1].value
    return chosen.get(item.name, samples.get(type(item.default), "here"))


@pytest.mark.parametrize("item", fields(Settings), ids=lambda item: item.name)
def test_every_option_can_be_set(item: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    given = value_for(item)
    monkeypatch.setenv(f"ECLUSE_{item.name.upper()}", given)
    read = getattr(Settings.from_environment(), item.name)
    assert shown(read) == given
    assert isinstance(read, type(item.default))


def test_bad_values_are_named_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    bad = {
        "PORT": "many",
        "WORKERS": "0",
        "DURABILITY": "perhaps",
        "EMAIL_DNS": "sometimes",
        "LOG_LEVEL": "LOUD",
        "CHECK_TIMEOUT_S": "soon",
    }
    for name, value in bad.items():
        monkeypatch.setenv(f"ECLUSE_{name}", value)
    with pytest.raises(SettingsInvalid) as caught:
        Settings.from_environment()
    named = [line.split(":")[0] for line in str(caught.value).splitlines()]
    assert named == sorted(f"ECLUSE_{name}" for name in bad)


@pytest.mark.parametrize("port", ["0", "65536", "-1"])
def test_ports_out_of_range_are_refused(port: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECLUSE_PORT", port)
    with pytest.raises(SettingsInvalid, match="ECLUSE_PORT"):
        Settings.from_environment()


def test_a_dotenv_file_is_read_and_the_environment_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECLUSE_PORT", "9001")
    monkeypatch.setenv("ECLUSE_WORKER_KIND", "")  # the file's value is undone after the test
    monkeypatch.delenv("ECLUSE_WORKER_KIND")
    Path(".env").write_text("ECLUSE_PORT=9002\nECLUSE_WORKER_KIND=fork\n")
    read = Settings.from_environment()
    assert (read.port, read.worker_kind) == (9001, WorkerKind.FORK)


def test_choices_become_enumerations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECLUSE_DURABILITY", "strict")
    assert Settings.from_environment().durability is Durability.STRICT


@pytest.mark.parametrize(
    ("url", "base"),
    [("", "http://127.0.0.1:8000"), ("https://c.example.org/", "https://c.example.org")],
)
def test_base_url_has_no_slash_at_the_end(url: str, base: str) -> None:
    assert Settings(public_url=url).base_url == base


def test_secrets_are_made_once_and_kept_for_the_owner_alone(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "new" / "data")
    made = load_secrets(settings)
    assert load_secrets(settings) == made
    for name in ("secret_key", "data_key"):
        path = settings.data_dir / name
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [path.name for path in settings.data_dir.iterdir() if path.name.startswith(".")] == []


def test_processes_that_start_together_agree_on_the_secrets(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    with ThreadPoolExecutor(16) as pool:
        found = set(pool.map(lambda _: load_secrets(settings), range(64)))
    assert len(found) == 1


def test_empty_keys_in_the_environment_mean_kept_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ECLUSE_DATA_KEYS", "")
    monkeypatch.setenv("ECLUSE_SECRET_KEY", "")
    monkeypatch.setenv("ECLUSE_DATA_DIR", str(tmp_path))
    assert len(load_secrets(Settings.from_environment()).data_keys) == 1


def test_given_keys_are_used_newest_first(tmp_path: Path) -> None:
    keys = tuple(base64.b64encode(letter * 32).decode() for letter in (b"n", b"o"))
    read = load_secrets(Settings(data_dir=tmp_path, secret_key="s" * 32, data_keys=keys))
    assert read.data_keys == (b"n" * 32, b"o" * 32)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "variable"),
    [
        ({"secret_key": "too short"}, "ECLUSE_SECRET_KEY"),
        ({"data_keys": ("not base64!",)}, "ECLUSE_DATA_KEYS"),
        ({"data_keys": (base64.b64encode(b"short").decode(),)}, "ECLUSE_DATA_KEYS"),
    ],
)
def test_keys_that_are_too_weak_are_refused(
    options: dict[str, Any], variable: str, tmp_path: Path
) -> None:
    with pytest.raises(SettingsInvalid, match=variable):
        load_secrets(Settings(data_dir=tmp_path, **options))


def test_an_option_of_an_earlier_name_is_refused_with_the_new_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ECLUSE_WEBHOOKS_PRIVATE", "true")
    with pytest.raises(SettingsInvalid, match="It is called ECLUSE_PRIVATE_TARGETS now"):
        Settings.from_environment()

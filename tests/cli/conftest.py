"""The `ecluse` command as a test runs it: in this process, over a database of its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from service.cli import main

Ecluse = Callable[..., "Answer"]


@dataclass(frozen=True)
class Answer:
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


@pytest.fixture
def environment(redis_url: str, queue_url: str, tmp_path: Path) -> dict[str, str]:
    return {
        "ECLUSE_REDIS_URL": redis_url,
        "ECLUSE_QUEUE_URL": queue_url,
        "ECLUSE_DATA_DIR": str(tmp_path),
    }


@pytest.fixture
def ecluse(environment: dict[str, str]) -> Ecluse:
    def run(*words: str, stdin: str | bytes = "", **changes: str) -> Answer:
        env = {**environment, **{f"ECLUSE_{name}": value for name, value in changes.items()}}
        result: Result = CliRunner().invoke(main, words, input=stdin, env=env)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Answer(result.exit_code, result.stdout, result.stderr)

    return run


@pytest.fixture
def demo(ecluse: Ecluse) -> str:
    assert ecluse("sites", "create", "demo", "--origin", "http://site.test").code == 0
    return "demo"

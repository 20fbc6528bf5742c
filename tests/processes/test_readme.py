"""Every command in the README works as it stands there, on a service that is up."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from pathlib import Path

from click.testing import CliRunner

from service.cli import main
from tests.processes.service_up import PATIENCE_S, ServiceUp

README = Path(__file__).parents[2] / "README.md"
# What the suite or CI runs elsewhere: the whole line, and where it is proven.
PROVEN_ELSEWHERE = {
    "make run": "test_up.py runs what it ends in",
    "make test": "CI",
    "make lint": "CI",
    "make bench": "tests/bench",
    "make bench-accept": "tests/bench",
    "make bench-moderate": "tests/bench",
    "make bench-queue": "tests/bench",
    "make bench-queue-pages": "tests/bench, and tests/browser for the keys",
    "make bench-perspective": "tests/bench",
    "make bench-checks": "by hand: it needs the labelled data, which no clone has",
    "make train-encoder": "tests/training",
    "make train": "tests/moderation/test_training.py",
    "make screenshots": "tests/browser/test_screenshots.py",
    "make evaluate": "tests/moderation/test_training.py, on made-up rows",
    "ecluse web": "test_workers.py and the supervisor's own children",
    "ecluse worker -n 4": "test_workers.py",
    "ecluse scheduler": "test_workers.py",
    "export": "an environment of one's own",
}


def commands() -> list[str]:
    """Return the README's shell commands, one each, without their comments."""
    blocks = re.findall(r"```sh\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
    lines = "".join(blocks).replace("\\\n", " ")
    found, open_quote = [], ""
    for line in lines.splitlines():
        open_quote = f"{open_quote} {line}" if open_quote else line
        if open_quote.count("'") % 2 == 0:
            found.append(re.sub(r"\s+#.*", "", open_quote).strip())
            open_quote = ""
    return [command for command in found if command]


def is_proven_elsewhere(command: str) -> bool:
    return command in PROVEN_ELSEWHERE or command.split()[0] in PROVEN_ELSEWHERE


def curl(command: str) -> dict[str, object]:
    done = subprocess.run(
        [*shlex.split(command), "-sS", "--fail-with-body"],
        capture_output=True, text=True, timeout=PATIENCE_S, check=False,
    )  # fmt: skip
    assert done.returncode == 0, (command, done.stdout, done.stderr)
    is_json = done.stdout.startswith("{")
    answer: dict[str, object] = json.loads(done.stdout) if is_json else {}
    assert answer or "ecluse_build" in done.stdout
    return answer


def comment_files(folder: Path) -> dict[str, str]:
    """Write the files that commands read, and return where they are, and what they write."""
    rows = {
        "comments.jsonl": {"text": "Merci pour cet article.", "lang": "fr"},
        "decided.jsonl": {"text": "Merci pour cet article.", "decision": "approve"},
    }
    for name, row in rows.items():
        (folder / name).write_text(f"{json.dumps(row)}\n", "utf-8")
    return {name: str(folder / name) for name in (*rows, "ecluse.backup")}


def test_every_command_works_as_it_stands_there(service: ServiceUp, tmp_path: Path) -> None:
    service.start()
    password = re.search(r"one-time password \(shown once\):\s+(\S+)", service.output)
    assert password is not None
    filled = {"ONE-TIME": password[1], "http://127.0.0.1:8000": service.url}
    filled |= comment_files(tmp_path)
    ran = 0
    for command in commands():
        if is_proven_elsewhere(command):
            continue
        for placeholder, value in filled.items():
            command = command.replace(placeholder, value)
        ran += 1
        if command.startswith("curl"):
            answer = curl(command)
            if "id" in answer:
                filled["01M8…"] = str(answer["id"])
            if "token" in answer:
                filled["es_…"] = str(answer["token"])
            continue
        words = shlex.split(command.removeprefix(".venv/bin/"))
        assert words[0] == "ecluse", command
        # In this process: each that starts pays half a second, and test_up.py starts some.
        done = CliRunner().invoke(main, words[1:], env=service.environment)
        assert done.exit_code == 0, (command, done.stdout, done.stderr, done.exception)
        if words[1:3] == ["keys", "create"] and "--scope" not in words:
            filled["ek_…"] = json.loads(done.stdout)["token"]
    assert ran >= 8

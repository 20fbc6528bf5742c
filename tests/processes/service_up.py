"""`ecluse up` as a test runs it: the real command, a free port, a data folder of its own."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from redis import Redis

from tests.conftest import free_port

PATIENCE_S = 60.0


@dataclass
class ServiceUp:
    """One data folder, and the `ecluse up` that runs on it now."""

    data_dir: Path
    port: int = field(default_factory=free_port)
    options: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        own = {"DATA_DIR": str(self.data_dir), "PORT": str(self.port), "WORKERS": "1"}
        named = {f"ECLUSE_{name}": value for name, value in {**own, **self.options}.items()}
        return {**os.environ, **named}

    @property
    def output(self) -> str:
        return (self.data_dir / "output").read_text("utf-8")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run one more `ecluse` command beside the service."""
        return subprocess.run(
            [sys.executable, "-m", "service.cli", *words],
            env=self.environment, capture_output=True, text=True, timeout=PATIENCE_S, check=False,
        )  # fmt: skip

    def start(self) -> ServiceUp:
        """Start, and return when the addresses are printed."""
        self.data_dir.mkdir(parents=True, exist_ok=True)
        with (self.data_dir / "output").open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "service.cli", "up"],
                env=self.environment, stdout=output, stderr=subprocess.STDOUT,
            )  # fmt: skip
        eventually(lambda: "Ctrl-C stops it." in self.output, self)
        return self

    def end(self, by: signal.Signals = signal.SIGINT) -> int:
        """Send a signal and return the exit code."""
        assert self.process is not None
        self.process.send_signal(by)
        return self.process.wait(PATIENCE_S)

    def parts(self) -> dict[str, int]:
        """Return the supervisor's children: what they are and their process ids."""
        assert self.process is not None
        return {_name(pid): pid for pid in children_of(self.process.pid)}

    def family(self) -> set[int]:
        """Return the supervisor's children and theirs."""
        assert self.process is not None
        children = children_of(self.process.pid)
        return {pid for child in children for pid in [child, *children_of(child)]}

    def key(self) -> str:
        """Return the key the welcome showed."""
        found = re.search(r"ek_demo_\w+", self.output)
        assert found is not None
        return found[0]

    def submit(self, content: str, key: str, author: str = "Claire") -> dict[str, Any]:
        """Send a comment; return the answer."""
        address = author.encode().hex()[:40] if author != "Claire" else "claire"
        body = {
            "author": author, "email": f"{address}@example.org", "content": content,
            "page": f"{self.url}/demo",
        }  # fmt: skip
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        status, answer = self._ask("POST", "/v1/sites/demo/comments?wait=5", body, headers)
        assert status in (200, 201, 202), answer
        data: dict[str, Any] = json.loads(answer)
        return data

    def overview(self, key: str) -> dict[str, Any]:
        """Return what operators see at one glance."""
        headers = {"Authorization": f"Bearer {key}"}
        status, answer = self._ask("GET", "/v1/ops/overview", headers=headers)
        assert status == 200, answer
        data: dict[str, Any] = json.loads(answer)
        return data

    def answers(self) -> bool:
        """Say whether the web server is ready."""
        try:
            return self._ask("GET", "/readyz")[0] == 200
        except (OSError, http.client.HTTPException):
            return False

    def _ask(
        self, method: str, path: str, body: object = None, headers: dict[str, str] | None = None
    ) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        try:
            connection.request(method, path, json.dumps(body).encode(), headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def server(self) -> Redis:
        """Return a connection to the embedded server."""
        path = (self.data_dir / "run" / "valkey.socket-path").read_text()
        return Redis(unix_socket_path=path)


def eventually(holds: Callable[[], bool], service: ServiceUp | None = None) -> None:
    """Wait until ``holds``; fail with the service's output."""
    until = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < until, service.output if service else "it never came true"
        time.sleep(0.05)


def children_of(pid: int) -> list[int]:
    """Return a process's children."""
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []


def is_gone(pid: int) -> bool:
    """Say whether a process has ended (a zombie has)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def _name(pid: int) -> str:
    words = Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ").split()
    known = {"valkey-server": "valkey", "workers.runner": "workers",
             "workers.scheduler": "scheduler", "web": "web"}  # fmt: skip
    for word, name in known.items():
        if any(part == word or part.endswith(f"/{word}") for part in words):
            return name
    return " ".join(words)

"""A service that is watched: several web processes, workers of both kinds, nothing given away."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from rq import Queue
from rq.serializers import JSONSerializer

from tests.observed.receiver import Receiver, facts_of, receiving
from tests.processes.service_up import PATIENCE_S, ServiceUp, eventually

CANARY = "kanarienvogel"
COMMENTS = 12
ROUTE = "/v1/sites/<site>/comments"


@dataclass
class Watched:
    """A service, and the collector and Sentry it tells."""

    service: ServiceUp
    receiver: Receiver
    ids: list[str]

    def sample(self, name: str, **labels: str) -> float:
        """Return one of the values that a web process tells of."""
        with urllib.request.urlopen(f"{self.service.url}/metrics") as answer:  # noqa: S310
            text = answer.read().decode()
        return sum(
            sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        )

    def lines(self) -> list[dict[str, Any]]:
        """Return what was logged."""
        lines = self.service.output.splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    with receiving() as receiver:
        options = {
            "WEB_PROCESSES": "2", "WORKERS": "1", "WORKER_KIND": "fork", "LOG_FORMAT": "json",
            "ACCESS_LOG": "true", "OTLP_ENDPOINT": receiver.url, "SENTRY_DSN": receiver.dsn,
        }  # fmt: skip
        service = ServiceUp(tmp_path_factory.mktemp("watched") / "var", options=options)
        found = Watched(service, receiver, [])
        other: subprocess.Popen[bytes] | None = None
        try:
            service.start()
            other = subprocess.Popen(
                [sys.executable, "-m", "service.cli", "worker", "-n", "1"],
                env={**service.environment, "ECLUSE_WORKER_KIND": "simple"},
                stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT,
            )  # fmt: skip
            eventually(lambda: found.sample("ecluse_workers", state="idle") == 2, service)
            key = service.key()
            for number in range(COMMENTS):
                words = f"{CANARY} {number}: merci pour cet article."
                found.ids.append(service.submit(words, key, author=f"{CANARY} {number}")["id"])
            yield found
        finally:
            if other is not None:
                other.send_signal(signal.SIGTERM)
                other.wait(PATIENCE_S)
            if service.process is not None:
                service.end()


def test_any_process_tells_what_all_of_them_did(watched: Watched) -> None:
    def counted() -> tuple[float, ...]:
        served = watched.sample("ecluse_http_request_duration_seconds_count", route=ROUTE)
        settled = watched.sample("ecluse_comments_settled_total", site="demo")
        verdicts = watched.sample("ecluse_verdicts_total")
        timed = watched.sample("ecluse_verdict_latency_seconds_count")
        return served, settled, verdicts, timed

    eventually(lambda: counted() == (COMMENTS,) * 4, watched.service)


def test_unknown_keys_count_once_whichever_process_is_called_and_asked(watched: Watched) -> None:
    """Call a door over several connections, as clients do; two processes answer."""
    for _ in range(8):
        wrong = {"Authorization": "Bearer sk-nobodys", "Content-Type": "application/json"}
        call = urllib.request.Request(  # noqa: S310
            f"{watched.service.url}/v1/moderations", b'{"input": "Bonjour"}', wrong
        )
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(call)  # noqa: S310
    name = "ecluse_door_unknown_keys_total"
    assert {watched.sample(name, door="openai") for _ in range(8)} == {8}
    assert watched.sample(name) == 8


def test_traces_come_from_the_request_and_from_a_worker_whatever_its_kind(
    watched: Watched,
) -> None:
    def traces(name: str) -> dict[str, bytes]:
        spans = [span for span in watched.receiver.spans() if span.name == name]
        return {facts_of(span).get("ecluse.comment", ""): span.trace_id for span in spans}

    def is_whole() -> bool:
        requests, verdicts = traces(f"POST {ROUTE}"), traces("moderate")
        return set(requests) == set(verdicts) == set(watched.ids) and requests == verdicts

    eventually(is_whole, watched.service)


def test_a_task_that_fails_in_a_forked_child_is_reported(watched: Watched) -> None:
    url = f"unix://{(watched.service.data_dir / 'run' / 'valkey.socket-path').read_text()}?db=1"
    connection = type(watched.service.server()).from_url(url)
    queue = Queue("moderate", connection=connection, serializer=JSONSerializer)
    queue.enqueue("workers.moderate.policies_of", CANARY)
    eventually(lambda: bool(watched.receiver.events()), watched.service)
    connection.close()
    (event,) = watched.receiver.events()
    assert event["exception"]["values"][-1]["type"] == "AttributeError"
    assert CANARY.encode() not in watched.receiver.everything


def test_each_submission_has_a_line_with_its_request_and_comment(watched: Watched) -> None:
    requests = [line for line in watched.lines() if line.get("route") == ROUTE]
    assert {line["comment"] for line in requests} == set(watched.ids)
    assert all(line["request"] and line["site"] == "demo" for line in requests)
    assert len({line["pid"] for line in requests}) <= 2


def test_nothing_that_was_sent_is_in_any_log(watched: Watched) -> None:
    logs = [path for path in Path(watched.service.data_dir).rglob("*")
            if path.is_file() and (path.name == "output" or path.suffix == ".log")]  # fmt: skip
    assert logs
    for path in logs:
        text = path.read_text("utf-8", "replace")
        assert CANARY not in text
        assert CANARY.encode().hex()[:20] not in text

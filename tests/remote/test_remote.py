"""Services elsewhere: asked over real HTTP, gone without when they do not answer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from config.settings import RemoteUse, Settings, SettingsInvalid
from service.judge import build_judge, build_worker_judge
from service.moderation.batch import Batch
from service.moderation.comment import Case, Comment
from service.moderation.pipeline import Pipeline
from service.moderation.policy import Policy, Threshold
from service.moderation.signal import Attribute
from service.moderation.verdict import Action, Stage, Verdict
from service.remote.breaker import MOST_FAILURES_IN_A_ROW, PAUSE_S, RetryBudget
from service.remote.check import TEXTS_AT_ONCE, RemoteCheck
from service.remote.chosen import remote_check
from service.remote.shapes import OPENAI, SCORES, Shape
from service.remote.transport import MOST_BYTES
from service.schemas.wording import REMOTE_SKIPPED, reasons

POLICY = Policy({Attribute.TOXICITY: {"*": Threshold(0.4, 0.9)}})
Reply = Callable[[Any], tuple[int, bytes]]


def scores_by_words(asked: Any) -> tuple[int, bytes]:
    """Answer as a classifier of our own shape that knows one word."""
    rows = [{"toxicity": 0.9 if "vile" in text else 0.01} for text in asked["texts"]]
    return 200, json.dumps({"scores": rows}).encode()


@dataclass
class Elsewhere:
    """A service that answers as a test wants, and keeps what it was asked."""

    reply: Reply = scores_by_words
    asked: list[Any] = field(default_factory=list)
    headers: list[Any] = field(default_factory=list)
    url: str = ""


@pytest.fixture
def elsewhere() -> Iterator[Elsewhere]:
    there = Elsewhere()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            there.asked.append(json.loads(body))
            there.headers.append(dict(self.headers))
            status, answer = there.reply(there.asked[-1])
            try:
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", there.url + "/moved")
                self.end_headers()
                self.wfile.write(answer)
            except OSError:
                pass  # the caller has gone

        def log_message(self, *_about: Any) -> None:
            """Keep the test's output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    there.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield there
    server.shutdown()
    server.server_close()
    thread.join(10)


def check_of(there: Elsewhere, shape: Shape = SCORES, **more: Any) -> RemoteCheck:
    values: dict[str, Any] = {"headers": {}, "timeout_s": 5.0, "weight": 0.5, **more}
    return RemoteCheck(there.url, shape, **values)


def verdicts(check: RemoteCheck, *contents: str) -> list[Verdict]:
    cases = [
        Case(Comment(f"c{n}", "demo", "/p", content, lang="en", author="Claire"))
        for n, content in enumerate(contents)
    ]
    return Pipeline((check,)).review(Batch(cases), POLICY)


def test_workers_without_its_address_say_so_and_do_not_start() -> None:
    environment = {**os.environ, "ECLUSE_REMOTE": "scores"}
    command = [sys.executable, "-m", "workers.runner", "1"]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 1
    assert ended.stderr.startswith("ECLUSE_REMOTE_URL: ")


def test_its_scores_count_with_their_weight(elsewhere: Elsewhere) -> None:
    rude, kind = verdicts(check_of(elsewhere), "You are vile", "A lovely day")
    assert rude.scores == {Attribute.TOXICITY: pytest.approx(0.45)}
    assert (rude.action, kind.action) == (Action.HOLD, Action.APPROVE)
    assert rude.stages == kind.stages == (Stage.REMOTE,)


def test_words_and_language_leave_and_nothing_else(elsewhere: Elsewhere) -> None:
    verdicts(check_of(elsewhere, headers={"Authorization": "Bearer k"}), "A lovely day")
    assert elsewhere.asked == [{"texts": ["A lovely day"], "langs": ["en"]}]
    assert elsewhere.headers[0]["Authorization"] == "Bearer k"


def test_openai_s_categories_become_our_attributes(elsewhere: Elsewhere) -> None:
    def reply(asked: Any) -> tuple[int, bytes]:
        rows = [{"category_scores": {"harassment/threatening": 0.8, "self-harm": 0.9}}]
        return 200, json.dumps({"results": rows * len(asked["input"])}).encode()

    elsewhere.reply = reply
    (verdict,) = verdicts(check_of(elsewhere, OPENAI), "I will find you")
    assert set(verdict.scores) == {Attribute.TOXICITY, Attribute.THREAT}
    assert elsewhere.asked == [{"input": ["I will find you"]}]


def test_many_comments_go_in_few_requests_and_come_back_in_order(elsewhere: Elsewhere) -> None:
    contents = ["vile" if n % 3 else "kind" for n in range(2 * TEXTS_AT_ONCE + 1)]
    found = verdicts(check_of(elsewhere), *contents)
    assert [verdict.action is Action.HOLD for verdict in found] == [c == "vile" for c in contents]
    assert [len(asked["texts"]) for asked in elsewhere.asked] == [32, 32, 1]


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (500, b""),
        (401, b"{}"),
        (302, b""),
        (200, b"no JSON"),
        (200, b"[]"),
        (200, b'{"scores": []}'),
        (200, b'{"scores": [3]}'),
        (200, b'{"scores": [{"toxicity": "high"}]}'),
        (200, b'{"scores": [{"toxicity": 7}]}'),
        (200, b'{"scores": [{"toxicity": NaN}]}'),
        (200, b" " * (MOST_BYTES + 1)),
    ],
)
def test_without_an_answer_of_use_comments_are_judged_without_it(
    elsewhere: Elsewhere, status: int, answer: bytes
) -> None:
    elsewhere.reply = lambda _: (status, answer)
    (verdict,) = verdicts(check_of(elsewhere, budget=RetryBudget(0.0)), "You are vile")
    assert (verdict.action, verdict.unscreened) == (Action.APPROVE, ())
    assert verdict.stages == (Stage.REMOTE_SKIPPED,)
    assert REMOTE_SKIPPED in reasons(verdict, "en")
    assert any("service extérieur" in reason for reason in reasons(verdict, "fr"))
    assert len(elsewhere.asked) == 1


def test_nobody_there_is_no_error(elsewhere: Elsewhere) -> None:
    gone = replace(elsewhere, url="http://127.0.0.1:1")
    (verdict,) = verdicts(check_of(gone), "You are vile")
    assert verdict.stages == (Stage.REMOTE_SKIPPED,)


def test_a_slow_service_costs_a_batch_its_time_and_no_more(elsewhere: Elsewhere) -> None:
    ended = threading.Event()

    def reply(asked: Any) -> tuple[int, bytes]:
        ended.wait(10)
        return scores_by_words(asked)

    elsewhere.reply = reply
    try:
        found = verdicts(check_of(elsewhere, timeout_s=0.3), *["vile"] * 3 * TEXTS_AT_ONCE)
    finally:
        ended.set()
    assert {verdict.stages for verdict in found} == {(Stage.REMOTE_SKIPPED,)}
    assert len(elsewhere.asked) == 1


def test_a_passing_failure_is_tried_again_within_the_budget(elsewhere: Elsewhere) -> None:
    def reply(asked: Any) -> tuple[int, bytes]:
        return (503, b"") if len(elsewhere.asked) == 1 else scores_by_words(asked)

    elsewhere.reply = reply
    (verdict,) = verdicts(check_of(elsewhere), "You are vile")
    assert verdict.action is Action.HOLD
    assert len(elsewhere.asked) == 2


def test_a_service_that_keeps_failing_is_left_alone_for_a_while(elsewhere: Elsewhere) -> None:
    now = [0.0]
    check = check_of(elsewhere, clock=lambda: now[0], budget=RetryBudget(0.0))
    elsewhere.reply = lambda _: (500, b"")
    for _ in range(10):
        verdicts(check, "You are vile")
    assert len(elsewhere.asked) == MOST_FAILURES_IN_A_ROW
    now[0] += PAUSE_S
    verdicts(check, "You are vile")
    verdicts(check, "You are vile")
    assert len(elsewhere.asked) == MOST_FAILURES_IN_A_ROW + 1
    now[0] += PAUSE_S
    elsewhere.reply = scores_by_words
    assert [verdicts(check, "vile")[0].action for _ in range(2)] == [Action.HOLD] * 2


def test_second_tries_are_one_in_ten_in_the_long_run() -> None:
    budget, spent = RetryBudget(0.0), 0
    for _ in range(1000):
        budget.deposit()
        spent += budget.spend()
    assert 90 <= spent <= 100


def test_it_is_off_unless_named_and_only_workers_ask_it(elsewhere: Elsewhere) -> None:
    on = Settings(remote=RemoteUse.SCORES, remote_url=elsewhere.url)
    assert remote_check(Settings()) is None
    names = {check.name for check in build_worker_judge(on).checks}
    assert names - {check.name for check in build_judge(on).checks} == {"remote"}
    assert len(build_worker_judge(Settings()).checks) == len(build_judge(Settings()).checks)


@pytest.mark.parametrize("url", ["", "file:///etc/passwd", "classifier.test"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(SettingsInvalid, match="ECLUSE_REMOTE_URL"):
        remote_check(Settings(remote=RemoteUse.SCORES, remote_url=url))

"""Parts that come before their server does, and workers that go in the middle of a batch."""

from __future__ import annotations

import http.client
import multiprocessing
import signal
import socket
import threading
import time
from collections.abc import Callable, Sequence
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from redis.exceptions import ResponseError

from config.settings import Settings
from service.store.inbox_group import GROUP
from service.store.keys import SiteKeys
from service.store.store import Store
from tests.conftest import arrival_of, comment_of, free_port, start_valkey, stop
from tests.processes.conftest import Start, store_at
from tests.processes.service_up import PATIENCE_S, eventually
from tests.workers.house import moderator_of
from workers.attendance import attendance
from workers.runner import Crew, hand_back

INBOX = SiteKeys("demo").inbox


def output_of(settings: Settings) -> str:
    return (settings.data_dir / "output").read_text("utf-8")


def is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def test_parts_wait_for_a_server_that_comes_later_and_then_work(
    settings: Settings, start: Start, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder, port = tmp_path_factory.mktemp("v"), free_port()
    url = f"unix://{folder / 'valkey.sock'}"
    named = {"REDIS_URL": url, "QUEUE_URL": f"{url}?db=1", "DURABILITY": "strict"}
    parts = [
        start("web", PORT=str(port), WEB_PROCESSES="1", **named),
        start("worker", "-n", "1", **named),
        start("scheduler", **named),
    ]
    waiting = "waiting for the server of the comments"
    eventually(lambda: output_of(settings).count(waiting) >= len(parts))
    assert [part.poll() for part in parts] == [None, None, None]
    refused = start("sites", "list", **named)
    assert refused.wait(PATIENCE_S) == 1
    impatient = start("worker", START_WAIT_S="1", **named)
    assert impatient.wait(PATIENCE_S) == 1
    assert "the server of the comments does not answer" in output_of(settings)
    parts[2].send_signal(signal.SIGTERM)
    assert parts[2].wait(PATIENCE_S) == 0
    parts[2] = start("scheduler", **named)

    server, _ = start_valkey(folder, "--appendonly", "yes")
    try:
        store = store_at(settings, url)
        eventually(lambda: is_ready(port))
        store.comments.accept(arrival_of(comment_of("c1")))
        store.inbox.clear_bell("demo")
        eventually(lambda: store.comments.status("demo", "c1") != "received")
        assert "Traceback" not in output_of(settings)
    finally:
        for part in parts:
            part.send_signal(signal.SIGTERM)
        assert [part.wait(PATIENCE_S) for part in parts] == [0, 0, 0]
        stop(server)


@pytest.mark.parametrize("kind", ["simple", "fork"])
def test_a_worker_that_is_stopped_in_a_batch_hands_it_back_at_once(
    kind: str, settings: Settings, start: Start
) -> None:
    store = store_at(settings, settings.redis_url)
    for number in range(5):
        store.comments.accept(arrival_of(comment_of(f"c{number}")))
    store.inbox.clear_bell("demo")
    with socket.create_server(("127.0.0.1", 0)) as silent:  # a service that never answers
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        slow = {"REMOTE": "scores", "REMOTE_URL": address, "REMOTE_TIMEOUT_S": "30"}
        worker = start("worker", "-n", "1", WORKER_KIND=kind, CHECK_TIMEOUT_S="60", **slow)
        start("scheduler")
        eventually(lambda: len(pending(store)) == 5)
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(PATIENCE_S) == 0
    assert "5 comments of demo handed back" in output_of(settings)
    assert [item["times_delivered"] for item in pending(store)] == [0] * 5
    assert moderator_of(store, settings, claim_idle_s=3600.0).drain("demo") == 5


def test_what_was_begun_before_by_others_stays_counted(settings: Settings) -> None:
    store = store_at(settings, settings.redis_url)
    store.comments.accept(arrival_of(comment_of("c1")))
    store.inbox.take("demo", "killed", 9)
    (stale,) = store.inbox.stale("demo", 0, 9)
    store.inbox.claim("demo", "stopped", [stale.entry_id], 0)
    assert store.inbox.hand_back("demo", "stopped") == 1
    assert [item["times_delivered"] for item in pending(store)] == [1]
    assert moderator_of(store, settings, claim_idle_s=3600.0).drain("demo") == 1


def test_a_drain_begins_no_batch_once_it_is_to_stop(settings: Settings) -> None:
    store = store_at(settings, settings.redis_url)
    for number in range(3):
        store.comments.accept(arrival_of(comment_of(f"c{number}")))
    asked = iter([False, True, True])
    moderator = moderator_of(store, settings, batch_size=1)
    object.__setattr__(moderator, "is_stopping", lambda: next(asked))
    assert moderator.drain("demo") == 1
    assert store.inbox.depth("demo") == 2
    queue: Any = Redis.from_url(settings.queue_url)
    assert queue.llen("rq:queue:moderate") == 1  # for the rest


def test_handing_back_to_a_server_that_is_away_says_so_and_ends(
    settings: Settings, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    nowhere = f"unix://{tmp_path}/nowhere"
    away = Settings(redis_url=nowhere, queue_url=nowhere, data_dir=settings.data_dir)
    hand_back(away, [1])
    assert "nothing handed back" in caplog.text


def deaf(ready: Any) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    ready.set()
    time.sleep(3600)


def test_a_worker_that_does_not_listen_is_killed_and_its_share_cleared_up(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    ready = context.Event()
    cleared: list[int] = []

    def begin() -> BaseProcess:
        process = context.Process(target=deaf, args=(ready,))
        process.start()
        return process

    clear_up: Callable[[Sequence[int]], None] = cleared.extend
    nowhere = f"unix://{tmp_path / 'none.sock'}"
    absent = attendance(Settings(redis_url=nowhere, queue_url=nowhere, data_dir=tmp_path))
    crew = Crew(1, begin, absent, clear_up)
    running = threading.Thread(target=crew.run)
    running.start()
    assert ready.wait(PATIENCE_S)
    crew.stopping.set()
    running.join()
    (seat,) = crew.seats
    assert seat.process is not None
    assert seat.process.exitcode == -signal.SIGKILL
    assert cleared == [seat.process.pid]


def pending(store: Store) -> list[Any]:
    client: Any = store.client
    try:
        return list(client.xpending_range(INBOX, GROUP, "-", "+", 99))
    except ResponseError:  # no worker has made the group yet
        return []

"""`ecluse worker` and `ecluse scheduler`, started by hand over a server that comes and goes."""

from __future__ import annotations

import json
import signal
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from rq.utils import import_attribute

from config.settings import Settings
from service.live_workers import live_workers
from service.store.sites import Changer
from service.store.store import Store
from service.store.webhooks.webhooks import What
from tests.conftest import arrival_of, comment_of, start_valkey, stop
from tests.processes.conftest import Start, store_at
from tests.processes.service_up import PATIENCE_S, children_of, eventually
from tests.webhooks.receiver import Receiver, receiving


def accept_unheard(store: Store, comment_id: str) -> None:
    """Accept a comment as if its bell had been lost long ago: only a sweep finds it."""
    store.comments.accept(arrival_of(comment_of(comment_id)))
    store.inbox.clear_bell("demo")


def settled(store: Store, comment_id: str) -> Callable[[], bool]:
    return lambda: store.comments.status("demo", comment_id) not in ("", "received")


def hook(store: Store, receiver: Receiver) -> str:
    """Have everything told to a receiver; return the secret that signs it."""
    by = Changer("cli", 1_790_000_000_000)
    return store.webhooks.create("demo", receiver.url, tuple(What), "", by)[1]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as here:
        yield here


def alive(url: str) -> int:
    return len(live_workers(Redis.from_url(url), time.time()))


@pytest.mark.parametrize("kind", ["simple", "fork"])
def test_workers_settle_what_the_scheduler_finds_tell_it_and_end_on_sigterm(
    kind: str, settings: Settings, start: Start, receiver: Receiver
) -> None:
    store = store_at(settings, settings.redis_url)
    secret = hook(store, receiver)
    accept_unheard(store, "c1")
    worker = start("worker", "-n", "2", WORKER_KIND=kind, PRIVATE_TARGETS="true")
    scheduler = start("scheduler")
    eventually(settled(store, "c1"))
    eventually(lambda: len(receiver.requests) == 2)
    for each in receiver.requests:
        each.verified(secret)
    eventually(lambda: alive(settings.queue_url) == 2)
    for process in (scheduler, worker):
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 0
    assert alive(settings.queue_url) == 0


def test_both_outlive_a_restart_of_the_server(
    settings: Settings, start: Start, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("v")
    server, url = start_valkey(folder, "--appendonly", "yes")
    store = store_at(settings, url)
    named = {"REDIS_URL": url, "QUEUE_URL": f"{url}?db=1"}
    processes = [start("worker", "-n", "1", **named), start("scheduler", **named)]
    eventually(lambda: alive(named["QUEUE_URL"]) == 1)
    stop(server)
    time.sleep(3)
    server, _ = start_valkey(folder, "--appendonly", "yes")
    try:
        accept_unheard(store, "c1")
        eventually(settled(store, "c1"))
        assert [process.poll() for process in processes] == [None, None]
        for process in processes:
            process.send_signal(signal.SIGTERM)
        assert [process.wait(PATIENCE_S) for process in processes] == [0, 0]
    finally:
        stop(server)


def test_both_end_on_sigterm_while_the_server_is_away(
    start: Start, tmp_path_factory: pytest.TempPathFactory
) -> None:
    server, url = start_valkey(tmp_path_factory.mktemp("v"))
    named = {"REDIS_URL": url, "QUEUE_URL": f"{url}?db=1"}
    processes = [start("worker", "-n", "1", **named), start("scheduler", **named)]
    eventually(lambda: alive(named["QUEUE_URL"]) == 1)
    stop(server)
    time.sleep(1)
    for process in processes:
        process.send_signal(signal.SIGTERM)
    assert [process.wait(PATIENCE_S) for process in processes] == [0, 0]


def test_scheduled_jobs_are_json_and_do_not_pile_up(settings: Settings, start: Start) -> None:
    start("scheduler")
    queue: Any = Redis.from_url(settings.queue_url)
    eventually(lambda: queue.llen("rq:queue:maintenance") == 2)
    time.sleep(2.5)
    ids = queue.lrange("rq:queue:maintenance", 0, -1)
    data = [queue.hget(f"rq:job:{job_id.decode()}", "data") for job_id in ids]
    tasks = [json.loads(zlib.decompress(each))[0] for each in data]
    assert tasks == ["workers.sweep.sweep", "workers.expire.expire"]
    assert all(callable(import_attribute(task)) for task in tasks)


def test_workers_die_with_a_killed_runner(settings: Settings, start: Start) -> None:
    runner = start("worker", "-n", "2")
    eventually(lambda: alive(settings.queue_url) == 2)
    workers = children_of(runner.pid)
    runner.kill()
    runner.wait()
    eventually(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers))

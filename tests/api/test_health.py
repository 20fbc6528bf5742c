"""/healthz and /readyz, and what callers are told while the store is gone."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from config.settings import Settings
from service.moderation.pipeline import Pipeline
from service.store import keys
from service.store.sites import Site
from service.store.telemetry.roll import Present, Roll
from service.store.telemetry.workers import SILENT_AFTER_MS
from tests.api.house import (
    ORIGIN,
    PAGE,
    Clock,
    House,
    app_over,
    assert_problem,
    bearer,
    json_of,
    pipeline,
    thread_url,
)
from tests.conftest import start_valkey, stop


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """Run a server of one's own in ``folder``; yield its URL."""
    folder.mkdir(exist_ok=True)
    server, url = start_valkey(folder)
    try:
        yield url
    finally:
        stop(server)


def house_over(store_url: str, queue_url: str, folder: Path) -> House:
    settings = Settings(
        redis_url=f"{store_url}?db=0", queue_url=f"{queue_url}?db=0", data_dir=folder
    )
    return House(app_over(settings))


def prepared(house: House) -> Clock:
    """Have a worker alive and the checks loaded; return the clock that readiness goes by."""
    readiness = house.services.readiness
    add_worker(readiness.queue)
    clock = Clock(0.0)
    house.replace(readiness=replace(readiness, clock=clock, judge=pipeline))
    return clock


def add_worker(queue: Any, ago_s: float = 0) -> None:
    """Leave the traces of a living worker that showed itself so long ago: this process."""
    queue.sadd("rq:workers", "rq:worker:one")
    seen = datetime.now(UTC) - timedelta(seconds=ago_s)
    fields = {
        "pid": os.getpid(), "hostname": socket.gethostname(),
        "last_heartbeat": f"{seen:%Y-%m-%dT%H:%M:%S.%fZ}",
    }  # fmt: skip
    queue.hset("rq:worker:one", mapping=fields)


def ready(house: House) -> tuple[int, dict[str, str]]:
    """Return the status, and what fails with its reason."""
    answer = house.client.get("/readyz")
    assert answer.headers["Cache-Control"] == "no-store"
    body = json_of(answer)
    assert list(body["parts"]) == ["store", "queue", "model", "workers", "inbox"]
    failed = {name for name, state in body["parts"].items() if state == "failed"}
    assert failed == set(body["reasons"])
    assert set(body["parts"].values()) <= {"ok", "failed"}
    assert body["ready"] == (answer.status_code == 200) == (not failed)
    return answer.status_code, body["reasons"]


def commands(house: House) -> int:
    client: Any = house.services.store.client
    return int(client.info("stats")["total_commands_processed"])


def test_a_process_that_answers_is_alive(house: House) -> None:
    answer = house.client.get("/healthz")
    assert answer.status_code == 200
    assert json_of(answer)["ready"] is True


def test_ready_means_that_every_part_is_well(house: House) -> None:
    prepared(house)
    assert ready(house) == (200, {})


def test_without_a_worker_a_service_is_not_ready(house: House) -> None:
    prepared(house)
    house.services.readiness.queue.delete("rq:workers")
    assert ready(house) == (503, {"workers": "none-alive"})


def test_workers_that_live_and_do_not_show_themselves_make_a_service_not_ready(
    house: House,
) -> None:
    clock = prepared(house)
    now_ms = round(time.time() * 1000)
    here = Present("one", socket.gethostname(), os.getpid(), now_ms - 60_000, 0)
    store: Any = house.services.store.client
    Roll(store).call([here], [], now_ms)
    store.hset(keys.ops_worker("one"), "sign", now_ms - SILENT_AFTER_MS - 1)
    house.services.readiness.queue.hset("rq:worker:one", "state", "busy")
    add_worker(house.services.readiness.queue, ago_s=SILENT_AFTER_MS / 1000 + 1)
    assert ready(house) == (503, {"workers": "silent"})
    store.hset(keys.ops_worker("one"), "sign", now_ms)
    clock.now += 10
    assert ready(house) == (200, {})


def test_checks_that_did_not_load_are_no_model(house: House) -> None:
    prepared(house)
    broken = replace(pipeline(), faulty=("spam.links",))
    house.replace(readiness=replace(house.services.readiness, judge=lambda: broken))
    assert ready(house) == (503, {"model": "checks-not-loaded"})


def test_an_inbox_beyond_its_limits_is_not_ready(house: House) -> None:
    clock = prepared(house)
    house.post()
    assert ready(house) == (200, {})
    readiness = house.services.readiness
    later = time.time() + readiness.settings.inbox_age_limit_s + 60
    add_worker(readiness.queue)
    house.replace(readiness=replace(readiness, now=lambda: later))
    assert ready(house)[1]["inbox"] == "too-old"
    tight = replace(readiness.settings, inbox_limit=1)
    house.replace(readiness=replace(readiness, settings=tight))
    assert ready(house) == (503, {"inbox": "too-long"})
    house.drain()
    clock.now += 10
    assert ready(house) == (200, {})


def test_probing_all_the_time_costs_the_server_no_more(house: House) -> None:
    clock = prepared(house)
    ready(house)
    before = commands(house)
    for _ in range(50):
        ready(house)
    assert commands(house) - before == 1  # the one that asks for the count
    clock.now += 10
    ready(house)
    assert commands(house) - before > 2


def test_who_asks_while_somebody_looks_gets_the_last_answer(house: House) -> None:
    clock = prepared(house)
    readiness = house.services.readiness
    asked: list[bool] = []

    def slow() -> Pipeline:
        asked.append(readiness.ask().is_ready)  # the second caller, while the first still looks
        return pipeline()

    assert readiness.ask().is_ready
    readiness.judge = slow
    clock.now += 10
    assert readiness.ask().is_ready
    assert asked == [True]


@pytest.mark.parametrize("part", ["store", "queue"])
def test_not_ready_while_a_part_is_gone_and_ready_again_when_it_is_back(
    tmp_path: Path, part: str
) -> None:
    gone, other = tmp_path / "gone", tmp_path / "other"
    with running(other) as other_url:
        with running(gone) as gone_url:
            urls = (gone_url, other_url) if part == "store" else (other_url, gone_url)
            house = house_over(*urls, tmp_path)
            clock = prepared(house)
            assert ready(house) == (200, {})
        clock.now += 10
        status, reasons = ready(house)
        assert status == 503
        assert reasons[part] == "unreachable"
        assert set(reasons) == {"store": {"store", "inbox"}, "queue": {"queue", "workers"}}[part]
        assert house.client.get("/healthz").status_code == 200
        with running(gone):
            add_worker(house.services.readiness.queue)
            clock.now += 10
            assert ready(house) == (200, {})


def test_while_the_store_is_gone_every_caller_is_told_to_come_back(tmp_path: Path) -> None:
    with running(tmp_path / "store") as url:
        house = house_over(url, url, tmp_path)
        house.add_site("demo", origins=(ORIGIN,))
        key = house.key()
    kept, read = "This could not be kept safe", "This cannot be read"
    for answer, said in (
        (house.post(), kept),
        (house.client.get(thread_url(PAGE), headers={"Origin": ORIGIN}), read),
        (house.client.get("/v1/moderation/queue", headers=bearer(key)), read),
    ):
        assert_problem(answer, 503, "unavailable")
        assert json_of(answer)["title"].startswith(said)
        assert int(answer.headers["Retry-After"]) > 0


def test_while_the_store_hangs_only_the_first_wait_for_it(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    server, url = start_valkey(tmp_path / "store")
    house = house_over(url, url, tmp_path)
    house.add_site("demo", origins=(ORIGIN,))
    assert house.post().status_code == 202
    try:
        server.send_signal(signal.SIGSTOP)
        began = time.monotonic()
        assert_problem(house.post(), 503, "unavailable")
        assert time.monotonic() - began < 8
        began = time.monotonic()
        for _ in range(20):
            assert_problem(house.post(), 503, "unavailable")
        assert house.client.get("/healthz").status_code == 200
        assert time.monotonic() - began < 2
        server.send_signal(signal.SIGCONT)
        until = time.monotonic() + 5
        while house.post().status_code != 202:
            assert time.monotonic() < until
            time.sleep(0.05)
    finally:
        server.send_signal(signal.SIGCONT)
        stop(server)


def test_without_the_queue_comments_are_still_accepted(tmp_path: Path) -> None:
    with running(tmp_path / "store") as store_url:
        with running(tmp_path / "queue") as queue_url:
            house = house_over(store_url, queue_url, tmp_path)
            house.services.store.sites.create(Site("demo", origins=(ORIGIN,)))
        assert house.post().status_code == 202
        assert house.stored() == 1
        assert house.drain() == 1

"""Strict durability: an answer only when the comment is on disk, or a refusal to start."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from config.settings import Durability, Settings
from service.moderation.verdict import Status
from service.store import comments as comments_module
from service.store.comments import Comments, NotOnDisk
from service.store.sealing import Vault
from service.store.server.connection import (
    NotDurable,
    StoreUnreachable,
    connect,
    needs_fsync_wait,
    wait_until_ready,
)
from service.store.sites import Site
from service.store.store import open_store
from tests.conftest import SECRETS, arrival_of, comment_of, start_valkey
from tests.store.shelf import bring, decide, publish, raw, settle_all

Start = Callable[..., str]


@pytest.fixture
def start() -> Iterator[Start]:
    """A way to start servers of one's own; they end with the test."""
    servers, folders = [], []

    def begin(*options: str) -> str:
        folder = Path(tempfile.mkdtemp(prefix="ecl"))  # short: a socket's path is limited
        folders.append(folder)
        server, url = start_valkey(folder, *options)
        servers.append(server)
        return url

    yield begin
    for server in servers:
        server.kill()
        server.wait(10)
    for folder in folders:
        shutil.rmtree(folder)


def aof(mode: str) -> tuple[str, ...]:
    return ("--appendonly", "yes", "--appendfsync", mode)


def strict_comments(url: str) -> Comments:
    return Comments(connect(url), Vault(SECRETS.signing, SECRETS.data_keys), is_strict=True)


def test_a_server_that_syncs_each_write_needs_no_wait(start: Start) -> None:
    assert needs_fsync_wait(connect(start(*aof("always")))) is False


def test_a_server_that_syncs_each_second_needs_a_wait(start: Start) -> None:
    assert needs_fsync_wait(connect(start(*aof("everysec")))) is True


@pytest.mark.parametrize("options", [("--appendonly", "no"), aof("no")])
def test_a_server_that_never_syncs_cannot_be_strict(start: Start, options: tuple[str, ...]) -> None:
    with pytest.raises(NotDurable):
        needs_fsync_wait(connect(start(*options)))


def test_a_server_without_file_is_found_out_even_where_config_is_refused(start: Start) -> None:
    closed = ("--rename-command", "CONFIG", "")
    with pytest.raises(NotDurable):
        needs_fsync_wait(connect(start("--appendonly", "no", *closed)))
    assert needs_fsync_wait(connect(start(*aof("everysec"), *closed))) is True


def test_a_strict_store_does_not_open_on_a_forgetful_server(start: Start, tmp_path: Path) -> None:
    url = start("--appendonly", "no")
    strict = Settings(redis_url=url, data_dir=tmp_path, durability=Durability.STRICT)
    with pytest.raises(NotDurable):
        open_store(strict, SECRETS, url)
    relaxed = replace(strict, durability=Durability.RELAXED)
    open_store(relaxed, SECRETS, url).client.close()


def test_acceptance_waits_until_the_comment_is_on_disk(start: Start) -> None:
    url = start(*aof("everysec"))
    comments = strict_comments(url)
    for number in range(3):
        comments.accept(arrival_of(comment_of(f"c{number}")))
        client: Any = Redis.from_url(url)
        synced = client.info("commandstats")
        assert synced["cmdstat_waitaof"]["calls"] >= number + 1


def test_what_was_accepted_survives_the_death_of_the_server(start: Start) -> None:
    url = start(*aof("everysec"))
    strict_comments(url).accept(arrival_of(comment_of("c1")))
    client: Any = Redis.from_url(url)
    folder = Path(client.config_get("dir")["dir"])
    os.kill(int(client.info("server")["process_id"]), signal.SIGKILL)
    server, again = start_valkey(folder, *aof("everysec"))
    try:
        assert strict_comments(again).status("demo", "c1") == Status.RECEIVED
    finally:
        server.kill()
        server.wait(10)


@pytest.fixture
def unsynced(start: Start, monkeypatch: pytest.MonkeyPatch) -> Comments:
    """Comments on a server that stopped syncing after the store was opened."""
    monkeypatch.setattr(comments_module, "FSYNC_WAIT_MS", 50)
    url = start(*aof("everysec"))
    comments = strict_comments(url)
    Redis.from_url(url).config_set("appendfsync", "no")
    return comments


def test_a_comment_that_does_not_reach_the_disk_is_not_acknowledged(unsynced: Comments) -> None:
    with pytest.raises(NotOnDisk):
        unsynced.accept(arrival_of(comment_of("c1")))


def test_nor_is_its_repetition(unsynced: Comments) -> None:
    """The repetition comes over another connection, which has written nothing itself."""
    arrival = arrival_of(comment_of("c1"), idempotency_scope="claire\x1fk")
    with pytest.raises(NotOnDisk):
        unsynced.accept(arrival)
    client: Any = unsynced._client
    client.connection_pool.disconnect()
    with pytest.raises(NotOnDisk):
        unsynced.accept(arrival)


def test_the_wait_for_the_disk_ends_before_the_wait_for_the_server() -> None:
    client: Any = connect("unix:///nowhere")
    timeout_s = client.connection_pool.connection_kwargs["socket_timeout"]
    assert timeout_s * 1000 > comments_module.FSYNC_WAIT_MS


def test_a_strict_store_works_through_a_comment_s_whole_life(start: Start, tmp_path: Path) -> None:
    url = start(*aof("everysec"))
    settings = Settings(redis_url=url, data_dir=tmp_path, durability=Durability.STRICT)
    store = open_store(settings, SECRETS, url)
    store.sites.create(Site("demo"))
    record = publish(store, "c1")
    assert store.comments.edit(record, comment_of("c1", "Better words"), 0) is False  # bell rung
    settle_all(store)
    decide(store, "c1", Status.SPAM)
    assert store.comments.get("demo", "c1").status is Status.SPAM
    store.client.close()


@pytest.mark.parametrize("durability", list(Durability))
def test_every_script_is_sent_again_to_a_server_that_forgot_it(
    start: Start, tmp_path: Path, durability: Durability
) -> None:
    url = start(*aof("everysec"))
    settings = Settings(redis_url=url, data_dir=tmp_path, durability=durability)
    store = open_store(settings, SECRETS, url)
    store.sites.create(Site("demo"))
    steps = (
        lambda: bring(store, "c1"),
        lambda: settle_all(store),
        lambda: store.comments.edit(
            store.comments.get("demo", "c1"), comment_of("c1", "New words"), 0
        ),
        lambda: settle_all(store),
        lambda: decide(store, "c1", Status.HELD),
        lambda: store.comments.withdraw(store.comments.get("demo", "c1"), 0),
    )
    for step in steps:
        raw(store).script_flush()
        step()
    assert store.comments.status("demo", "c1") == Status.DELETED
    assert store.decisions.counts("demo")["settled"] == 2
    store.client.close()


def test_waiting_for_a_server_ends_when_it_answers(start: Start) -> None:
    pauses: list[float] = []
    wait_until_ready(connect(start()), within_s=5, sleep=pauses.append)
    assert pauses == []


def test_waiting_for_a_server_backs_off_and_gives_up() -> None:
    pauses: list[float] = []
    client = connect("unix:///nowhere/at/all", retries=0)
    with pytest.raises(StoreUnreachable):
        wait_until_ready(client, within_s=5, sleep=pauses.append, clock=lambda: sum(pauses))
    assert pauses == sorted(pauses)
    assert max(pauses) == 1.0
    assert sum(pauses) >= 5

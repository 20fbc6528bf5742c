"""The doorbell and the sweep: a lost bell delays a comment, and loses none."""

from __future__ import annotations

import json
import zlib
from typing import Any

import pytest
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer

from config.settings import Settings
from service.moderation.verdict import Status
from service.store.doorbell import MODERATE_QUEUE, MODERATE_TASK, Doorbell
from service.store.server.connection import connect
from service.store.sites import Site
from service.store.store import Store
from tests.store.shelf import DEMO, bring, raw, settle_all
from tests.workers.house import moderator_of, queue_of
from workers.moderate import moderate, moderator
from workers.sweep import ring_where_needed, sweep


def bells(settings: Settings) -> list[Any]:
    """Return the arguments of the jobs that wait."""
    queue = Queue(MODERATE_QUEUE, connection=queue_of(settings), serializer=JSONSerializer)
    return [tuple(job.args) for job in queue.get_jobs()]


def swept(store: Store, settings: Settings) -> int:
    return ring_where_needed(store.sites, store.inbox, Doorbell(queue_of(settings)))


def test_a_bell_is_a_job_in_json_that_holds_the_site_s_name_only(settings: Settings) -> None:
    assert Doorbell(queue_of(settings)).ring("demo") is True
    redis: Any = queue_of(settings)
    (job_id,) = redis.lrange(f"rq:queue:{MODERATE_QUEUE}", 0, -1)
    job = redis.hgetall(b"rq:job:" + job_id)
    assert json.loads(zlib.decompress(job[b"data"])) == [MODERATE_TASK, None, ["demo"], {}]
    for name, value in job.items():
        plain = zlib.decompress(value) if value[:1] == b"\x78" else value
        assert plain[:1] != b"\x80", name  # how a pickle begins
        assert b"pickle" not in plain
    assert b":" not in job_id


def test_the_task_s_dotted_name_is_the_task() -> None:
    assert f"{moderate.__module__}.{moderate.__name__}" == MODERATE_TASK


def test_while_rq_is_away_comments_are_accepted_and_swept_later(
    store: Store, settings: Settings
) -> None:
    connection = connect("unix:///nowhere/at/all", retries=0)
    assert isinstance(connection, Redis)
    away = Doorbell(connection)
    receipt = bring(store, "c1")
    assert receipt.must_ring
    assert away.ring("demo") is False
    assert store.comments.status("demo", "c1") == Status.RECEIVED
    raw(store).delete(DEMO.bell)  # it expired
    assert swept(store, settings) == 1
    assert bells(settings) == [("demo",)]
    assert moderator_of(store, settings).drain("demo") == 1


def test_a_sweep_rings_for_inboxes_left_behind_only(store: Store, settings: Settings) -> None:
    for name in ("full", "taken", "empty"):
        store.sites.create(Site(name))
    bring(store, "c1", site="full")
    bring(store, "c1", site="taken")
    store.inbox.take("taken", "dead", 9)
    for name in ("full", "taken"):
        store.inbox.clear_bell(name)
    assert swept(store, settings) == 2
    assert sorted(bells(settings)) == [("full",), ("taken",)]


def test_a_sweep_adds_no_bell_to_one_on_its_way(store: Store, settings: Settings) -> None:
    bring(store, "c1")
    assert swept(store, settings) == 0
    raw(store).delete(DEMO.bell)
    assert [swept(store, settings) for _ in range(3)] == [1, 0, 0]


def test_a_settled_inbox_is_left_alone(store: Store, settings: Settings) -> None:
    bring(store, "c1")
    settle_all(store)
    store.inbox.clear_bell("demo")
    assert swept(store, settings) == 0


def test_the_sweep_task_works_from_the_environment(
    store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ECLUSE_REDIS_URL", settings.redis_url)
    monkeypatch.setenv("ECLUSE_QUEUE_URL", settings.queue_url)
    monkeypatch.setenv("ECLUSE_DATA_DIR", str(settings.data_dir))
    bring(store, "c1", content="Merci, la photo du lavoir m'a rappelé mon enfance au village.")
    raw(store).delete(DEMO.bell)
    moderator.cache_clear()
    try:
        assert sweep() == 1
        assert bells(settings) == [("demo",)]
        assert moderate("demo") == 1
    finally:
        moderator.cache_clear()
    assert store.comments.status("demo", "c1") == Status.APPROVED

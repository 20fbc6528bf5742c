"""`ecluse tasks`."""

from __future__ import annotations

import pytest
from redis import Redis
from rq import Queue, SimpleWorker
from rq.serializers import JSONSerializer

from service.store.doorbell import MAINTENANCE_QUEUE, MODERATE_QUEUE
from tests.cli.conftest import Ecluse


def fail(queue_url: str, name: str, count: int) -> list[str]:
    """Have RQ fail so many tasks; return their ids."""
    connection = Redis.from_url(queue_url)
    queue = Queue(name, connection, serializer=JSONSerializer)
    ids: list[str] = [queue.enqueue("workers.no.such.task", "demo").id for _ in range(count)]
    worker = SimpleWorker([queue], connection=connection, serializer=JSONSerializer)
    worker.work(burst=True, logging_level="CRITICAL")
    connection.close()
    return ids


@pytest.mark.usefixtures("demo")
def test_failed_tasks_are_listed_page_by_page_tried_again_and_discarded(
    ecluse: Ecluse, queue_url: str
) -> None:
    ids = fail(queue_url, MODERATE_QUEUE, 3)
    (slow,) = fail(queue_url, MAINTENANCE_QUEUE, 1)
    first = ecluse("tasks", "list", "--limit", "3", "--json")
    assert first.code == 0, first.err
    cursor = first.err.strip().rpartition(" ")[2]
    second = ecluse("tasks", "list", "--cursor", cursor, "--json")
    found = [task["id"] for task in (*first.data, *second.data)]
    assert sorted(found) == sorted([*ids, slow])
    assert [t["id"] for t in ecluse("tasks", "list", "--queue", "maintenance", "--json").data] == [
        slow
    ]
    assert ecluse("tasks", "retry", ids[0], "--json").data == {
        "done": [ids[0]], "unknown": [], "left": 3,
    }  # fmt: skip
    assert ecluse("tasks", "discard", "--all", "--queue", "moderate").out == "2 discarded, 0 left\n"
    assert ecluse("tasks", "retry", "--all").out == "1 enqueued again, 0 left\n"


@pytest.mark.usefixtures("demo")
@pytest.mark.parametrize("deed", ["retry", "discard"])
def test_a_task_that_did_not_fail_is_named(ecluse: Ecluse, queue_url: str, deed: str) -> None:
    one, other = fail(queue_url, MODERATE_QUEUE, 2)
    asked = ecluse("tasks", deed, "nobody", one, "--json")
    assert asked.code == 1
    assert asked.data == {"done": [one], "unknown": ["nobody"], "left": 1}
    assert asked.err == "Error: not among the failed tasks: nobody\n"
    assert ecluse("tasks", deed, "nobody").code == 1
    assert ecluse("tasks", deed, other).code == 0
    assert ecluse("tasks", deed, "--all").code == 0


def test_ids_are_named_or_all_are_meant(ecluse: Ecluse) -> None:
    for deed in ("retry", "discard"):
        assert ecluse("tasks", deed).code == 2
        assert ecluse("tasks", deed, "x", "--all").code == 2

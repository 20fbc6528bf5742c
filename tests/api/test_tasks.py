"""Operators' routes to act: failed tasks, and workers suspended."""

from __future__ import annotations

from typing import Any

import pytest
from rq import Queue
from rq.job import Job
from rq.serializers import JSONSerializer

from service.store.doorbell import FAILURE_KEPT_S
from service.store.sites import Scope
from service.store.staff.accounts import Role
from tests.api.house import House, assert_problem, bearer, errors_of, json_of
from tests.workers.house import queue_of
from workers.kinds import InPlaceWorker

QUOTED = "You idiot, jane@example.org"
TASKS, SUSPENSION = "/v1/ops/tasks", "/v1/ops/suspension"


def explode(_site: str) -> None:
    """Fail as a task does that quotes what a visitor wrote."""
    raise ValueError(QUOTED)


def fail(house: House, count: int = 1, queue: str = "moderate") -> list[str]:
    """Have a real worker run tasks that fail; return their ids, oldest first."""
    connection = queue_of(house.services.settings)
    waiting = Queue(queue, connection=connection, serializer=JSONSerializer)
    jobs = [
        waiting.enqueue(explode, "demo", failure_ttl=FAILURE_KEPT_S, result_ttl=0)
        for _ in range(count)
    ]
    worker = InPlaceWorker([waiting], connection=connection, serializer=JSONSerializer)
    worker.work(burst=True, logging_level="CRITICAL")
    return [job.id for job in jobs]


def listed(house: House, **query: Any) -> dict[str, Any]:
    headers = bearer(house.key(Scope.OPS))
    return json_of(house.client.get(TASKS, query_string=query, headers=headers))


def act(house: House, action: str, **body: Any) -> dict[str, Any]:
    headers = bearer(house.key(Scope.OPS))
    answer = house.client.post(f"{TASKS}/{action}", json=body, headers=headers)
    assert answer.status_code == 200, answer.json
    return json_of(answer)


def test_a_failed_task_is_told_with_its_traceback_masked(house: House) -> None:
    (task_id,) = fail(house)
    found = listed(house)
    (task,) = found["tasks"]
    assert (task["id"], task["queue"], task["error"]) == (task_id, "moderate", "ValueError")
    assert task["function"].endswith("explode")
    assert task["attempts"] == 1
    assert "in explode" in task["traceback"]
    assert task["traceback"].endswith("ValueError: [masked]")
    assert (found["total"], found["cursor"]) == (1, "")


def test_what_rq_keeps_of_a_failed_task_is_masked_too(house: House) -> None:
    (task_id,) = fail(house)
    queue = queue_of(house.services.settings)
    result = Job.fetch(task_id, queue, JSONSerializer).latest_result()
    assert result is not None
    assert result.exc_string is not None
    assert result.exc_string.endswith("ValueError: [masked]")
    assert "jane" not in result.exc_string


def test_failed_tasks_of_both_queues_are_paged_newest_first(house: House) -> None:
    ids = fail(house, 3)
    redis: Any = queue_of(house.services.settings)
    for task_id in ids:
        redis.zincrby("rq:failed:moderate", -60, task_id)  # a minute older
    ids += fail(house, 2, "maintenance")
    pages, cursor = [], ""
    while True:
        page = listed(house, limit=2, cursor=cursor)
        pages.append([task["id"] for task in page["tasks"]])
        cursor = page["cursor"]
        if not cursor:
            break
    assert [len(page) for page in pages] == [2, 2, 1]
    assert sorted(pages[0]) == sorted(ids[3:])
    assert sorted(task_id for page in pages for task_id in page) == sorted(ids)


def test_what_goes_from_a_page_that_was_read_shifts_nothing(house: House) -> None:
    ids = fail(house, 5)
    first = listed(house, limit=2)
    act(house, "discard", ids=[task["id"] for task in first["tasks"]])
    redis: Any = queue_of(house.services.settings)
    (late,) = fail(house)
    redis.zincrby("rq:failed:moderate", 60, late)  # a minute younger
    seen, cursor = [task["id"] for task in first["tasks"]], first["cursor"]
    for task_id in seen:  # the places of those that went, at the same second
        redis.zadd("rq:failed:moderate", {task_id: float(cursor.partition("-")[0])})
    while cursor:
        page = listed(house, limit=2, cursor=cursor)
        cursor = page["cursor"]
        seen += [task["id"] for task in page["tasks"]]
    assert set(ids) <= set(seen)
    assert late not in seen


def test_tasks_of_one_queue_are_listed_and_acted_on_alone(house: House) -> None:
    fail(house, 2)
    (slow,) = fail(house, 1, "maintenance")
    found = listed(house, queue="maintenance")
    assert ([task["id"] for task in found["tasks"]], found["total"]) == ([slow], 1)
    retried = act(house, "retry", all=True, queue="maintenance")
    assert retried == {"done": [slow], "not_found": [], "left": 0}
    assert listed(house)["total"] == 2
    headers = bearer(house.key(Scope.OPS))
    answer = house.client.get(TASKS, query_string={"queue": "x"}, headers=headers)
    assert errors_of(answer).keys() == {"queue"}


def test_all_at_once_are_so_many_and_the_rest_is_told(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.store.telemetry.failures.MOST_AT_ONCE", 2)
    fail(house, 2)
    fail(house, 1, "maintenance")
    first = act(house, "discard", all=True)
    assert (len(first["done"]), first["left"]) == (2, 1)
    second = act(house, "discard", all=True)
    assert (len(second["done"]), second["left"]) == (1, 0)


def test_a_failed_task_is_tried_again_or_discarded(house: House) -> None:
    first, second, third = fail(house, 3)
    retried = act(house, "retry", ids=[first, "nobody"])
    assert retried == {"done": [first], "not_found": ["nobody"], "left": 2}
    discarded = act(house, "discard", ids=[first, second])
    assert discarded == {"done": [second], "not_found": [first], "left": 1}
    assert act(house, "discard", ids=["nobody"])["not_found"] == ["nobody"]
    assert [task["id"] for task in listed(house)["tasks"]] == [third]
    redis: Any = queue_of(house.services.settings)
    assert redis.lrange("rq:queue:moderate", 0, -1) == [first.encode()]
    assert not redis.exists(f"rq:job:{second}")
    kinds = [entry.kind for entry in house.services.store.general_audit.newest()]
    assert kinds == ["tasks-discarded", "tasks-retried"]


def test_a_task_that_fails_again_has_two_attempts(house: House) -> None:
    (task_id,) = fail(house)
    act(house, "retry", ids=[task_id])
    fail(house)
    found = {task["id"]: task["attempts"] for task in listed(house)["tasks"]}
    assert found[task_id] == 2


def test_all_failed_tasks_go_at_once(house: House) -> None:
    ids = fail(house, 3)
    assert sorted(act(house, "retry", all=True)["done"]) == sorted(ids)
    fail(house, 0)
    assert act(house, "discard", all=True)["left"] == 0
    assert act(house, "discard", all=True) == {"done": [], "not_found": [], "left": 0}
    assert listed(house)["total"] == 0


@pytest.mark.parametrize("body", [{}, {"ids": []}, {"ids": ["a"], "all": True}])
def test_tasks_are_named_or_all_are_meant(house: House, body: dict[str, Any]) -> None:
    headers = bearer(house.key(Scope.OPS))
    for action in ("retry", "discard"):
        answer = house.client.post(f"{TASKS}/{action}", json=body, headers=headers)
        assert errors_of(answer).keys() == {"ids"}


def test_a_cursor_of_somebody_elses_is_refused(house: House) -> None:
    headers = bearer(house.key(Scope.OPS))
    answer = house.client.get(f"{TASKS}?cursor=x", headers=headers)
    assert_problem(answer, 400, "cursor-invalid")


def test_suspended_workers_leave_comments_waiting_and_resume_wakes_them(house: House) -> None:
    headers = bearer(house.key(Scope.OPS))
    assert json_of(house.client.put(SUSPENSION, headers=headers)) == {"is_suspended": True}
    assert house.post().status_code == 202
    redis: Any = queue_of(house.services.settings)
    assert redis.llen("rq:queue:moderate") == 0
    overview = json_of(house.client.get("/v1/ops/overview", headers=headers))
    assert overview["is_suspended"]
    assert overview["suspended_by"].startswith("key:")
    assert overview["suspended_since"]
    assert json_of(house.client.delete(SUSPENSION, headers=headers)) == {"is_suspended": False}
    assert redis.llen("rq:queue:moderate") == 1


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", TASKS),
        ("POST", f"{TASKS}/retry"),
        ("POST", f"{TASKS}/discard"),
        ("PUT", SUSPENSION),
        ("DELETE", SUSPENSION),
    ],
)
def test_what_concerns_every_site_is_for_operators_of_every_site(
    house: House, method: str, path: str
) -> None:
    assert_problem(house.client.open(path, method=method), 401, "unauthorised")
    moderator = bearer(house.key(Scope.MODERATE))
    answer = house.client.open(path, method=method, headers=moderator)
    assert_problem(answer, 403, "scope-missing")
    house.add_site("other")
    for token in (house.key(Scope.OPS), house.session("half", Role.OPS, frozenset({"demo"}))):
        answer = house.client.open(path, method=method, headers=bearer(token))
        assert_problem(answer, 403, "every-site-needed")

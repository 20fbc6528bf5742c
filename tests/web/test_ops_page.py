"""The operator's page: what it shows, what it asks anew, and what an operator does there."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import unescape

import pytest
from rq import Queue, SimpleWorker
from rq.serializers import JSONSerializer

from service.api.services import Services
from service.moderation.verdict import Status
from service.store.doorbell import MODERATE_QUEUE
from service.store.staff.accounts import Role
from service.store.telemetry.views import Measure, Series, Span
from service.web.ops.figures import drawn, rows
from service.web.ops.look import Look, Looks, take
from tests.api.house import House
from tests.web.staff import Staffer, staffer

NOWHERE = "workers.moderate.no_such_task"
UNLOOKED = re.compile(r'<strong class="(?:grave|some|none)">([^<]*)</strong>')
EDITION = re.compile(r'data-edition="([^"]+)"')
PARTS = re.compile(r'id="(ops-[a-z]+)" ')


@pytest.fixture
def operator(house: House) -> Staffer:
    return staffer(house, "Odile", Role.OPS)


def shown(who: Staffer, path: str = "/ops/") -> str:
    answer = who.get(path, headers={"Accept-Language": "en"})
    assert answer.status_code == 200
    return unescape(answer.get_data(as_text=True))


def edition(page: str) -> str:
    found = EDITION.search(page)
    assert found is not None
    return found[1]


def unlooked(page: str) -> str:
    found = UNLOOKED.search(page)
    assert found is not None
    return found[1]


def told(who: Staffer, path: str, **form: object) -> str:
    """Send a form, and return the page that answers it or that it leads to."""
    answer = who.post(path, form, headers={"Accept-Language": "en"}, follow_redirects=True)
    assert answer.status_code == 200
    return unescape(answer.get_data(as_text=True))


def fail_tasks(house: House, count: int) -> list[str]:
    """Have RQ fail so many tasks; return their ids."""
    connection = house.services.doorbell._queue.connection
    queue = Queue(MODERATE_QUEUE, connection=connection, serializer=JSONSerializer)
    connection.delete(queue.key)
    ids = [queue.enqueue(NOWHERE, "demo").id for _ in range(count)]
    worker = SimpleWorker([queue], connection=connection, serializer=JSONSerializer)
    worker.work(burst=True, logging_level="CRITICAL")
    assert set(queue.failed_job_registry.get_job_ids()) == set(ids)
    return ids


def failed(house: House) -> set[str]:
    return {task.id for task in house.services.telemetry.failed_tasks().tasks}


# Who sees it


@pytest.mark.parametrize(
    ("role", "status"), [(Role.OPS, 200), (Role.ADMINISTRATOR, 200), (Role.MODERATOR, 403)]
)
def test_operators_and_administrators_see_the_page(house: House, role: Role, status: int) -> None:
    assert staffer(house, "Noé", role).get("/ops/").status_code == status


def test_strangers_are_sent_to_sign_in(house: House) -> None:
    answer = house.client.get("/ops/")
    assert answer.status_code == 303
    assert "/sign-in" in answer.headers["Location"]


def test_an_operator_begins_the_day_here(operator: Staffer) -> None:
    links = re.findall(r"<nav.*?</nav>", operator.get("/ops/").get_data(as_text=True), re.DOTALL)
    assert 'href="/ops/" aria-current="page"' in links[0]


def test_an_account_for_some_sites_sees_theirs_and_steers_nothing(house: House) -> None:
    house.add_site("other")
    fail_tasks(house, 1)
    house.set_aside()
    who = staffer(house, "Paul", Role.OPS, frozenset({"other"}))
    page = shown(who)
    assert '<th scope="row">demo</th>' not in page
    assert '<th scope="row">other</th>' in page
    assert "Set aside on" not in page
    assert "Traceback" not in page
    for path in ("/ops/workers", "/ops/tasks"):
        answer = who.post(path, {"do": "suspend", "sure": "yes"})
        assert answer.status_code == 403
    assert not house.services.telemetry.is_suspended()


# What it shows


def test_what_is_held_counts_until_a_moderator_decides(house: House, operator: Staffer) -> None:
    house.change_site(policy={"premoderation": "all"})
    house.post_as_server(content="Une question sur la photo.")
    house.drain()
    opened = staffer(house, "Ann", Role.MODERATOR).get("/moderate/")
    assert "Une question sur la photo." in opened.get_data(as_text=True)
    page = shown(operator)
    assert "Waiting for a check or a moderator" in page
    assert "Held until a moderator decides: 1" in page
    assert "Of all held, taken up by no moderator yet: 1" in page
    page = operator.get("/ops/", headers={"Accept-Language": "fr"}).get_data(as_text=True)
    assert "En attente de la décision d’un modérateur : 1" in unescape(page)


def test_comments_that_wait_are_counted_with_the_age_of_the_oldest(
    house: House, operator: Staffer
) -> None:
    clock = house.stop_the_clock()
    assert unlooked(shown(operator)) == "0"
    house.post_as_server()
    house.post_as_server(content="Un autre avis, tout aussi calme.")
    clock.now += 300
    page = shown(operator)
    assert unlooked(page) == "2"
    assert "The oldest has waited 5 min." in page
    assert "In the inboxes, before any check: 2" in page
    house.drain()
    assert unlooked(shown(operator)) == "0"


def test_what_is_wrong_is_said_in_plain_words(operator: Staffer) -> None:
    page = shown(operator)
    assert "Alarm:" in page
    assert "No worker is alive: comments are accepted and nothing judges them." in page


def test_it_speaks_french(operator: Staffer) -> None:
    page = operator.get("/ops/", headers={"Accept-Language": "fr"}).get_data(as_text=True)
    assert "commentaires qu’aucun contrôle n’a jugés" in page
    assert "Aucun worker n’est en vie\u00a0: des commentaires sont acceptés" in unescape(page)


def test_nothing_in_it_asks_for_another_policy(house: House, operator: Staffer) -> None:
    house.set_aside()
    fail_tasks(house, 1)
    page = shown(operator)
    assert " style=" not in page
    assert "<style" not in page
    assert re.findall(r"<script(?! src)", page) == []


# What it asks anew


def test_a_page_that_has_seen_everything_is_told_nothing(house: House, operator: Staffer) -> None:
    house.stop_the_clock()
    seen = edition(shown(operator))
    answer = operator.get(f"/ops/now?seen={seen}", headers={"Accept-Language": "en"})
    assert answer.status_code == 204
    assert answer.data == b""


def test_a_page_is_told_only_what_changed(house: House, operator: Staffer) -> None:
    clock = house.stop_the_clock()
    seen = edition(shown(operator))
    house.post_as_server()
    clock.now += 2
    answer = operator.get(f"/ops/now?seen={seen}", headers={"Accept-Language": "en"})
    assert answer.status_code == 200
    came = set(PARTS.findall(answer.get_data(as_text=True)))
    assert {"ops-unlooked", "ops-queues"} <= came
    assert not {"ops-workers", "ops-dead", "ops-failed"} & came
    again = operator.get(
        f"/ops/now?seen={answer.headers['X-Edition']}", headers={"Accept-Language": "en"}
    )
    assert again.status_code == 204


def test_many_pages_cost_one_look_a_second(house: House) -> None:
    looks, taken = Looks(), list[tuple[str | int, ...]]()

    def counted(sites: Sequence[str], at_ms: int) -> Look:
        taken.append((*sites, at_ms))
        return take(sites, at_ms)

    with house.app.app_context():
        for at_ms in (5_000, 5_001, 5_999, 6_000, 6_500):
            looks.of(("demo",), at_ms, counted)
        looks.of(("other",), 6_500, counted)
    assert taken == [("demo", 5_000), ("demo", 6_000), ("other", 6_500)]


def test_the_figures_over_time_come_for_charts_and_as_a_table(operator: Staffer) -> None:
    data = operator.get("/ops/figures?span=24h").json
    assert data is not None
    assert set(map(str, Measure)) <= data.keys()
    assert len(data["at"]) == len(data["accepted"]) > 100
    assert shown(operator, "/ops/?span=30d").count("<time ") == 30
    assert operator.get("/ops/?span=forever").status_code == 200


def test_a_row_of_the_table_holds_the_worst_of_its_time() -> None:
    values = {Measure.INBOX: 7.0, Measure.WORKERS: 1.0}
    series = [
        Series(each, Span.HOUR, 10, 100, (None, values.get(each, 0.0)) + (4.0,) * 58)
        for each in Measure
    ]
    table = rows(series, Span.HOUR)
    assert len(table) == 30
    assert table[-1].at_ms == 100_000
    assert table[-1].values[2] == 7.0  # the most in the inbox
    assert table[-1].values[9] == 1.0  # the fewest workers
    assert table[0].values[0] == 4.0
    assert drawn(series)["at"][:2] == [100, 110]


# Dead letters


def test_a_dead_letter_is_sent_through_again(house: House, operator: Staffer) -> None:
    comment_id = house.set_aside()
    assert comment_id in shown(operator)
    page = told(operator, "/ops/dead-letters", do=f"retry demo:{comment_id}")
    assert "Sent through again: 1." in page
    assert "Set aside on" not in page
    house.drain()
    assert house.record(comment_id).status is Status.APPROVED
    log = shown(staffer(house, "Ada", Role.ADMINISTRATOR), "/moderate/history?site=demo")
    assert "Dead letter retried" in log


def test_dead_letters_are_left_to_the_moderators_once_somebody_is_sure(
    house: House, operator: Staffer
) -> None:
    ids = [f"demo:{house.set_aside()}" for _ in range(2)]
    page = told(operator, "/ops/dead-letters", do="discard", id=ids)
    assert "2 dead letters leave this list." in page
    assert house.services.store.decisions.dead_letter_count("demo") == 2
    page = told(operator, "/ops/dead-letters", do="discard", id=ids, sure="yes")
    assert "Taken off the list: 2." in page
    assert house.services.store.decisions.dead_letter_count("demo") == 0
    assert {house.record(each[5:]).status for each in ids} == {Status.HELD}
    log = shown(staffer(house, "Ada", Role.ADMINISTRATOR), "/moderate/history?site=demo")
    assert log.count("Dead letter discarded") > 1


def test_nobody_acts_on_a_site_that_is_not_theirs(house: House) -> None:
    house.add_site("other")
    comment_id = house.set_aside()
    who = staffer(house, "Paul", Role.OPS, frozenset({"other"}))
    page = told(who, "/ops/dead-letters", do=f"retry demo:{comment_id}")
    assert "Nothing was ticked." in page
    assert house.services.store.decisions.dead_letter_count("demo") == 1


@pytest.mark.parametrize("wrong", ["demo:", "demo:../x", ":", "x" * 5_000, "demo:é"])
def test_names_that_are_none_are_passed_over(operator: Staffer, wrong: str) -> None:
    assert "Nothing was ticked." in told(operator, "/ops/dead-letters", do="retry", id=wrong)
    assert "Nothing was ticked." in told(operator, "/ops/tasks", do="retry", id=wrong)


def test_dead_letters_of_a_site_come_in_pages_and_all_go_at_once(
    house: House, operator: Staffer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.web.ops.views.SHOWN", 2)
    monkeypatch.setattr("service.web.ops.views.MOST_AT_ONCE", 2)
    ids = [house.set_aside() for _ in range(3)]
    assert "All of demo (3)" in shown(operator)
    first = shown(operator, "/ops/dead-letters?site=demo")
    (further,) = re.findall(r'id="dead-newer"[^>]* href="([^"]+)"', first)
    second = shown(operator, further)
    assert sorted(re.findall(r'id="dead-([0-9A-Z]{26})"', first + second)) == sorted(ids)
    assert "dead-newer" not in second
    page = told(operator, "/ops/dead-letters", do="retry-every demo")
    assert "Sent through again: 2. Left of them: 1." in page
    page = told(operator, "/ops/dead-letters", do="discard-every demo")
    assert "At most 500 dead letters of demo, the oldest, leave this list." in page
    assert house.services.store.decisions.dead_letter_count("demo") == 1
    page = told(operator, "/ops/dead-letters", do="discard-every demo", sure="yes")
    assert "Taken off the list: 1." in page
    assert operator.get("/ops/dead-letters").headers["Location"] == "/ops/"


def test_all_dead_letters_of_a_site_that_is_not_theirs_stay(house: House) -> None:
    house.add_site("other")
    house.set_aside()
    who = staffer(house, "Paul", Role.OPS, frozenset({"other"}))
    answer = who.post("/ops/dead-letters", {"do": "retry-every demo"})
    assert answer.status_code == 422
    assert who.get("/ops/dead-letters?site=demo").status_code == 303
    assert house.services.store.decisions.dead_letter_count("demo") == 1


# Failed tasks


def test_failed_tasks_come_in_pages_by_queue(
    house: House, operator: Staffer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.web.ops.views.SHOWN", 2)
    ids = fail_tasks(house, 3)
    first = shown(operator, "/ops/tasks?queue=moderate")
    (older,) = re.findall(r'id="failed-older"[^>]* href="([^"]+)"', first)
    second = shown(operator, older)
    assert sorted(re.findall(r'id="task-([^"]+)"', first + second)) == sorted(ids)
    assert "There are none." in shown(operator, "/ops/tasks?queue=maintenance")
    assert operator.get("/ops/tasks?cursor=x").status_code == 400
    page = told(operator, "/ops/tasks", do="discard-every moderate")
    assert "At most 500 failed tasks of the RQ queue moderate, the oldest, are forgotten" in page
    told(operator, "/ops/tasks", do="discard-every moderate", sure="yes")
    assert failed(house) == set()
    assert operator.post("/ops/tasks", {"do": "retry-every x"}).status_code == 422


def test_a_failed_task_shows_why_and_is_tried_again(house: House, operator: Staffer) -> None:
    (task_id,) = fail_tasks(house, 1)
    page = shown(operator)
    assert NOWHERE in page
    assert "<summary>Traceback</summary>" in page
    assert "Sent through again: 1." in told(operator, "/ops/tasks", do=f"retry {task_id}")
    assert failed(house) == set()


def test_failed_tasks_are_discarded_in_bulk_once_somebody_is_sure(
    house: House, operator: Staffer
) -> None:
    first, second, third = fail_tasks(house, 3)
    page = told(operator, "/ops/tasks", do="discard", id=[first, second])
    assert "2 failed tasks are forgotten" in page
    assert failed(house) == {first, second, third}
    told(operator, "/ops/tasks", do="discard", id=[first, second], sure="yes")
    assert failed(house) == {third}
    told(operator, "/ops/tasks", do="discard-every")
    assert failed(house) == {third}
    told(operator, "/ops/tasks", do="discard-every", sure="yes")
    assert failed(house) == set()


def test_all_failed_tasks_are_tried_again(house: House, operator: Staffer) -> None:
    fail_tasks(house, 2)
    assert "Sent through again: 2." in told(operator, "/ops/tasks", do="retry-every")


def test_what_is_no_action_is_refused(operator: Staffer) -> None:
    for path in ("/ops/tasks", "/ops/dead-letters", "/ops/workers"):
        assert operator.post(path, {"do": "dance", "id": "x"}).status_code == 422


def test_a_form_of_another_page_changes_nothing(house: House, operator: Staffer) -> None:
    answer = operator.client.post("/ops/workers", data={"do": "suspend", "sure": "yes"})
    assert answer.status_code == 403
    assert not house.services.telemetry.is_suspended()


# Suspending


def test_workers_are_suspended_once_somebody_is_sure_and_resumed(
    house: House, operator: Staffer
) -> None:
    assert "Are you sure?" in told(operator, "/ops/workers", do="suspend")
    services: Services = house.services
    assert not services.telemetry.is_suspended()
    page = told(operator, "/ops/workers", do="suspend", sure="yes")
    assert "The workers are suspended." in page
    assert re.search(r"Suspended since .* by Odile\.", page)
    assert services.telemetry.is_suspended()
    page = told(operator, "/ops/workers", do="resume")
    assert "The workers go on." in page
    assert not services.telemetry.is_suspended()
    log = shown(staffer(house, "Ada", Role.ADMINISTRATOR), "/people-log/")
    assert "Suspended the workers." in log
    assert "Resumed the workers." in log

"""The operator's page in a browser: a worker killed under load, charts, axe, without script."""

from __future__ import annotations

import http.client
import itertools
import json
import os
import re
import signal
import threading
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, Route, expect
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer

from config.settings import Settings
from service.moderation.comment import Facts
from service.store.doorbell import MODERATE_QUEUE
from service.store.server.connection import connect
from service.store.server.embedded import server_urls
from service.store.sites import Scope, Site
from service.store.staff.accounts import Role
from service.store.store import Store
from tests.browser.test_queue_page import PHONE, assert_accessible
from tests.processes.service_up import ServiceUp
from tests.stock import PAGE, WIDE, Stocked, accept

Open = Callable[..., Page]
ALIVE = "tr[data-worker]:not([data-state=gone])"


@pytest.fixture
def load(service: ServiceUp, shelves: Store) -> Iterator[None]:
    """Send comments to a site of the service for as long as the test runs."""
    shelves.sites.create(Site("busy", lang="fr", limits=WIDE))
    _, key = shelves.sites.create_key("busy", "load", frozenset({Scope.SUBMIT}))
    over, answers = threading.Event(), set[int]()

    def send() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=30)
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        for number in itertools.takewhile(lambda _: not over.is_set(), itertools.count()):
            body = {"author": "Claire", "email": f"claire{number}@example.org", "page": PAGE,
                    "content": f"Un avis bien calme, le numéro {number}."}  # fmt: skip
            connection.request("POST", "/v1/sites/busy/comments", json.dumps(body), headers)
            answer = connection.getresponse()
            answer.read()
            answers.add(answer.status)
        connection.close()

    senders = [threading.Thread(target=send) for _ in range(2)]
    for each in senders:
        each.start()
    yield
    over.set()
    for each in senders:
        each.join()
    assert answers == {202}


def set_aside(shelves: Store, site: str) -> str:
    """Put a comment on a site that no worker survived."""
    comment_id = accept(shelves, Stocked(), site)
    (pending,) = shelves.inbox.load(site, shelves.inbox.take(site, "test", 10), Facts())
    shelves.inbox.set_aside(site, pending, 3, 1_790_000_000_000)
    return comment_id


def open_with_a_stream(page: Page, service: ServiceUp) -> None:
    """Load the page until it has a place: pages closed just before may hold all of them."""
    for _ in range(10):
        with page.expect_response("**/ops/events*") as answer:
            page.goto(f"{service.url}/ops")
        if answer.value.status == 200:
            return
        page.wait_for_timeout(1_000)
    pytest.fail("no stream was free")


def show(page: Page, *, is_hidden: bool) -> None:
    """Have the page believe that its tab is hidden, or seen again."""
    page.evaluate(
        """(isHidden) => {
          Object.defineProperty(document, "hidden", { get: () => isHidden, configurable: true });
          document.dispatchEvent(new Event("visibilitychange"));
        }""",
        is_hidden,
    )


def fail_a_task(service: ServiceUp) -> str:
    """Give the service's worker a task that fails; return its id."""
    connection = connect(server_urls(Settings(data_dir=service.data_dir)).queue)
    assert isinstance(connection, Redis)
    queue = Queue(MODERATE_QUEUE, connection=connection, serializer=JSONSerializer)
    task_id: str = queue.enqueue("workers.moderate.no_such_task", "demo").id
    connection.close()
    return task_id


@pytest.mark.usefixtures("load")
def test_a_worker_killed_under_load_shows_without_the_page_being_loaded_again(
    service: ServiceUp, signed_in: Open
) -> None:
    page = signed_in("Odile", Role.OPS)
    page.goto(f"{service.url}/ops")
    page.evaluate("window.isTheSamePage = true")
    worker = page.locator(ALIVE).first
    pid = worker.get_attribute("data-worker")
    assert pid is not None
    flow = page.locator("#ops-flow dd")
    expect(flow.first).not_to_have_text("0")
    os.kill(int(pid), signal.SIGKILL)
    killed = page.locator(f"tr[data-worker='{pid}']")
    expect(killed).to_have_attribute("data-state", "gone", timeout=5_000)
    expect(killed).to_contain_text("signal 9")
    expect(page.locator(ALIVE)).not_to_have_count(0)
    assert page.evaluate("window.isTheSamePage") is True
    assert_accessible(page)
    page.emulate_media(color_scheme="dark")
    assert_accessible(page, {"runOnly": ["color-contrast"]})


def test_what_changes_is_sent_by_a_stream_and_not_asked_for(
    service: ServiceUp, shelves: Store, site: str, signed_in: Open
) -> None:
    page = signed_in("Odile", Role.OPS)
    open_with_a_stream(page, service)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    set_aside(shelves, site)
    expect(page.locator("#ops-dead")).to_contain_text(site)
    second = set_aside(shelves, site)
    expect(page.locator(f"#dead-{second}")).to_be_visible()
    expect(page.locator("#stale")).to_be_hidden()
    assert [url for url in asked if "/ops/now" in url] == []


@pytest.mark.parametrize(
    "hinder",
    [
        pytest.param(lambda route: route.fulfill(status=204), id="no place is free"),
        pytest.param(lambda _: None, id="a proxy holds the stream back"),
    ],
)
def test_a_page_without_a_stream_asks(
    hinder: Callable[[Route], None],
    service: ServiceUp,
    shelves: Store,
    site: str,
    signed_in: Open,
) -> None:
    page = signed_in("Odile", Role.OPS)
    page.route("**/ops/events*", hinder)
    with page.expect_response("**/ops/now*"):
        page.goto(f"{service.url}/ops")
    comment_id = set_aside(shelves, site)
    expect(page.locator(f"#dead-{comment_id}")).to_be_visible()
    expect(page.locator("#stale")).to_be_hidden()


def test_a_page_that_is_hidden_gives_its_stream_back(service: ServiceUp, signed_in: Open) -> None:
    page = signed_in("Odile", Role.OPS)
    open_with_a_stream(page, service)
    with page.expect_event("requestfailed", lambda request: "/ops/events" in request.url):
        show(page, is_hidden=True)
    with page.expect_request("**/ops/events*"):
        show(page, is_hidden=False)


def test_the_charts_are_drawn_and_their_table_is_at_hand(
    service: ServiceUp, signed_in: Open
) -> None:
    page = signed_in("Odile", Role.OPS)
    page.goto(f"{service.url}/ops?span=24h")
    expect(page.locator("#charts canvas")).to_have_count(6)
    table = page.locator("#figures-table table")
    expect(table).to_be_hidden()
    page.locator("#figures-table summary").click()
    expect(table.locator("tbody tr")).to_have_count(24)
    page.set_viewport_size({"width": 320, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_what_is_ticked_and_open_stays_while_the_page_renews_itself(
    service: ServiceUp, shelves: Store, site: str, signed_in: Open
) -> None:
    first = set_aside(shelves, site)
    page = signed_in("Odile", Role.OPS)
    page.goto(f"{service.url}/ops")
    page.locator(f"#dead-{first}").check()
    page.locator("#figures-table summary").click()
    second = set_aside(shelves, site)
    expect(page.locator(f"#dead-{second}")).to_be_visible()
    expect(page.locator(f"#dead-{first}")).to_be_checked()
    expect(page.locator("#figures-table")).to_have_attribute("open", "")
    page.locator("#dead-retry").click()
    expect(page.get_by_role("status").first).to_contain_text("Renvoyés au travail")
    expect(page.locator(f"#dead-{first}")).to_have_count(0)
    expect(page.locator(f"#dead-{second}")).to_be_visible()


def test_only_a_new_alert_is_read_out_and_a_silent_service_is_told(
    service: ServiceUp, shelves: Store, site: str, signed_in: Open
) -> None:
    set_aside(shelves, site)
    page = signed_in("Odile", Role.OPS)
    page.goto(f"{service.url}/ops")
    alarm, alerts = page.locator("#alarm"), page.locator("#ops-alerts")
    set_aside(shelves, site)
    expect(alerts).to_contain_text(re.compile(rf"{site}, faute d’un worker .*: 2 commentaires\."))
    expect(alarm).not_to_contain_text(site)
    shelves.sites.create(Site(f"{site}-next", lang="fr"))
    set_aside(shelves, f"{site}-next")
    expect(alarm).to_contain_text(f"{site}-next")
    stale = page.locator("#stale")
    expect(stale).to_be_hidden()
    page.context.set_offline(True)
    expect(stale).to_be_visible()
    page.context.set_offline(False)
    expect(stale).to_be_hidden()


def test_a_failed_task_comes_into_view_shows_why_and_is_discarded(
    service: ServiceUp, signed_in: Open
) -> None:
    page = signed_in("Odile", Role.OPS)
    page.goto(f"{service.url}/ops")
    task = fail_a_task(service)
    why = page.locator(f"#why-{task}")
    why.locator("summary").click()
    expect(why.locator("pre")).to_contain_text("Traceback")
    assert_accessible(page)
    page.locator(f"#drop-{task}").click()
    page.get_by_role("button", name="Abandonner").click()
    expect(page.get_by_role("status").first).to_contain_text("Retirés de la liste")
    expect(page.locator(f"#task-{task}")).to_have_count(0)


def test_it_works_on_a_phone_without_script(
    service: ServiceUp, shelves: Store, site: str, signed_in: Open
) -> None:
    comment_id = set_aside(shelves, site)
    page = signed_in("Odile", Role.OPS, java_script_enabled=False, viewport=PHONE)
    page.goto(f"{service.url}/ops")
    expect(page.locator("#charts")).to_be_hidden()
    expect(page.locator("#figures-table table")).to_be_visible()
    page.get_by_role("link", name="Actualiser").click()
    page.locator(f"#leave-{comment_id}").click()
    page.get_by_role("button", name="Laisser aux modérateurs").click()
    expect(page.get_by_role("status").first).to_contain_text("Retirés de la liste")
    expect(page.locator(f"#dead-{comment_id}")).to_have_count(0)
    assert shelves.decisions.dead_letter_count(site) == 0

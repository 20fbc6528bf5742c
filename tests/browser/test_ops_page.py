"""The operator's page in a browser: a worker killed under load, charts, axe, without script."""

from __future__ import annotations

import http.client
import itertools
import json
import os
import signal
import threading
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from service.moderation.comment import Facts
from service.store.accounts import Role
from service.store.sites import Scope, Site
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
    expect(killed).to_have_attribute("data-state", "gone")
    expect(killed).to_contain_text("signal 9")
    expect(page.locator(ALIVE)).not_to_have_count(0)
    assert page.evaluate("window.isTheSamePage") is True
    assert_accessible(page)
    page.emulate_media(color_scheme="dark")
    assert_accessible(page, {"runOnly": ["color-contrast"]})


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

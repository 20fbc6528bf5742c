"""The settings in a browser: the policy with its backtest, keys for others' APIs, webhooks."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from service.store.doors.door_keys import Door
from service.store.staff.accounts import Role
from service.store.store import Store
from service.store.webhooks.deliveries import Attempt, Outcome
from tests.browser.test_queue_page import PHONE, assert_accessible
from tests.processes.service_up import ServiceUp

HARSH = "Tu es un connard et un abruti fini, ferme ta gueule."
PASSWORD = "a password long enough"

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def administrator(service: ServiceUp) -> str:
    """Bring a comment that is refused, and make somebody who may change the policy."""
    made = service.command("users", "create", "reglages", "--json")
    assert made.returncode == 0, made.stderr
    service.submit(HARSH, service.key())
    once = json.loads(made.stdout)["one_time_password"]
    changed = {"name": "reglages", "password": once, "new_password": PASSWORD}
    request = urllib.request.Request(  # noqa: S310
        f"{service.url}/v1/sessions",
        json.dumps(changed).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=20):  # noqa: S310
        return "reglages"


def sign_in(page: Page, service: ServiceUp, name: str) -> None:
    page.goto(f"{service.url}/sign-in?next=/settings/demo/policy")
    page.fill("#name", name)
    page.fill("#password", PASSWORD)
    page.click("button[type=submit]")


def test_a_threshold_is_tried_and_saved_in_french(
    service: ServiceUp, new_page: Open, administrator: str
) -> None:
    page = new_page()
    sign_in(page, service, administrator)
    backtest = page.locator("#backtest")
    expect(backtest).to_contain_text("Ce que donne la politique")
    for name in ("insult", "toxicity", "severe_toxicity", "threat", "identity_attack"):
        page.locator(f"[id='thresholds.{name}.any.refuse']").fill("")
        page.locator(f"[id='thresholds.{name}.any.hold']").fill("")
    page.keyboard.press("Tab")
    expect(backtest).to_contain_text("Ce qu’elle aurait fait")
    expect(backtest).to_contain_text(HARSH)
    page.locator("[id='thresholds.insult.any.hold']").fill("0.2")
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.get_by_role("status").first).to_contain_text("Enregistré")
    expect(page.locator("[id='thresholds.insult.any.hold']")).to_have_value("0.2")
    expect(page.locator("[id='thresholds.threat.any.refuse']")).to_have_value("")
    shown = service.command("sites", "show", "demo", "--json").stdout
    assert '"hold": 0.2' in shown
    assert service.command("sites", "update", "demo", "--policy", "balanced").returncode == 0


def test_the_form_works_on_a_phone_without_script(
    service: ServiceUp, new_page: Open, administrator: str
) -> None:
    page = new_page(java_script_enabled=False, viewport={"width": 360, "height": 740})
    sign_in(page, service, administrator)
    page.locator("[id='thresholds.spam.any.hold']").fill("0.3")
    page.get_by_role("button", name="Essayer").click()
    expect(page.locator("#backtest")).to_contain_text("Ce qu’elle aurait fait")
    expect(page.locator("[id='thresholds.spam.any.hold']")).to_have_value("0.3")
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 360


def test_a_key_for_another_api_is_made_and_rotated_on_a_phone_without_script(
    service: ServiceUp, shelves: Store, site: str, signed_in: Open
) -> None:
    page = signed_in(role=Role.ADMINISTRATOR, java_script_enabled=False, viewport=PHONE)
    page.goto(f"{service.url}/settings/{site}/doors")
    page.get_by_label("Coral").check()
    page.get_by_role("button", name="Créer une clé").click()
    expect(page.locator("#secret-error")).to_contain_text("Coral fabrique lui-même son secret")
    page.get_by_label("Akismet").check()
    page.get_by_role("button", name="Créer une clé").click()
    first = page.locator("code.token").inner_text()
    page.get_by_role("button", name="Remplacer").click()
    second = page.locator("code.token").inner_text()
    assert first != second
    for token in (first, second):
        assert shelves.door_keys.find(Door.AKISMET, token) is not None
    expect(page.get_by_text("s’éteint le")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_axe_finds_nothing_serious_where_keys_and_webhooks_are_set(
    service: ServiceUp, shelves: Store, site: str, signed_in: Open
) -> None:
    shelves.door_keys.create(site, Door.PERSPECTIVE, "app")
    page = signed_in(role=Role.ADMINISTRATOR)
    page.goto(f"{service.url}/settings/{site}/doors")
    page.get_by_role("button", name="Remplacer").click()
    assert_accessible(page)
    page.goto(f"{service.url}/settings/{site}/webhooks")
    page.get_by_label("Adresse").fill("nowhere")
    page.get_by_role("button", name="Créer un webhook").click()
    expect(page.locator("#url-error")).to_be_visible()
    assert_accessible(page)
    page.get_by_label("Adresse").fill("https://receiver.invalid/hook")
    page.get_by_role("button", name="Créer un webhook").click()
    expect(page.locator("code.token")).to_contain_text("whsec_")
    assert_accessible(page)
    page.get_by_role("link", name="receiver.invalid").click()
    page.get_by_role("button", name="Désactiver").click()
    give_up_a_test(shelves, site)
    page.reload()
    expect(page.get_by_role("heading", name="Abandonnés")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("button", name="Tout renvoyer").click()
    expect(page.get_by_role("status").first).to_contain_text("En route")
    assert_accessible(page)


def give_up_a_test(shelves: Store, site: str) -> None:
    """Have the only webhook of a site fail for good to be told that this is a test."""
    [webhook] = shelves.webhooks.of(site)
    now_ms = int(time.time() * 1000)
    shelves.deliveries.add_test(site, webhook, now_ms)
    [delivery] = shelves.deliveries.take(site, webhook, now_ms, 1)
    attempt = Attempt(now_ms, delivery.happening, Outcome.DEAD, "500", 12, 11)
    shelves.deliveries.note(site, webhook, delivery, attempt)

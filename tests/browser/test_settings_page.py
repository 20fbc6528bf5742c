"""The policy editor in a browser: a threshold changes, the backtest follows, then it is saved."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

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

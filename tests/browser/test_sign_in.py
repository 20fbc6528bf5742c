"""Signing in, in a browser: a one-time password, one's own, a second factor; in French."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pyotp
import pytest
from playwright.sync_api import Page, expect

from service.store.staff.accounts import Account, Role
from service.store.store import Store
from tests.processes.service_up import ServiceUp
from tests.web.oidc_provider import running

OWN = "un mot de passe à moi"
PHONE = {"width": 360, "height": 740}
STEP_S = 30

Open = Callable[..., Page]


def one_time_password(service: ServiceUp, name: str) -> str:
    """Make an account by the command; return its first password."""
    made = service.command("users", "create", name, "--role", "moderator", "--json")
    assert made.returncode == 0, made.stderr
    password: str = json.loads(made.stdout)["one_time_password"]
    return password


def enter(page: Page, service: ServiceUp, name: str, password: str) -> None:
    page.goto(f"{service.url}/sign-in")
    page.get_by_label("Nom").fill(name)
    page.get_by_label("Mot de passe", exact=False).first.fill(password)
    page.get_by_role("button", name="Se connecter").click()


@pytest.mark.parametrize("has_script", [True, False])
def test_from_a_one_time_password_to_a_second_factor(
    service: ServiceUp, new_page: Open, *, has_script: bool
) -> None:
    name = f"aïcha-{has_script}"
    password = one_time_password(service, name)
    page = new_page(java_script_enabled=has_script, viewport=PHONE)

    enter(page, service, name, password)
    expect(page.get_by_role("alert")).to_contain_text("Ce mot de passe ne sert qu’une fois")
    expect(page.locator("#new_password")).to_be_focused()
    page.fill("#password", password)
    page.fill("#new_password", OWN)
    page.get_by_role("button", name="Se connecter").click()
    page.get_by_role("link", name="Mon compte").click()
    expect(page.get_by_text("celle-ci")).to_be_visible()

    page.get_by_role("link", name="Modifier").click()
    page.get_by_label("Mot de passe").fill(OWN)
    page.get_by_role("button", name="La configurer").click()
    expect(page.get_by_role("img", name="Code QR")).to_be_visible()
    app = pyotp.TOTP(page.locator("#secret").inner_text().replace(" ", ""))
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.fill("#code", app.now())
    page.get_by_role("button", name="L’activer").click()
    codes = page.locator(".codes li").all_inner_texts()
    assert len(codes) == 10
    page.get_by_role("link", name="Je les ai conservés").click()

    page.get_by_role("button", name="Se déconnecter").click()
    enter(page, service, name, OWN)
    expect(page.get_by_role("heading", name="Encore une étape")).to_be_visible()
    page.fill("#code", "000000")
    page.get_by_role("button", name="Se connecter").click()
    expect(page.get_by_role("alert")).to_contain_text("Ce code est incorrect")
    page.fill("#code", app.at(int(time.time()) + STEP_S))
    page.get_by_role("button", name="Se connecter").click()
    expect(page.get_by_role("link", name="Mon compte")).to_be_visible()

    page.get_by_role("button", name="Se déconnecter").click()
    enter(page, service, name, OWN)
    page.fill("#code", codes[0])
    page.get_by_role("button", name="Se connecter").click()
    expect(page.get_by_role("link", name="Mon compte")).to_be_visible()


def test_a_session_ended_elsewhere_sends_the_page_to_sign_in(
    service: ServiceUp, new_page: Open
) -> None:
    password = one_time_password(service, "zoé")
    pages = [new_page(color_scheme=scheme) for scheme in ("light", "dark")]
    enter(pages[0], service, "zoé", password)
    pages[0].fill("#password", password)
    pages[0].fill("#new_password", OWN)
    pages[0].get_by_role("button", name="Se connecter").click()
    enter(pages[1], service, "zoé", OWN)
    pages[1].get_by_role("link", name="Mon compte").click()
    expect(pages[1].locator(".rows li")).to_have_count(2)
    pages[1].get_by_role("button", name="Terminer toutes les autres").click()
    expect(pages[1].get_by_role("status").first).to_contain_text("terminées")
    expect(pages[1].locator(".rows li")).to_have_count(1)
    pages[0].reload()
    expect(pages[0].get_by_role("heading", name="Se connecter")).to_be_visible()


def consent(page: Page, service: ServiceUp, subject: str) -> None:
    """Go to the provider from the sign-in page, and say there who one is."""
    page.goto(f"{service.url}/sign-in?next=/account/")
    page.get_by_role("link", name="Chez nous").click()
    claims = {"sub": subject, "email": "claire@example.org", "email_verified": True}
    page.locator("input[name=claims]").fill(json.dumps(claims))
    page.get_by_role("button").click()


def test_whom_the_provider_vouches_for_is_in_and_a_namesake_is_not(
    service: ServiceUp, shelves: Store, new_page: Open, provider_port: int
) -> None:
    shelves.accounts.create_with(Account("claire@example.org", Role.MODERATOR), "")
    page, other = new_page(), new_page()
    with running(provider_port):
        consent(page, service, "u1")
        expect(page.get_by_text("celle-ci")).to_be_visible()
        assert page.url == f"{service.url}/account/"
        consent(other, service, "u2")
        expect(other.get_by_role("alert")).to_be_visible()
    page.reload()
    expect(page.get_by_text("celle-ci")).to_be_visible()
    other.goto(f"{service.url}/account/")
    expect(other.get_by_role("heading", name="Se connecter")).to_be_visible()

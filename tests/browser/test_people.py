"""People, in two browsers: invited, in by the link, shut out."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from service.store.staff.accounts import Role
from tests.processes.service_up import ServiceUp

OWN = "un mot de passe à moi"

Open = Callable[..., Page]


def test_somebody_is_invited_joins_by_the_link_and_is_shut_out(
    service: ServiceUp, site: str, signed_in: Open, new_page: Open
) -> None:
    page, invited = signed_in("Aline", Role.ADMINISTRATOR), new_page()
    page.goto(f"{service.url}/people/")
    page.get_by_label("Nom", exact=False).fill("béatrice")
    page.locator(f"input[name=sites][value={site}]").check()
    page.locator("form[action='/people/invite'] button").click()
    link = page.locator("#link").input_value()

    invited.goto(link)
    expect(invited.get_by_text("béatrice")).to_be_visible()
    invited.fill("#new_password", OWN)
    invited.locator("main button").click()
    expect(invited.get_by_role("link", name="Mon compte")).to_be_visible()
    invited.goto(link)
    expect(invited.get_by_text("trop ancien")).to_be_visible()

    page.goto(f"{service.url}/people/béatrice")
    page.locator("button[formaction$='/disable']").click()
    expect(page.locator(".facts dd").first).to_have_text("désactivé")
    invited.goto(f"{service.url}/account/")
    expect(invited.get_by_role("heading", name="Se connecter")).to_be_visible()

"""The author's page in a browser: reached from the article and from elsewhere, without script."""

from __future__ import annotations

import json
from collections.abc import Callable

from playwright.sync_api import Page, Route, expect

from tests.processes.service_up import ServiceUp

PAPER = "http://paper.test/"
CONTENT = "La passerelle sera-t-elle ouverte aux vélos pendant les travaux du quai ?"

Open = Callable[..., Page]


def test_an_author_follows_changes_and_erases_a_comment_from_the_article(
    service: ServiceUp, new_page: Open
) -> None:
    page = new_page(java_script_enabled=False)
    page.goto(f"{service.url}/demo")
    page.fill("#content", CONTENT)
    page.fill("#author", "Apolline")
    page.fill("#email", "apolline@example.org")
    page.wait_for_timeout(3500)
    page.click("button[type=submit]")
    page.click("text=Suivre, modifier ou retirer ce commentaire")
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "Merci. Votre commentaire est publié."
    )
    assert "token" not in page.url
    page.fill("#content", f"{CONTENT} Et aux poussettes ?")
    page.click("text=Enregistrer les modifications")
    expect(page.get_by_role("status")).to_contain_text("Vos modifications sont enregistrées")
    expect(page.locator(".own .words")).to_contain_text("poussettes")
    page.click("text=Tout effacer")
    expect(page.locator("#sure")).to_be_focused()
    page.check("#sure")
    page.click("text=Tout effacer")
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "Il ne reste rien de personnel de ce commentaire."
    )
    expect(page.get_by_text("poussettes")).to_have_count(0)


def test_a_link_on_another_site_opens_the_page_too(service: ServiceUp, new_page: Open) -> None:
    receipt = service.submit("Une question de plus sur le quai, vue d’ailleurs.", service.key())
    link = f"{service.url}{receipt['links']['author']}"
    page = new_page(java_script_enabled=False)

    def paper(route: Route) -> None:
        body = f"<a id=own href={json.dumps(link)}>Mon commentaire</a>"
        route.fulfill(body=body, content_type="text/html; charset=utf-8")

    page.route(f"{PAPER}**", paper)
    page.goto(PAPER)
    page.click("#own")
    expect(page.locator(".own .words")).to_contain_text("vue d’ailleurs")
    assert "token" not in page.url

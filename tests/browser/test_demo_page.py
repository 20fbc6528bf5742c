"""The demo in a browser: with script, without, by keyboard, on a phone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.processes.service_up import ServiceUp

INSULT = "Tu es un connard et un abruti fini, ferme ta gueule."
PHONE = {"width": 360, "height": 740}
PUBLISHED = "Merci. Votre commentaire est publié."

Open = Callable[..., Page]

BETWEEN_LOOKS_MS = 10_500
"""A little more than the page waits between two looks at the thread."""


def fill(page: Page, content: str, email: str = "claire.secret@example.org") -> None:
    """Fill in the form, slowly enough for a person."""
    page.fill("#content", content)
    page.fill("#author", "Claire Martin")
    page.fill("#email", email)
    page.wait_for_timeout(3500)


def send(page: Page) -> None:
    page.click("button[type=submit]")


@pytest.mark.parametrize(
    ("has_script", "words"),
    [
        (True, "J’étais sur la berge samedi matin, la manœuvre a duré un bon quart d’heure."),
        (False, "Sait-on si les péniches de commerce pourront de nouveau passer en hiver ?"),
    ],
)
def test_a_comment_appears_under_the_article(
    service: ServiceUp, new_page: Open, words: str, *, has_script: bool
) -> None:
    page = new_page(java_script_enabled=has_script)
    page.goto(f"{service.url}/demo")
    fill(page, words)
    send(page)
    expect(page.get_by_text(PUBLISHED)).to_be_visible()
    expect(page.locator("#thread")).to_contain_text(words)


def test_with_script_the_page_stays_and_the_text_goes(service: ServiceUp, new_page: Open) -> None:
    page = new_page()
    page.goto(f"{service.url}/demo")
    fill(page, "Les horaires du passage sont-ils affichés sur place ?")
    send(page)
    expect(page.locator("#verdict")).to_have_text(PUBLISHED)
    expect(page.locator("#content")).to_have_value("")
    expect(page.locator("#author")).to_have_value("Claire Martin")
    assert page.url == f"{service.url}/demo"


def test_another_readers_comment_comes_in_by_itself(service: ServiceUp, new_page: Open) -> None:
    page = new_page()
    page.clock.install()
    page.goto(f"{service.url}/demo")
    page.wait_for_load_state("networkidle")
    words = "Les riverains ont été prévenus très tard de la date de réouverture."
    service.submit(words, service.key())
    page.clock.fast_forward(BETWEEN_LOOKS_MS)
    expect(page.locator("#thread")).to_contain_text(words, timeout=20_000)


def test_an_insult_is_not_published_and_the_reason_is_shown(
    service: ServiceUp, new_page: Open
) -> None:
    page = new_page()
    page.goto(f"{service.url}/demo")
    fill(page, INSULT)
    send(page)
    verdict = page.locator("#verdict")
    expect(verdict).to_contain_text("Votre commentaire n’a pas été publié.")
    expect(verdict).to_contain_text("Il insulte quelqu’un")
    expect(page.locator("#thread")).not_to_contain_text("connard")


def test_an_insult_without_script_is_told_after_the_post(
    service: ServiceUp, new_page: Open
) -> None:
    page = new_page(java_script_enabled=False)
    page.goto(f"{service.url}/demo")
    fill(page, INSULT.replace("abruti", "crétin"), "paul@example.org")
    send(page)
    expect(page.locator("#ecluse-rejected")).to_contain_text("n’a pas été publié")
    expect(page.locator("#thread")).not_to_contain_text("connard")


@pytest.mark.parametrize("has_script", [True, False])
def test_missing_fields_are_named_in_french_and_nothing_is_lost(
    service: ServiceUp, new_page: Open, *, has_script: bool
) -> None:
    page = new_page(java_script_enabled=has_script)
    page.goto(f"{service.url}/demo")
    page.fill("#content", 'Un texte "précieux" <b>à garder</b>')
    send(page)
    expect(page.locator("#author-error")).to_have_text("Ce champ est obligatoire.")
    expect(page.locator("#email-error")).to_have_text("Ce champ est obligatoire.")
    expect(page.locator("#content")).to_have_value('Un texte "précieux" <b>à garder</b>')
    expect(page.locator("#author")).to_be_focused()


def test_without_script_the_corrected_form_is_published(service: ServiceUp, new_page: Open) -> None:
    page = new_page(java_script_enabled=False)
    page.goto(f"{service.url}/demo")
    words = "Le bois des portes vient-il des forêts de la région ?"
    fill(page, words, "sans arobase")
    send(page)
    page.fill("#email", "claire@example.org")
    send(page)
    expect(page.get_by_text(PUBLISHED)).to_be_visible()
    expect(page.locator("#thread")).to_contain_text(words)


def test_a_slip_in_the_address_is_noticed(service: ServiceUp, new_page: Open) -> None:
    page = new_page()
    page.goto(f"{service.url}/demo")
    fill(page, "Le parking près de l’écluse est toujours fermé, c’est dommage.", "claire@gmial.com")
    send(page)
    expect(page.get_by_text("Vouliez-vous dire claire@gmail.com")).to_be_visible()
    page.click(".suggestion button")
    expect(page.locator("#email")).to_have_value("claire@gmail.com")


def test_everything_works_from_the_keyboard(service: ServiceUp, new_page: Open) -> None:
    page = new_page()
    page.goto(f"{service.url}/demo")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.locator("#content").focus()
    words = "La mairie avait pourtant promis une réouverture dès l’automne dernier."
    for text in (words, "Claire Martin", "claire@example.org", ""):
        page.keyboard.type(text)
        page.keyboard.press("Tab")
    expect(page.locator("#comment-form button[type=submit]")).to_be_focused()
    page.wait_for_timeout(3500)
    page.keyboard.press("Enter")
    expect(page.locator("#verdict")).to_have_text(PUBLISHED)
    expect(page.locator("#verdict")).to_be_focused()
    expect(page.locator("#thread")).to_contain_text(words)


def test_a_reply_stands_below_its_comment(service: ServiceUp, new_page: Open) -> None:
    words = "Faut-il réserver pour passer l’écluse avec une barque ?"
    service.submit(words, service.key())
    page = new_page()
    page.goto(f"{service.url}/demo")
    parent = page.locator("li.comment", has_text=words).first
    parent.locator(".reply a").first.click()
    expect(page.locator("#answering")).to_be_visible()
    reply = "Non, il suffit d’attendre le feu vert devant la porte aval."
    fill(page, reply)
    send(page)
    expect(parent.locator(".replies")).to_contain_text(reply)
    expect(page.locator("#answering")).to_be_hidden()


def test_an_email_is_nowhere_in_the_page_or_in_what_it_fetches(
    service: ServiceUp, new_page: Open
) -> None:
    first = new_page()
    first.goto(f"{service.url}/demo")
    fill(first, "Mon grand-père était éclusier à Saint-Aubin dans les années soixante.")
    send(first)
    expect(first.locator("#verdict")).to_have_text(PUBLISHED)
    fetched: list[str] = []
    page = new_page()
    page.on("response", lambda r: fetched.append(r.text()) if "/v1/" in r.url else None)
    with page.expect_response("**/comments"):
        page.goto(f"{service.url}/demo")
    page.wait_for_load_state("networkidle")
    assert fetched
    assert not any("claire.secret" in text for text in [page.content(), *fetched])


def test_a_thread_that_did_not_change_is_not_sent_again(service: ServiceUp, new_page: Open) -> None:
    page = new_page()
    page.clock.install()
    page.goto(f"{service.url}/demo")
    page.wait_for_load_state("networkidle")
    with page.expect_response(lambda r: "/pages/" in r.url and r.status == 304, timeout=25_000):
        page.clock.fast_forward(BETWEEN_LOOKS_MS)


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_a_phone_needs_no_sideways_scrolling(
    service: ServiceUp, new_page: Open, colours: str
) -> None:
    service.submit("Unmotsanslamoindreespace" * 12, service.key())
    page = new_page(viewport=PHONE, color_scheme=colours)
    page.goto(f"{service.url}/demo")
    send(page)
    expect(page.locator("#content-error")).not_to_be_empty()
    assert page.screenshot(full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_the_error_page_needs_no_sideways_scrolling(service: ServiceUp, new_page: Open) -> None:
    page = new_page(viewport=PHONE, java_script_enabled=False)
    page.goto(f"{service.url}/demo")
    page.fill("#email", "a" * 400)
    send(page)
    expect(page.locator("#email-error")).not_to_be_empty()
    box = page.locator("main").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= PHONE["width"]


def test_the_api_is_documented_without_any_other_host(service: ServiceUp, new_page: Open) -> None:
    asked: list[str] = []
    page = new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{service.url}/docs")
    expect(page.locator(".opblock").first).to_be_visible()
    page.locator(".opblock-summary").first.click()
    expect(page.locator(".opblock-body").first).to_be_visible()
    own = (service.url, "data:", "blob:")
    assert [url for url in asked if not url.startswith(own)] == []

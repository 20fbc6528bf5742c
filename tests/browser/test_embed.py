"""Comments on a page of another origin, which allows our host's script and nothing else."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Locator, Page, expect

from service.moderation.verdict import Action, Status
from service.store.decisions import Order
from service.store.sites import Changer, Limit
from service.store.store import Store
from tests.browser.newspaper import Newspaper, newspaper
from tests.browser.test_queue_page import assert_accessible
from tests.processes.service_up import ServiceUp, eventually
from tests.stock import numbered, stock

INSULT = "Tu es un connard et un abruti fini, ferme ta gueule."
HOSTILE = 'Bonjour <img src=x onerror="alert(1)"> <b>à tous</b>, quel beau canal.'
A_PERSONS_TIME_MS = 3_500
BETWEEN_LOOKS_MS = 10_500
"""A little more than the element waits between its first two looks at the thread."""

LONGEST_BETWEEN_LOOKS_MS = 61_000
"""A little more than the longest pause between two looks at one's own comment."""
PATIENCE_MS = 20_000
"""The first tone judged in a process loads its models."""
PLAYWRIGHTS_MS = 5_000

Open = Callable[..., Page]


@pytest.fixture(autouse=True, scope="module")
def patience() -> Iterator[None]:
    expect.set_options(timeout=PATIENCE_MS)
    yield
    expect.set_options(timeout=PLAYWRIGHTS_MS)


@pytest.fixture(scope="module")
def paper(service: ServiceUp) -> Iterator[Newspaper]:
    with newspaper(service.url) as made:
        yield made


@pytest.fixture
def script(service: ServiceUp, shelves: Store, paper: Newspaper, site: str) -> str:
    """What a page of the test's own site loads; the site knows the newspaper's origin."""
    change(shelves, site, origins=(paper.url,), limits={"ip": Limit(1000, 60)})
    return f'<script src="{service.url}/embed.js" data-site="{site}" defer></script>'


def change(shelves: Store, site: str, **settings: object) -> None:
    by = Changer("account:tester", 1_700_000_000_000)
    shelves.sites.change(site, by, lambda known: replace(known, **settings))  # type: ignore[arg-type]


def decide(shelves: Store, site: str, status: Status, *ids: str) -> None:
    orders = [Order(each, status) for each in ids]
    shelves.decisions.decide(site, orders, "account:tester", "", int(time.time() * 1000))


def fill(page: Page, content: str) -> None:
    page.fill("#content", content)
    page.fill("#author", "Claire Martin")
    page.fill("#email", "claire.secret@example.org")


def send(page: Page) -> None:
    page.locator("form button[type=submit]").click()


def thread(page: Page) -> Locator:
    return page.locator("[part=thread]")


def statuses_of_looks(page: Page) -> list[int]:
    """Return a list that grows with the statuses as they came over the network."""
    found: list[int] = []
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.on("Network.responseReceivedExtraInfo", lambda told: found.append(told["statusCode"]))
    return found


def test_a_visitor_writes_corrects_publishes_edits_and_withdraws(
    new_page: Open, paper: Newspaper, script: str
) -> None:
    page = new_page()
    page.goto(paper.print("/writing", script))
    form = page.locator("form")
    expect(form).to_contain_text("Votre adresse e-mail ne sera pas publiée.")
    expect(form).to_contain_text("Les champs obligatoires sont indiqués avec *")
    expect(page.get_by_label("E-mail *")).to_have_attribute("required", "")

    page.get_by_label("Commentaire *").fill(HOSTILE)
    send(page)
    expect(page.locator("#author-error")).to_have_text("Ce champ est obligatoire.")
    expect(page.locator("#author")).to_be_focused()
    assert_accessible(page)

    page.reload()
    expect(page.locator("#content")).to_have_value(HOSTILE)
    fill(page, HOSTILE)
    page.wait_for_timeout(A_PERSONS_TIME_MS)
    send(page)
    notice = page.locator("[role=status].notice")
    expect(notice).to_have_text("Merci. Votre commentaire est publié.")
    expect(notice).to_be_focused()
    expect(page.locator("#content")).to_have_value("")
    expect(thread(page)).to_contain_text(HOSTILE)
    expect(page.locator("#heading")).to_have_text("1 commentaire")
    assert page.locator("ecluse-comments img, ecluse-comments b").count() == 0

    page.get_by_role("button", name="Modifier").click()
    page.locator(".own textarea").fill("Quel beau canal, et quelle belle manœuvre samedi matin.")
    page.get_by_role("button", name="Enregistrer").click()
    expect(thread(page)).to_contain_text("quelle belle manœuvre")
    page.get_by_role("button", name="Retirer").click()
    page.locator("dialog").get_by_role("button", name="Retirer").click()
    expect(page.locator("#heading")).to_have_text("0 commentaire")
    expect(notice).to_have_text("Votre commentaire est retiré.")

    kept = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
    assert "Claire Martin" in kept
    assert "secret" not in kept
    assert page.context.cookies() == []


def test_a_reply_waits_for_a_moderator_and_then_stands_there(
    new_page: Open, paper: Newspaper, shelves: Store, site: str, script: str
) -> None:
    address = paper.url + "/waiting"
    (first,) = stock(shelves, numbered(1, more={"page": address}), site=site)
    decide(shelves, site, Status.APPROVED, first)
    change(shelves, site, policy={"premoderation": "all"})
    page = new_page()
    page.clock.install()
    page.goto(paper.print("/waiting", script, lang="en-GB"))
    page.get_by_role("button", name="Report the comment of Lecteur").click()
    page.get_by_label("Reason").select_option("insult")
    assert_accessible(page)
    page.get_by_role("dialog").get_by_role("button", name="Report").click()
    expect(page.get_by_text("Thank you. The moderators are told.")).to_be_visible()
    assert shelves.comments.get(site, first).voices.reported.total == 1

    page.get_by_role("button", name="Reply to Lecteur").click()
    expect(page.locator("#content")).to_be_focused()
    assert page.locator("li#comment-" + first).locator("form").count() == 1
    fill(page, "I was on the bank on Saturday; the whole thing took fifteen minutes.")
    send(page)
    own = page.locator(".own")
    expect(own).to_contain_text("fifteen minutes")
    eventually(lambda: shelves.decisions.counts(site).get("status.held") == 1)
    page.clock.fast_forward(LONGEST_BETWEEN_LOOKS_MS)
    expect(own).to_contain_text("A moderator will read your comment")
    page.reload()
    expect(own).to_contain_text("fifteen minutes")
    expect(own.get_by_role("button", name="Edit")).to_be_visible()
    held = own.get_by_role("link").get_attribute("href")
    assert held is not None
    decide(shelves, site, Status.APPROVED, held.partition("?")[0].rpartition("/")[2])
    page.clock.fast_forward(LONGEST_BETWEEN_LOOKS_MS)
    expect(own).to_contain_text("published")
    expect(page.locator(f"li#comment-{first} > ol")).to_contain_text("fifteen minutes")


def test_an_author_is_asked_before_words_that_hurt_are_sent(
    new_page: Open, paper: Newspaper, shelves: Store, site: str, script: str
) -> None:
    change(shelves, site, has_nudge=True)
    page = new_page(color_scheme="dark")
    page.goto(paper.print("/nudge", script))
    fill(page, INSULT)
    send(page)
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Il insulte quelqu’un")
    assert_accessible(page)
    page.keyboard.press("Escape")
    expect(page.locator("#content")).to_be_focused()
    expect(page.locator("#content")).to_have_value(INSULT)
    send(page)
    dialog.get_by_role("button", name="L’envoyer tel quel").click()
    expect(page.locator(".own")).to_contain_text("Il insulte quelqu’un")
    expect(thread(page)).not_to_contain_text("connard")


def test_a_long_thread_comes_when_it_is_looked_at_and_grows_by_itself(
    new_page: Open, paper: Newspaper, shelves: Store, site: str, script: str
) -> None:
    address = paper.url + "/long"
    more = {"page": address}
    ids = stock(shelves, numbered(25, more=more, action=Action.APPROVE), site=site)
    talkative = numbered(103, more={**more, "parent": ids[-1]}, action=Action.APPROVE)
    stock(shelves, talkative, site=site)
    asked: list[str] = []
    page = new_page()
    page.on("request", lambda request: asked.append(f"{request.method} {request.url}"))
    answered = statuses_of_looks(page)
    page.clock.install()
    spacer = "<p>Un paragraphe.</p>" * 100
    links = '<a href="/long" data-ecluse-count>?</a><a href="/other" data-ecluse-count>?</a>'
    page.goto(paper.print("/long", links + spacer + script))
    expect(page.locator("a").nth(0)).to_have_text("128 commentaires")
    expect(page.locator("a").nth(1)).to_have_text("0 commentaire")
    counted = [each for each in asked if each.startswith("POST") and each.endswith("/counts")]
    assert len(counted) == 1
    assert not any("/form-token" in each or "/pages/" in each for each in asked)

    page.locator("ecluse-comments").scroll_into_view_if_needed()
    shown = thread(page).locator("> li")
    expect(shown).to_have_count(20)
    page.get_by_role("button", name="Commentaires suivants").click()
    expect(shown).to_have_count(25)

    replies = page.locator(f"li#comment-{ids[-1]} li")
    expect(replies).to_have_count(100)
    page.get_by_role("button", name="Afficher les autres réponses").click()
    expect(replies).to_have_count(103)

    page.fill("#content", "Un texte en cours")
    page.clock.fast_forward(BETWEEN_LOOKS_MS)
    while 304 not in answered:
        page.wait_for_timeout(50)
    (new,) = stock(shelves, numbered(1, more=more, action=Action.APPROVE), site=site)
    decide(shelves, site, Status.REJECTED, ids[-2])
    page.clock.fast_forward(2 * BETWEEN_LOOKS_MS)
    expect(page.locator(f"li#comment-{new}")).to_be_visible()
    expect(page.locator(f"li#comment-{ids[-2]}")).to_have_count(0)
    expect(shown).to_have_count(25)
    expect(replies).to_have_count(103)
    expect(page.get_by_text("Un nouveau commentaire est arrivé.")).to_be_attached()
    expect(page.locator("#content")).to_have_value("Un texte en cours")
    assert not any(each.startswith("OPTIONS") and "/pages/" in each for each in asked)


def test_a_page_of_an_unknown_origin_is_told_that_nothing_can_be_loaded(
    new_page: Open, paper: Newspaper, shelves: Store, site: str, script: str
) -> None:
    change(shelves, site, origins=("https://journal.example",))
    page = new_page()
    page.goto(paper.print("/stranger", script))
    expect(page.get_by_role("alert")).to_have_text("Les commentaires ne peuvent pas être chargés.")
    change(shelves, site, origins=(paper.url,))
    page.wait_for_timeout(2_100)  # the service may know a site's settings of two seconds ago
    page.get_by_role("button", name="Réessayer").click()
    expect(page.locator("form")).to_be_visible()

"""The queue in a browser: by keyboard, by two at once, live, on a phone, without script."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import requests
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from service.moderation.signal import Attribute, Span
from service.moderation.verdict import Status
from service.store.decisions import Order
from service.store.sites import Scope
from service.store.store import Store
from tests.processes.service_up import ServiceUp, eventually
from tests.stock import Stocked, numbered, stock

PHONE = {"width": 320, "height": 700}
SERIOUS = {"serious", "critical"}
STATUS_OF = {"a": "approved", "s": "spam", "d": "deleted", "r": "rejected"}

Open = Callable[..., Page]


@pytest.fixture
def queue(service: ServiceUp, site: str, signed_in: Open) -> Callable[..., Page]:
    """Open the queue of the test's own site."""

    def opened(name: str = "Léa", query: str = "", **options: object) -> Page:
        page = signed_in(name, **options)
        page.goto(f"{service.url}/moderate/?site={site}{query}")
        return page

    return opened


def current(page: Page) -> Locator:
    """Return the card that the keys act on."""
    return page.locator(".card[aria-current=true]")


def card(page: Page, comment_id: str) -> Locator:
    return page.locator(f"#c-{comment_id}")


def statuses(shelves: Store, site: str, ids: Sequence[str]) -> list[str]:
    return [record.status.value for record in shelves.comments.get_many(site, ids)]


def eventually_statuses(shelves: Store, site: str, ids: Sequence[str], wanted: list[str]) -> None:
    """Wait until the comments have come to stand so."""
    until = time.monotonic() + 15
    while (found := statuses(shelves, site, ids)) != wanted:
        assert time.monotonic() < until, found
        time.sleep(0.02)


def assert_accessible(page: Page, options: dict[str, object] | None = None) -> None:
    """Check that axe finds nothing serious on a page as it stands."""
    asked = options or {"resultTypes": ["violations"]}
    found = Axe().run(page, options=asked).response["violations"]
    told = [
        (each["id"], [node["html"][:200] for node in each["nodes"]])
        for each in found
        if each["impact"] in SERIOUS
    ]
    assert told == []


# Deciding by keyboard


def test_a_hundred_comments_are_cleared_by_keys_and_none_twice(
    shelves: Store, site: str, queue: Open
) -> None:
    ids = stock(shelves, numbered(100), site=site)
    page = queue()
    pressed: dict[str, str] = {}
    for number in range(100):
        key = "aasdr"[number % 5]
        comment_id = current(page).get_attribute("data-id")
        assert comment_id is not None
        pressed[comment_id] = STATUS_OF[key]
        page.keyboard.press(key)
        if key == "r":
            page.keyboard.press("Enter")
    expect(page.locator("#empty")).to_be_visible()
    assert set(pressed) == set(ids)
    eventually_statuses(shelves, site, ids, [pressed[each] for each in ids])
    assert shelves.decisions.counts(site)["decisions"] == 100
    expect(page.locator("#held-count")).to_have_text("0")


def test_the_first_card_is_chosen_and_j_and_k_move(shelves: Store, site: str, queue: Open) -> None:
    ids = stock(shelves, numbered(3), site=site)
    page = queue()
    expect(card(page, ids[0])).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(card(page, ids[2])).to_be_focused()
    page.keyboard.press("k")
    expect(card(page, ids[1])).to_be_focused()
    page.keyboard.press("a")
    expect(card(page, ids[2])).to_be_focused()
    eventually_statuses(shelves, site, ids, ["held", "approved", "held"])


def test_u_takes_the_last_decision_back(shelves: Store, site: str, queue: Open) -> None:
    ids = stock(shelves, numbered(2), site=site)
    page = queue()
    page.keyboard.press("a")
    expect(page.locator("#last-text")).to_contain_text("Approuvé")
    page.keyboard.press("u")
    expect(card(page, ids[0])).to_be_focused()
    expect(page.locator("#held-count")).to_have_text("2")
    eventually_statuses(shelves, site, ids, ["held", "held"])
    page.keyboard.press("s")
    page.locator("#last-undo").click()
    expect(card(page, ids[0])).to_be_focused()
    eventually_statuses(shelves, site, ids, ["held", "held"])


def test_a_refusal_takes_its_reason_by_number(shelves: Store, site: str, queue: Open) -> None:
    ids = stock(shelves, numbered(1), site=site)
    page = queue()
    page.keyboard.press("r")
    page.keyboard.press("2")
    page.keyboard.press("Enter")
    eventually_statuses(shelves, site, ids, ["rejected"])
    decision = shelves.comments.get(site, ids[0]).decision
    assert decision is not None
    assert decision.reason == "Hors sujet."


def test_keys_rest_while_something_is_written_or_with_control(
    shelves: Store, site: str, queue: Open
) -> None:
    ids = stock(shelves, numbered(1), site=site)
    page = queue()
    page.keyboard.press("/")
    expect(page.locator("#f-words")).to_be_focused()
    page.keyboard.type("asd")
    card(page, ids[0]).focus()
    page.keyboard.press("Control+d")
    page.keyboard.press("Alt+a")
    page.keyboard.press("v")
    expect(card(page, ids[0])).to_be_visible()
    assert statuses(shelves, site, ids) == ["held"]


def test_the_keys_are_shown_changed_and_obeyed(
    service: ServiceUp, shelves: Store, site: str, queue: Open
) -> None:
    ids = stock(shelves, numbered(2), site=site)
    page = queue()
    page.keyboard.press("?")
    expect(page.locator("#dialog")).to_contain_text("Commentaire suivant")
    page.locator("#dialog").get_by_role("link").click()
    page.fill("#k-approve", "f")
    page.locator(".keys-table ~ p button").first.click()
    expect(page.locator(".notice.good")).to_be_visible()
    page.goto(f"{service.url}/moderate/?site={site}")
    page.keyboard.press("a")
    page.keyboard.press("f")
    eventually_statuses(shelves, site, ids, ["approved", "held"])


def test_decisions_taken_while_the_line_is_cut_are_sent_when_it_is_back(
    shelves: Store, site: str, queue: Open
) -> None:
    ids = stock(shelves, numbered(3), site=site)
    page = queue()
    page.context.set_offline(True)
    for key in "asd":
        page.keyboard.press(key)
    expect(page.locator("#last-text")).to_contain_text("ne répond pas")
    assert statuses(shelves, site, ids) == ["held"] * 3
    page.context.set_offline(False)
    eventually_statuses(shelves, site, ids, ["approved", "spam", "deleted"])


# Many at once


def test_a_range_is_selected_by_keys_and_decided_after_a_question(
    shelves: Store, site: str, queue: Open
) -> None:
    ids = stock(shelves, numbered(5), site=site)
    page = queue()
    for key in ("x", "j", "j", "X"):
        page.keyboard.press(key)
    expect(page.locator("#picked")).to_have_text("3")
    page.keyboard.press("s")
    expect(page.locator("#dialog")).to_contain_text("3")
    page.keyboard.press("Enter")
    eventually_statuses(shelves, site, ids, ["spam"] * 3 + ["held"] * 2)
    expect(card(page, ids[3])).to_be_focused()
    page.keyboard.press("u")
    eventually_statuses(shelves, site, ids, ["held"] * 5)
    expect(page.locator(".card")).to_have_count(5)


def test_everything_on_the_page_is_selected_by_one_box(
    shelves: Store, site: str, queue: Open
) -> None:
    ids = stock(shelves, numbered(4), site=site)
    page = queue()
    page.locator("#all").check()
    page.locator("#bulk button[value=approve]").click()
    page.locator("#dialog button").first.click()
    eventually_statuses(shelves, site, ids, ["approved"] * 4)
    expect(page.locator("#empty")).to_be_visible()


def test_a_campaign_is_decided_from_one_of_its_cards(
    shelves: Store, site: str, queue: Open
) -> None:
    text = "Gagnez de l’argent facilement depuis votre canapé avec la méthode de {}, essayez vite !"
    wanted = [Stocked(text.format(name), author_key=name) for name in ("Léo", "Zoé", "Max")]
    ids = stock(shelves, [*wanted, *numbered(1)], site=site)
    page = queue()
    page.keyboard.press("l")
    page.locator("#dialog button[value=spam]").click()
    eventually_statuses(shelves, site, ids, ["spam"] * 3 + ["held"])
    expect(page.locator(".card")).to_have_count(1)


# Two at once, and what comes in


def test_what_a_colleague_decides_greys_out_and_leaves(
    shelves: Store, site: str, queue: Open
) -> None:
    ids = stock(shelves, numbered(3), site=site)
    lea, bruno = queue("Léa"), queue("Bruno")
    card(lea, ids[1]).click()
    bruno.keyboard.press("a")
    expect(card(lea, ids[0])).to_have_class(re.compile("elsewhere"))
    expect(card(lea, ids[0]).locator(".claim")).to_contain_text("Bruno")
    expect(card(lea, ids[0]).locator(".claim")).to_contain_text("approuvé")
    expect(card(lea, ids[0])).to_have_count(0, timeout=10_000)
    expect(card(lea, ids[1])).to_be_focused()
    expect(lea.locator("#held-count")).to_have_text("2")


def test_of_two_simultaneous_decisions_one_wins_and_the_other_is_told(
    shelves: Store, site: str, queue: Open
) -> None:
    ids = stock(shelves, numbered(2), site=site)
    page = queue()
    now_ms = int(time.time() * 1000)
    shelves.decisions.decide(site, [Order(ids[0], Status.APPROVED)], "account:Bruno", "", now_ms)
    page.keyboard.press("s")
    expect(page.locator("#last-text")).to_contain_text("Bruno a décidé")
    expect(card(page, ids[0]).locator(".claim")).to_contain_text("approuvé")
    expect(card(page, ids[1])).to_be_focused()
    assert statuses(shelves, site, ids) == ["approved", "held"]


def test_a_comment_somebody_looks_at_is_seen_to_be_taken(
    shelves: Store, site: str, queue: Open
) -> None:
    ids = stock(shelves, numbered(2), site=site)
    lea, bruno = queue("Léa"), queue("Bruno")
    card(lea, ids[1]).click()
    bruno.keyboard.press("c")
    expect(card(bruno, ids[0]).locator(".claim")).to_have_text("Vous le regardez.")
    expect(card(lea, ids[0]).locator(".claim")).to_contain_text("le regarde")


def test_new_arrivals_wait_behind_a_button(shelves: Store, site: str, queue: Open) -> None:
    ids = stock(shelves, numbered(2), site=site)
    page = queue()
    page.keyboard.press("j")
    came = stock(shelves, numbered(2), site=site)
    button = page.locator("#new")
    expect(button).to_have_text("Nouveaux : en afficher 2".replace(" :", "\u00a0:"))
    expect(page.locator(".card")).to_have_count(2)
    expect(card(page, ids[1])).to_be_focused()
    page.keyboard.press(".")
    expect(page.locator(".card")).to_have_count(4)
    expect(button).to_be_hidden()
    assert current(page).get_attribute("data-id") in came


def test_arrivals_that_the_filters_keep_out_are_not_offered(
    shelves: Store, site: str, queue: Open
) -> None:
    stock(shelves, numbered(1), site=site)
    page = queue(query="&least=0.5")
    stock(shelves, numbered(2, scores={Attribute.INSULT: 0.2}), site=site)
    (came,) = stock(shelves, numbered(1), site=site)
    expect(page.locator("#new")).to_contain_text("1")
    expect(page.locator("#held-count")).to_have_text("4")
    page.locator("#new").click()
    expect(card(page, came)).to_be_focused()
    expect(page.locator(".card")).to_have_count(2)


# One comment's own forms


def test_a_banned_author_who_posts_again_is_refused_or_seems_to_wait(
    service: ServiceUp, shelves: Store, site: str, queue: Open
) -> None:
    stock(shelves, [Stocked(email="rude@example.org"), *numbered(1)], site=site)
    _, token = shelves.sites.create_key(site, "server", frozenset({Scope.SUBMIT}))

    def repost(email: str, ip: str) -> dict[str, Any]:
        content = f"Je reviens, vous verrez bien. {time.monotonic_ns()}"
        sent = {"email": email, "ip": ip, "author": "Rudy", "content": content, "page": "/a"}
        answer: dict[str, Any] = requests.post(
            f"{service.url}/v1/sites/{site}/comments?wait=5",
            json=sent,
            headers={"Authorization": f"Bearer {token}"},
            timeout=30,
        ).json()
        return answer

    page = queue()
    page.keyboard.press("b")
    page.locator("#dialog button").first.click()
    expect(page.locator("#last-text")).to_have_text("Enregistré.")
    eventually(lambda: repost("rude@example.org", "198.51.100.1").get("status") == 403, service)

    page.keyboard.press("j")
    page.keyboard.press("b")
    page.locator("#dialog input[value=ip]").check()
    page.locator("#dialog #range").fill("192.0.2.0/24")
    page.locator("#dialog input[name=shadow]").check()
    page.locator("#dialog button").first.click()
    eventually(lambda: len(shelves.bans.list(site)) == 2, service)
    told: list[str] = []

    def is_shadowed() -> bool:
        answer = repost("other@example.org", "192.0.2.99")
        told.append(answer["status"])
        verdict = shelves.comments.get(site, answer["id"]).verdict
        return verdict is not None and verdict.rule == "ban.shadow"

    eventually(is_shadowed, service)
    assert told[-1] == "held"


def test_a_comment_is_put_right_and_approved(shelves: Store, site: str, queue: Open) -> None:
    ids = stock(shelves, numbered(2), site=site)
    page = queue()
    page.keyboard.press("e")
    text = page.locator("#dialog textarea[name=content]")
    expect(text).to_be_focused()
    text.fill("Quel homme, celui-là.")
    page.locator("#dialog button").first.click()
    eventually_statuses(shelves, site, ids, ["approved", "held"])
    assert shelves.comments.get(site, ids[0]).comment.content == "Quel homme, celui-là."
    expect(card(page, ids[1])).to_be_focused()
    page.keyboard.press("u")
    expect(card(page, ids[0]).locator(".words")).to_contain_text("idiot")


def test_a_note_appears_on_the_card(shelves: Store, site: str, queue: Open) -> None:
    ids = stock(shelves, numbered(1), site=site)
    page = queue()
    page.keyboard.press("n")
    page.locator("#dialog textarea[name=text]").fill("Vu avec Paul.")
    page.locator("#dialog button").first.click()
    expect(card(page, ids[0]).locator(".note")).to_contain_text("Vu avec Paul.")
    expect(card(page, ids[0])).to_be_focused()


def test_severe_words_are_out_of_reach_until_asked_for(
    shelves: Store, site: str, queue: Open
) -> None:
    wanted = Stocked("Je vais te retrouver.", scores={Attribute.THREAT: 0.9})
    stock(shelves, [wanted], site=site)
    page = queue()
    words = page.get_by_text("Je vais te retrouver.")
    expect(words).to_be_hidden()
    page.keyboard.press("v")
    expect(words).to_be_visible()
    page.keyboard.press("v")
    expect(words).to_be_hidden()


def test_after_an_hour_a_break_is_suggested_once(shelves: Store, site: str, queue: Open) -> None:
    stock(shelves, numbered(3), site=site)
    page = queue()
    page.evaluate(
        "sessionStorage.setItem('queue-last', Date.now());"
        "sessionStorage.setItem('queue-since', Date.now() - 3700000)"
    )
    page.keyboard.press("a")
    reminder = page.locator("#break")
    expect(reminder).to_be_visible()
    reminder.get_by_role("button").click()
    expect(reminder).to_be_hidden()
    page.keyboard.press("a")
    expect(reminder).to_be_hidden()


def test_hostile_words_do_nothing(shelves: Store, site: str, queue: Open) -> None:
    bad = "<script>document.title='x'</script><img src=x onerror=\"document.title='x'\">\u2067abc"
    more = {"page": "javascript:alert(1)", "page_title": bad, "url": "https://x.example/"}
    wanted = [Stocked(bad + " mot" * 4000, author="M" * 120, more=more)]
    (comment_id,) = stock(shelves, wanted, site=site)
    page = queue()
    expect(card(page, comment_id).locator(".words")).to_contain_text("<script>")
    assert page.title() != "x"
    height = card(page, comment_id).bounding_box()
    assert height is not None
    assert height["height"] < 600
    card(page, comment_id).locator(".unfold").click()
    opened = card(page, comment_id).bounding_box()
    assert opened is not None
    assert opened["height"] > 2000


# The chart of scores


def test_a_drag_over_the_chart_chooses_its_range(
    service: ServiceUp, shelves: Store, site: str, queue: Open
) -> None:
    for score in (0.31, 0.44, 0.81):
        stock(shelves, numbered(1, scores={Attribute.INSULT: score}), site=site)
    page = queue()
    page.goto(f"{service.url}/moderate/scores?site={site}")
    columns = page.locator("#dots a")

    def drag(start: int, end: int) -> None:
        for number, act in ((start, page.mouse.down), (end, page.mouse.up)):
            box = columns.nth(number).locator("rect").bounding_box()
            assert box is not None
            page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 20, steps=3)
            act()

    drag(23, 14)
    expect(page.locator("#chosen-range")).to_contain_text("0.28")
    expect(page.locator("#chosen-range")).to_contain_text("2")
    expect(page.locator("#dots a[aria-current]")).to_have_count(10)
    drag(40, 40)
    expect(page.locator("#dots a[aria-current]")).to_have_count(1)
    expect(page.locator("#least")).to_have_value("0.8")


# Everybody's browser


def test_without_script_a_form_decides_and_undoes(shelves: Store, site: str, queue: Open) -> None:
    ids = stock(shelves, numbered(2), site=site)
    page = queue(java_script_enabled=False)
    card(page, ids[0]).get_by_role("button", name="Spam").click()
    expect(page.locator(".notice.good")).to_contain_text("Spam")
    assert statuses(shelves, site, ids) == ["spam", "held"]
    page.locator(".notice.good button").click()
    assert statuses(shelves, site, ids) == ["held", "held"]
    for comment_id in ids:
        card(page, comment_id).locator(".pick input").check()
    page.locator("#bulk button[value=approve]").click()
    page.locator("main button").click()
    assert statuses(shelves, site, ids) == ["approved", "approved"]


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_a_phone_needs_no_sideways_scrolling(
    shelves: Store, site: str, queue: Open, colours: str
) -> None:
    text = "Unmotsanslamoindreespace" * 20
    wanted = [Stocked(text, author="A" * 120, marked=[Span(0, 40)]), *numbered(2)]
    ids = stock(shelves, wanted, site=site)
    page = queue(viewport=PHONE, color_scheme=colours, has_touch=True, is_mobile=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    card(page, ids[0]).locator(".more summary").tap()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    card(page, ids[1]).locator("button[value=approve]").tap()
    eventually_statuses(shelves, site, ids, ["held", "approved", "held"])


def test_axe_finds_nothing_serious(
    service: ServiceUp, shelves: Store, site: str, queue: Open
) -> None:
    ids = stock(shelves, varied(), site=site)
    shelves.claims.take(site, ids[2], "account:Bruno", int(time.time() * 1000))
    page = queue(query="&least=0.1")
    page.keyboard.press("x")
    page.locator(".more summary").first.click()
    assert_accessible(page)
    page.keyboard.press("r")
    assert_accessible(page)
    one = f"comments/{ids[0]}"
    chart = f"scores?site={site}&least=0.5&most=1"
    for path in (
        f"{one}?site={site}",
        f"{one}/ban?site={site}",
        f"{one}/words?site={site}",
        chart,
        "keys",
    ):
        page.goto(f"{service.url}/moderate/{path}")
        assert_accessible(page)


def test_in_the_dark_every_word_stands_out(shelves: Store, site: str, queue: Open) -> None:
    stock(shelves, varied(), site=site)
    page = queue(color_scheme="dark")
    page.keyboard.press("x")
    assert_accessible(page, {"runOnly": ["color-contrast"]})


def varied() -> list[Stocked]:
    """Return comments whose cards together show everything a card may."""
    severe = Stocked(scores={Attribute.THREAT: 0.9}, marked=[Span(0, 4)])
    foreign = Stocked("مرحبا بكم", more={"lang": "ar"})
    marked = Stocked(marked=[Span(0, 4)], unscreened=("toxicity.linear",))
    return [marked, severe, foreign, *numbered(1)]

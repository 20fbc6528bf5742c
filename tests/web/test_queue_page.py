"""The queue's page: which comments it shows, in which order, and how a card shows one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from service.moderation.signal import Attribute, Span
from service.moderation.verdict import Action
from service.store.staff.accounts import Role
from service.store.staff.preferences import Preferences
from tests.api.house import ORIGIN, House
from tests.stock import Stocked, numbered, stock
from tests.web.queue import cards, shown, text_of
from tests.web.staff import Staffer, staffer

HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(2)>\" ' & {{ 7 * 7 }} "
    "javascript:alert(3) data:text/html,<b>x</b> \u2067abc\u2069"
)


def one(house: House, wanted: Stocked) -> Staffer:
    """Stock one comment and return a moderator's browser."""
    stock(house.services.store, [wanted])
    return staffer(house)


def test_who_signs_in_to_moderate_begins_in_the_queue(house: House) -> None:
    browser = staffer(house)
    assert browser.get("/sign-in", follow_redirects=True).request.path == "/moderate/"


def test_operators_begin_at_their_own_page_and_see_no_queue(house: House) -> None:
    browser = staffer(house, "Omar", Role.OPS)
    assert browser.get("/sign-in", follow_redirects=True).request.path == "/ops/"
    assert browser.get("/moderate/").status_code == 403
    assert "/moderate" not in browser.get("/account/").get_data(as_text=True)


def test_held_comments_are_shown_oldest_first_twenty_at_a_time(house: House) -> None:
    ids = stock(house.services.store, numbered(23))
    browser = staffer(house)
    first = browser.get("/moderate/?site=demo")
    assert [card.id for card in cards(first)] == ids[:20]
    assert text_of(first).count("Comments: 23") == 1
    cursor = first.get_data(as_text=True).split('data-next="')[1].split('"')[0]
    assert [card.id for card in shown(browser, f"site=demo&cursor={cursor}")] == ids[20:]


def test_the_filters_and_the_order_are_in_the_address(house: House) -> None:
    wanted = [
        Stocked("Le premier mot de tous.", scores={Attribute.INSULT: 0.6}, author_key="a"),
        Stocked("Un deuxième mot encore.", scores={Attribute.THREAT: 0.45}, author_key="b"),
        Stocked("Un troisième mot enfin.", scores={Attribute.INSULT: 0.8}, author_key="c"),
    ]
    first, second, third = stock(house.services.store, wanted)
    browser = staffer(house)

    def found(query: str) -> list[str]:
        return [card.id for card in shown(browser, f"site=demo&{query}")]

    assert found("sort=newest") == [third, second, first]
    assert found("sort=severity") == [third, first, second]
    assert found("attribute=insult&least=0.7") == [third]
    assert found("words=deuxième") == [second]
    assert found("author=b") == [second]
    assert found("age=over-week") == []
    assert found("status=approved") == []


def test_a_filter_that_makes_no_sense_is_told_by_a_page(house: House) -> None:
    answer = staffer(house).get("/moderate/?site=demo&least=2&sort=sideways")
    assert answer.status_code == 422
    assert "A score is a number from 0 to 1." in text_of(answer)


def test_a_filter_for_a_language_does_not_change_the_pages_own(house: House) -> None:
    stock(house.services.store, numbered(1))
    answer = staffer(house).get("/moderate/?site=demo&language=fr")
    assert answer.headers["Content-Language"] == "en"


def test_a_cursor_of_nobodys_is_refused(house: House) -> None:
    stock(house.services.store, numbered(1))
    assert staffer(house).get("/moderate/?site=demo&cursor=x").status_code == 400


def test_only_the_accounts_own_sites_are_shown_each_with_its_count(house: House) -> None:
    for name in ("other", "third"):
        house.add_site(name)
        stock(house.services.store, numbered(2), site=name)
    browser = staffer(house, sites=frozenset({"other", "demo"}))
    page = browser.get("/moderate/")
    assert "other 2" in text_of(page)
    assert "third" not in text_of(page)
    assert browser.get("/moderate/?site=third").status_code == 404


def test_the_evidence_is_marked_in_the_words(house: House) -> None:
    text = "👍🏽 Quel idiot & co."
    start = text.index("idiot")
    browser = one(house, Stocked(text, marked=[Span(start, start + 5)]))
    (card,) = shown(browser)
    assert card.words == "👍🏽 Quel <mark>idiot</mark> &amp; co."
    assert "It contains “idiot”." in card.html


def test_hostile_words_are_shown_harmless_in_every_field(house: House) -> None:
    more = {"page_title": HOSTILE, "page": "javascript:alert(4)", "url": "data:text/html,x"}
    browser = one(house, Stocked(HOSTILE, author=HOSTILE[:120], more=more))
    for path in ("/moderate/?site=demo", f"/moderate/comments/{shown(browser)[0].id}?site=demo"):
        html = browser.get(path).get_data(as_text=True)
        assert "<script>alert" not in html
        assert "<img" not in html.replace('<img src="/static/icon.svg"', "")
        assert 'href="javascript:' not in html
        assert 'href="data:' not in html
        assert "{{ 7 * 7 }}" in html
        assert "U+2067" in html


def test_a_long_text_is_all_there_folded(house: House) -> None:
    browser = one(house, Stocked("mot " * 5000))
    (card,) = shown(browser)
    assert card.words.count("mot") == 5000
    assert 'class="words folded"' in card.html


def test_the_page_is_linked_without_telling_it_where_from(house: House) -> None:
    more = {"page": "https://site.test/a?b=1&c=2", "page_title": "Un titre"}
    (card,) = shown(one(house, Stocked(more=more)))
    assert (
        '<a href="https://site.test/a?b=1&amp;c=2" target="_blank" rel="noreferrer nofollow'
        in card.html
    )


def test_a_foreign_text_carries_its_language_and_finds_its_direction(house: House) -> None:
    (card,) = shown(one(house, Stocked("مرحبا بكم", more={"lang": "ar"})))
    assert 'lang="ar" dir="auto"' in card.html
    assert "Arabic" in card.html


def test_a_reply_shows_what_it_answers(house: House) -> None:
    store = house.services.store
    parent = stock(store, [Stocked("Bonjour à tous.", author="Paul", action=Action.APPROVE)])[0]
    stock(store, [Stocked("Non.", more={"parent": parent})])
    browser = staffer(house)
    (card,) = shown(browser)
    assert "In answer to" in card.html
    assert "Bonjour à tous." in card.html
    opened = text_of(browser.get(f"/moderate/comments/{card.id}?site=demo"))
    assert opened.count("Bonjour à tous.") == 1


@pytest.mark.parametrize(
    ("scores", "is_veiled"),
    [
        ({Attribute.THREAT: 0.5}, True),
        ({Attribute.SEXUALLY_EXPLICIT: 0.85}, True),
        ({Attribute.SEVERE_TOXICITY: 0.5}, False),
        ({Attribute.INSULT: 0.99}, False),
    ],
)
def test_what_is_severe_is_veiled_until_asked_for(
    house: House, scores: dict[Attribute, float], *, is_veiled: bool
) -> None:
    (card,) = shown(one(house, Stocked("Des mots durs.", scores=scores)))
    assert ('<details class="veil"><summary>' in card.html) is is_veiled
    assert "Des mots durs." in card.html


def test_who_wants_no_veil_has_none(house: House) -> None:
    browser = one(house, Stocked(scores={Attribute.THREAT: 0.9}))
    house.services.store.accounts.prefer("Aïcha", Preferences(is_blurred=False))
    assert "veil" not in shown(browser)[0].html


def test_a_card_says_what_stricter_and_looser_policies_would_do(house: House) -> None:
    browser = one(house, Stocked(scores={Attribute.INSULT: 0.78}))
    words = " ".join(shown(browser)[0].html.split())
    assert "<b>strict</b> → rejected (Insult ≥ 75 %)" in words
    assert "<b>permissive</b> → approved" in words
    assert "<b>balanced</b>" not in words


def test_what_no_check_has_judged_is_said_to_be_unscreened(house: House) -> None:
    browser = one(house, Stocked(scores={}, unscreened=("toxicity.linear",)))
    (card,) = shown(browser)
    assert "unscreened" in card.html
    assert "strict" not in card.html


def test_the_page_speaks_french(house: House) -> None:
    stock(house.services.store, numbered(1))
    browser = staffer(house)
    house.services.store.accounts.prefer("Aïcha", Preferences(lang="fr"))
    page = text_of(browser.get("/moderate/?site=demo"))
    assert "Approuver" in page
    assert "Il insulte quelqu’un" in page


def test_a_view_can_be_saved_and_forgotten(house: House) -> None:
    stock(house.services.store, numbered(1))
    browser = staffer(house)
    back = "site=demo&sort=newest&words=idiot"
    saved = browser.post("/moderate/views/save", {"name": "Idiots", "back": back})
    assert saved.headers["Location"] == "/moderate/?site=demo&sort=newest&words=idiot"
    html = browser.get("/moderate/?site=demo").get_data(as_text=True)
    assert 'href="/moderate/?site=demo&amp;sort=newest&amp;words=idiot">Idiots</a>' in html
    browser.post("/moderate/views/forget", {"name": "Idiots", "back": back})
    assert "Idiots" not in browser.get("/moderate/?site=demo").get_data(as_text=True)


def test_the_chart_counts_comments_by_score_and_shows_the_edges_of_a_range(house: House) -> None:
    scores = (0.31, 0.55, 0.551, 0.62, 0.9)
    wanted = [
        Stocked(f"Texte {score}", scores={Attribute.INSULT: score}, author_key=str(score))
        for score in scores
    ]
    ids = stock(house.services.store, wanted)
    browser = staffer(house)
    chart = browser.get("/moderate/scores/?site=demo")
    assert 'aria-label="Score 0.54 to 0.56: 2"' in chart.get_data(as_text=True)
    edges = browser.get("/moderate/scores/?site=demo&attribute=insult&least=0.5&most=0.7")
    assert [card.id for card in cards(edges)] == ids[1:4]
    assert "From 0.50 to 0.70: 3" in text_of(edges)


def test_a_range_is_decided_after_a_question_with_the_count(house: House) -> None:
    stock(house.services.store, numbered(3))
    browser = staffer(house)
    html = browser.get("/moderate/scores/?site=demo&least=0.6&most=0.7").get_data(as_text=True)
    form = html.split('class="row range"')[1]
    tokens = form.split('name="comment" value="')[1].split('"')[0]
    assert len(tokens.split()) == 3
    asked = browser.post("/moderate/decisions", {"action": "approve", "comment": tokens})
    assert "Approve: 3 comments at once." in text_of(asked)
    sure = {"action": "approve", "comment": tokens, "sure": "yes", "back": "site=demo"}
    assert browser.post("/moderate/decisions", sure).status_code == 303
    assert shown(browser) == []
    assert len(shown(browser, "site=demo&status=approved")) == 3


def test_the_keys_are_anybodys_own(house: House) -> None:
    browser = staffer(house)
    keys = {**_fields(browser), "approve": "f", "on": "on"}
    assert browser.post("/moderate/keys/", keys).status_code == 303
    page = browser.get("/moderate/?site=demo").get_data(as_text=True)
    assert '"approve": "f"' in page
    assert '"reject": "r"' in page
    assert "data-keys-off" not in page


def test_two_actions_never_share_a_key(house: House) -> None:
    browser = staffer(house)
    answer = browser.post("/moderate/keys/", {**_fields(browser), "approve": "r", "on": "on"})
    assert answer.status_code == 422
    assert "Another action has this key." in text_of(answer)
    assert '"approve": "a"' in browser.get("/moderate/?site=demo").get_data(as_text=True)


@pytest.mark.parametrize("key", ["", "ab", " ", "\t"])
def test_a_key_is_one_visible_character(house: House, key: str) -> None:
    browser = staffer(house)
    answer = browser.post("/moderate/keys/", {**_fields(browser), "approve": key, "on": "on"})
    assert answer.status_code == 422
    assert "A key is one visible character." in text_of(answer)


def test_the_keys_can_be_turned_off_and_set_back(house: House) -> None:
    browser = staffer(house)
    browser.post("/moderate/keys/", {**_fields(browser), "approve": "f"})
    assert "data-keys-off" in browser.get("/moderate/?site=demo").get_data(as_text=True)
    browser.post("/moderate/keys/", {"again": "yes"})
    page = browser.get("/moderate/?site=demo").get_data(as_text=True)
    assert '"approve": "a"' in page
    assert "data-keys-off" not in page


def test_other_preferences_survive_a_change_of_keys(house: House) -> None:
    browser = staffer(house)
    accounts = house.services.store.accounts
    accounts.prefer("Aïcha", Preferences(theme="dark", is_greyscale=True))
    browser.post("/moderate/keys/", {**_fields(browser), "approve": "f", "on": "on"})
    wanted = replace(Preferences(theme="dark", is_greyscale=True), keys={"approve": "f"})
    assert accounts.get("Aïcha").preferences == wanted


def _fields(browser: Staffer) -> dict[str, str]:
    """Return what the form of keys holds."""
    html = browser.get("/moderate/keys/").get_data(as_text=True)
    rows = html.split('class="one-key"')[1:]
    return {
        row.split('name="')[1].split('"')[0]: row.split('value="')[1].split('"')[0] for row in rows
    }


def test_what_readers_say_of_a_comment_is_read_beside_it(house: House) -> None:
    comment_id = house.publish()
    path = f"/v1/sites/demo/comments/{comment_id}/reports"
    body = {"reason": "insult", "note": "C’est <b>faux</b>."}
    assert house.client.post(path, json=body, headers={"Origin": ORIGIN}).status_code < 300
    opened = staffer(house).get(f"/moderate/comments/{comment_id}?site=demo")
    assert "C’est &lt;b&gt;faux&lt;/b&gt;." in opened.get_data(as_text=True)

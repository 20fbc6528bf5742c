"""Deciding by the queue's forms, with script and without: what is done, told, refused, undone."""

from __future__ import annotations

import pytest

from service.moderation.verdict import Status
from service.store.decisions import Order
from service.store.staff.accounts import Role
from tests.api.house import House, json_of
from tests.stock import Stocked, numbered, stock
from tests.web.queue import JSON, decide, decide_by_script, shown, text_of
from tests.web.staff import Staffer, staffer


def decided_by_bruno(house: House, comment_id: str, target: Status = Status.APPROVED) -> None:
    """Have somebody else decide."""
    now_ms = int(house.services.clock() * 1000)
    orders = [Order(comment_id, target)]
    house.services.store.decisions.decide("demo", orders, "account:Bruno", "", now_ms)


@pytest.mark.parametrize(
    ("action", "status"),
    [
        ("approve", Status.APPROVED),
        ("reject", Status.REJECTED),
        ("spam", Status.SPAM),
        ("delete", Status.DELETED),
    ],
)
def test_a_plain_form_decides_and_leads_back_to_its_list(
    house: House, action: str, status: Status
) -> None:
    stock(house.services.store, numbered(2))
    browser = staffer(house)
    first, second = shown(browser, "site=demo&sort=newest")
    answer = decide(browser, action, first.token, back="site=demo&sort=newest")
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/moderate/?site=demo&sort=newest&did=")
    assert house.record(first.id).status is status
    assert [card.id for card in shown(browser, "site=demo&sort=newest")] == [second.id]


def test_the_decision_is_told_and_can_be_undone_by_a_form(house: House) -> None:
    (comment_id,) = stock(house.services.store, numbered(1))
    browser = staffer(house)
    answer = decide(browser, "approve", shown(browser)[0].token)
    told = browser.get(answer.headers["Location"])
    assert "Approved: 1." in text_of(told)
    html = told.get_data(as_text=True)
    token = (
        html.split('action="/moderate/undo"')[1].split('name="comment" value="')[1].split('"')[0]
    )
    undone = browser.post("/moderate/undo", {"comment": token, "back": "site=demo"})
    assert undone.status_code == 303
    assert house.record(comment_id).status is Status.HELD
    after = text_of(browser.get(undone.headers["Location"]))
    assert "Undone: 1." in after


def test_a_reason_goes_with_a_refusal(house: House) -> None:
    (comment_id,) = stock(house.services.store, numbered(1))
    browser = staffer(house)
    form = browser.get(f"/moderate/comments/{comment_id}/refuse?site=demo")
    assert "Hors sujet." in text_of(form)
    token = shown(browser)[0].token
    decide(browser, "reject", token, template="Off the subject", reason="")
    decision = house.record(comment_id).decision
    assert decision is not None
    assert (decision.reason, decision.actor) == ("Off the subject", "account:Aïcha")


def test_the_slower_of_two_moderators_is_told_who_decided(house: House) -> None:
    clock = house.stop_the_clock()
    (comment_id,) = stock(house.services.store, numbered(1))
    browser = staffer(house)
    token = shown(browser)[0].token
    decided_by_bruno(house, comment_id)
    clock.now += 4
    answer = decide(browser, "spam", token)
    assert house.record(comment_id).status is Status.APPROVED
    told = text_of(browser.get(answer.headers["Location"]))
    assert "Bruno decided this 4 seconds ago: approved." in told


def test_the_script_is_answered_409_with_the_card_as_it_stands(house: House) -> None:
    clock = house.stop_the_clock()
    (comment_id,) = stock(house.services.store, numbered(1))
    browser = staffer(house)
    token = shown(browser)[0].token
    decided_by_bruno(house, comment_id)
    clock.now += 4
    answer = decide_by_script(browser, "spam", token)
    assert answer.status_code == 409
    (result,) = json_of(answer)["results"]
    assert result["says"] == "Bruno decided this 4 seconds ago: approved."
    assert f'data-token="{comment_id}:{house.record(comment_id).version}"' in result["card"]


def test_a_decision_that_is_sent_twice_is_done_once(house: House) -> None:
    (comment_id,) = stock(house.services.store, numbered(1))
    browser = staffer(house)
    token = shown(browser)[0].token
    first = json_of(decide_by_script(browser, "approve", token))["results"][0]
    version = house.record(comment_id).version
    again = decide_by_script(browser, "approve", token)
    assert again.status_code == 200
    assert json_of(again)["results"][0]["is_done"]
    assert first["version"] == version == house.record(comment_id).version


def test_an_edit_by_the_author_meanwhile_brings_the_card_back(house: House) -> None:
    (comment_id,) = stock(house.services.store, numbered(1))
    browser = staffer(house)
    stale = f"{comment_id}:1"
    answer = decide_by_script(browser, "approve", stale)
    assert answer.status_code == 409
    assert json_of(answer)["results"][0]["says"].startswith("It has changed since you loaded it.")
    assert house.record(comment_id).status is Status.HELD


def test_many_are_decided_only_after_a_question_with_their_number(house: House) -> None:
    ids = stock(house.services.store, numbered(3))
    browser = staffer(house)
    tokens = [card.token for card in shown(browser)]
    asked = decide(browser, "spam", *tokens)
    assert "Spam: 3 comments at once." in text_of(asked)
    assert {house.record(each).status for each in ids} == {Status.HELD}
    html = asked.get_data(as_text=True)
    sent = html.split('name="comment" value="')[1].split('"')[0]
    answer = decide(browser, "spam", sent, sure="yes")
    assert "Spam: 3." in text_of(browser.get(answer.headers["Location"]))
    assert {house.record(each).status for each in ids} == {Status.SPAM}


def test_of_many_only_those_that_nobody_else_decided_are_done(house: House) -> None:
    ids = stock(house.services.store, numbered(3))
    browser = staffer(house)
    tokens = [card.token for card in shown(browser)]
    decided_by_bruno(house, ids[1])
    answer = decide_by_script(browser, "spam", *tokens)
    assert answer.status_code == 200
    done = {each["id"]: each["is_done"] for each in json_of(answer)["results"]}
    assert done == {ids[0]: True, ids[1]: False, ids[2]: True}
    assert house.record(ids[1]).status is Status.APPROVED


def test_five_hundred_at_once_are_the_most(house: House) -> None:
    browser = staffer(house)
    token = "01JZ8Q6Q3D5W8W1XK2T9F4M7NB:2"
    tokens = [token.replace("NB", f"{n:02d}").replace("4M", f"{n // 100:02d}") for n in range(501)]
    assert decide(browser, "spam", *tokens, sure="yes").status_code == 422
    assert decide(browser, "spam", sure="yes").status_code == 422


@pytest.mark.parametrize("comment", ["x", "01JZ8Q6Q3D5W8W1XK2T9F4M7NB:x", "' OR 1=1", ":3"])
def test_what_is_no_comment_is_refused(house: House, comment: str) -> None:
    assert decide(staffer(house), "spam", comment).status_code == 422


def test_a_comment_that_is_gone_is_told_so(house: House) -> None:
    answer = decide_by_script(staffer(house), "spam", "01JZ8Q6Q3D5W8W1XK2T9F4M7NB:2")
    assert answer.status_code == 409
    assert json_of(answer)["results"][0]["says"] == "This comment is not there any more."


def test_an_unknown_action_is_refused(house: House) -> None:
    assert decide(staffer(house), "publish", "01JZ8Q6Q3D5W8W1XK2T9F4M7NB:2").status_code == 422


def test_a_decision_without_the_pages_token_is_refused(house: House) -> None:
    (comment_id,) = stock(house.services.store, numbered(1))
    browser = staffer(house)
    fields = {"action": "spam", "comment": f"{comment_id}:2", "csrf": "x"}
    assert browser.client.post("/moderate/decisions", data=fields).status_code == 403
    assert house.record(comment_id).status is Status.HELD


def test_nobody_decides_on_another_site_than_their_own(house: House) -> None:
    house.add_site("other")
    (comment_id,) = stock(house.services.store, numbered(1), site="other")
    browser = staffer(house, sites=frozenset({"demo"}))
    assert decide(browser, "spam", f"{comment_id}:2", back="site=other").status_code == 404
    sneaked = decide_by_script(browser, "spam", f"{comment_id}:2", back="site=demo")
    assert sneaked.status_code == 409
    assert house.services.store.comments.get("other", comment_id).status is Status.HELD


def test_operators_decide_nothing(house: House) -> None:
    (comment_id,) = stock(house.services.store, numbered(1))
    browser = staffer(house, "Omar", Role.OPS)
    assert decide(browser, "spam", f"{comment_id}:2").status_code == 403


def test_a_worker_learns_from_what_is_decided_here(house: House) -> None:
    stock(house.services.store, numbered(1))
    browser = staffer(house)
    decide(browser, "spam", shown(browser)[0].token)
    assert not house.services.store.learned.set_bell("demo")


def test_all_copies_of_a_campaign_are_offered_together(house: House) -> None:
    text = "Gagnez de l’argent facilement depuis votre canapé avec la méthode de {}, essayez vite !"
    wanted = [
        Stocked(text.format(name), author_key=name, author=name) for name in ("Léo", "Zoé", "Max")
    ]
    ids = stock(house.services.store, wanted)
    stock(house.services.store, numbered(3))
    browser = staffer(house)
    form = browser.get(f"/moderate/comments/{ids[1]}/alike?site=demo")
    assert "All like this: 3" in text_of(form)
    html = form.get_data(as_text=True)
    assert all(f'value="{each}:' in html for each in ids)


def test_similar_comments_are_shown_with_what_became_of_them(house: House) -> None:
    ids = stock(house.services.store, [Stocked("Quel bel idiot, celui-là."), *numbered(2)])
    answer = staffer(house).get(f"/moderate/comments/{ids[0]}/similar?site=demo")
    assert answer.status_code == 200
    assert "Similar recent comments" in text_of(answer)
    assert "held" in text_of(answer)


@pytest.mark.parametrize("form", ["", "refuse", "edit", "note", "ban", "alike", "similar", "words"])
def test_an_unknown_comment_is_told_by_a_page(house: House, form: str) -> None:
    browser = staffer(house)
    for name in ("x", "01JZ8Q6Q3D5W8W1XK2T9F4M7NB"):
        answer = browser.get(f"/moderate/comments/{name}/{form}".rstrip("/") + "?site=demo")
        assert answer.status_code == 404
        assert "There is no such comment." in text_of(answer)


def test_the_script_gets_a_form_alone_and_a_browser_a_whole_page(house: House) -> None:
    (comment_id,) = stock(house.services.store, numbered(1))
    browser = staffer(house)
    path = f"/moderate/comments/{comment_id}/note?site=demo"
    assert "<html" in browser.get(path).get_data(as_text=True)
    part = browser.get(path, headers={"HX-Request": "true"}).get_data(as_text=True)
    assert "<html" not in part
    assert 'name="text"' in part


def held_card(house: House) -> tuple[Staffer, str, str]:
    """Stock one comment; return a browser, the comment's id and its token."""
    (comment_id,) = stock(house.services.store, numbered(1))
    browser = staffer(house)
    return browser, comment_id, shown(browser)[0].token


def test_an_edited_comment_is_approved_with_its_new_words(house: House) -> None:
    browser, comment_id, token = held_card(house)
    version = token.split(":")[1]
    fields = {"content": "Quel homme, celui-là.", "version": version, "back": "site=demo"}
    answer = browser.post(f"/moderate/comments/{comment_id}/edit", fields)
    assert answer.status_code == 303
    record = house.record(comment_id)
    assert record.status is Status.APPROVED
    assert record.comment.content == "Quel homme, celui-là."
    assert "idiot" in record.original


def test_an_edit_that_leaves_nothing_is_shown_again(house: House) -> None:
    browser, comment_id, token = held_card(house)
    fields = {"content": "  ", "version": token.split(":")[1], "back": "site=demo"}
    answer = browser.post(f"/moderate/comments/{comment_id}/edit", fields)
    assert answer.status_code == 422
    assert "This field is required." in text_of(answer)
    assert house.record(comment_id).status is Status.HELD


def test_a_note_is_on_the_card_for_colleagues(house: House) -> None:
    browser, comment_id, _ = held_card(house)
    fields = {"text": "Déjà vu hier <b>!</b>", "back": "site=demo"}
    assert browser.post(f"/moderate/comments/{comment_id}/note", fields).status_code == 303
    card = shown(staffer(house, "Bruno"))[0].html
    assert "Déjà vu hier &lt;b&gt;!&lt;/b&gt;" in card
    assert "<b>Aïcha</b>" in card


def test_an_empty_note_is_refused_and_nothing_lost(house: House) -> None:
    browser, comment_id, _ = held_card(house)
    answer = browser.post(f"/moderate/comments/{comment_id}/note", {"text": " ", "back": ""})
    assert answer.status_code == 422
    assert "This field is required." in text_of(answer)


def test_trusting_an_author_shows_on_their_cards_until_taken_back(house: House) -> None:
    browser, comment_id, _ = held_card(house)
    path = f"/moderate/comments/{comment_id}/trust"
    browser.post(path, {"action": "trust", "back": "site=demo"})
    assert ">trusted</span>" in shown(browser)[0].html
    browser.post(path, {"action": "distrust", "back": "site=demo"})
    assert ">trusted</span>" not in shown(browser)[0].html


def test_an_authors_record_is_on_the_card(house: House) -> None:
    first, second, _ = stock(
        house.services.store, [Stocked(f"Texte {n}", author_key="x") for n in range(3)]
    )
    browser = staffer(house)
    tokens = {card.id: card.token for card in shown(browser)}
    decide(browser, "approve", tokens[first])
    decide(browser, "spam", tokens[second])
    assert "Author here: approved 1, refused 1" in shown(browser)[0].html


def test_a_claim_is_shown_to_colleagues_and_let_go(house: House) -> None:
    browser, comment_id, _ = held_card(house)
    path = f"/moderate/comments/{comment_id}/claim"
    browser.post(path, {"action": "claim", "back": "site=demo"})
    bruno = staffer(house, "Bruno")
    assert "Aïcha is looking at it." in shown(bruno)[0].html
    assert "You are looking at it." in shown(browser)[0].html
    taken = bruno.post(path, {"action": "claim", "back": "site=demo"}, headers=JSON)
    assert json_of(taken) == {"who": "Aïcha", "is_mine": False}
    browser.post(path, {"action": "release", "back": "site=demo"})
    assert "looking at it" not in shown(bruno)[0].html


def test_a_ban_by_the_comments_address_stops_the_next_one(house: House) -> None:
    (comment_id,) = stock(house.services.store, [Stocked(email="rude@example.org")])
    browser = staffer(house)
    path = f"/moderate/comments/{comment_id}/ban"
    assert "rude@example.org" in text_of(browser.get(f"{path}?site=demo"))
    assert house.post(email="rude@example.org").status_code == 202
    fields = {"by": "email", "lasts": "week", "back": "site=demo"}
    assert browser.post(path, fields).status_code == 303
    assert house.post(email="rude@example.org").status_code == 403
    assert house.post(email="kind@example.org").status_code == 202


def test_a_ban_by_address_takes_a_range_around_it(house: House) -> None:
    (comment_id,) = stock(house.services.store, [Stocked()])
    browser = staffer(house)
    path = f"/moderate/comments/{comment_id}/ban"
    form = browser.get(f"{path}?site=demo")
    assert 'name="range"' in form.get_data(as_text=True)
    assert 'value="192.0.2.7"' in form.get_data(as_text=True)
    assert "192.0.2.0/24" in text_of(form)
    assert browser.post(path, {"by": "ip", "back": "site=demo"}).status_code == 303
    fields = {"by": "ip", "range": "192.0.2.9/24", "back": "site=demo"}
    assert browser.post(path, fields).status_code == 303
    found = [each.value for each in house.services.store.bans.list("demo")]
    assert sorted(found) == ["192.0.2.0/24", "192.0.2.7"]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("192.0.3.0/24", "is not in this range"),
        ("0.0.0.0/0", "at most /8"),
        ("<u>", "neither an IP address"),
    ],
)
def test_a_range_that_is_a_slip_is_shown_again(house: House, given: str, told: str) -> None:
    (comment_id,) = stock(house.services.store, [Stocked()])
    fields = {"by": "ip", "range": given, "lasts": "year", "reason": "Raid", "back": "site=demo"}
    answer = staffer(house).post(f"/moderate/comments/{comment_id}/ban", fields)
    assert answer.status_code == 422
    assert told in text_of(answer)
    html = answer.get_data(as_text=True)
    assert "<u>" not in html
    assert '<option value="year" selected>' in html
    assert 'value="Raid"' in html
    assert house.services.store.bans.list("demo") == ()


@pytest.mark.parametrize("fields", [{"by": "author"}, {"by": "shoes"}, {}])
def test_a_ban_by_what_is_not_known_is_refused(house: House, fields: dict[str, str]) -> None:
    browser, comment_id, _ = held_card(house)
    answer = browser.post(f"/moderate/comments/{comment_id}/ban", {**fields, "back": "site=demo"})
    assert answer.status_code == 422
    assert house.services.store.bans.list("demo") == ()


def test_an_opened_comment_tells_its_history(house: House) -> None:
    browser, comment_id, token = held_card(house)
    decide(browser, "reject", token, reason="Trop dur")
    told = text_of(browser.get(f"/moderate/comments/{comment_id}?site=demo"))
    assert "Aïcha" in told.split("History")[-1]
    assert "Trop dur" in told.split("History")[-1]

"""What an open page of the queue is told: nothing, or who did what, in one small answer."""

from __future__ import annotations

from service.moderation.signal import Attribute
from service.moderation.verdict import Status
from service.store.decisions import Order
from service.store.staff.accounts import Role
from tests.api.house import House, json_of
from tests.stock import numbered, stock
from tests.web.staff import Staffer, staffer


def opened(browser: Staffer, site: str = "demo") -> str:
    """Load the page and return the place from which it asks on."""
    html = browser.get(f"/moderate/?site={site}").get_data(as_text=True)
    return html.split('data-after="')[1].split('"')[0]


def test_nothing_happened_is_answered_without_a_word(house: House) -> None:
    stock(house.services.store, numbered(1))
    browser = staffer(house)
    answer = browser.get(f"/moderate/changes?site=demo&after={opened(browser)}")
    assert answer.status_code == 204
    assert answer.get_data() == b""


def test_an_arrival_is_told(house: House) -> None:
    browser = staffer(house)
    after = opened(browser)
    (comment_id,) = stock(house.services.store, numbered(1))
    body = json_of(browser.get(f"/moderate/changes?site=demo&after={after}"))
    assert [(each["id"], each["what"]) for each in body["events"]] == [(comment_id, "held")]
    on = browser.get(f"/moderate/changes?site=demo&after={body['last']}")
    assert on.status_code == 204


def test_an_arrival_that_the_filters_keep_out_is_told_apart(house: House) -> None:
    store, browser = house.services.store, staffer(house)
    after = opened(browser)
    quiet, rude = stock(store, [*numbered(1, scores={Attribute.INSULT: 0.2}), *numbered(1)])
    for query, passing in (
        ("", {quiet, rude}),
        ("&least=0.5", {rude}),
        ("&least=0.5&words=idiot", {rude}),
        ("&words=licorne", set()),
        ("&words=!", set()),
        ("&reported=yes", set()),
        ("&age=over-day", set()),
        ("&status=approved", set()),
    ):
        body = json_of(browser.get(f"/moderate/changes?site=demo&after={after}{query}"))
        assert {each["id"] for each in body["events"]} == {quiet, rude}
        assert {each["id"] for each in body["events"] if each["fits"]} == passing, query


def test_filters_that_are_none_are_refused(house: House) -> None:
    assert staffer(house).get("/moderate/changes?site=demo&least=much").status_code == 422


def test_a_decision_elsewhere_is_told_with_who_and_what(house: House) -> None:
    clock = house.stop_the_clock()
    (comment_id,) = stock(house.services.store, numbered(1))
    browser = staffer(house)
    after = opened(browser)
    orders = [Order(comment_id, Status.SPAM)]
    now_ms = int(clock.now * 1000)
    house.services.store.decisions.decide("demo", orders, "account:Bruno", "", now_ms)
    clock.now += 2
    (event,) = json_of(browser.get(f"/moderate/changes?site=demo&after={after}"))["events"]
    assert event["says"] == "Bruno decided this 2 seconds ago: spam."
    assert not event["is_you"]
    assert event["version"] == house.record(comment_id).version


def test_a_claim_elsewhere_is_told(house: House) -> None:
    (comment_id,) = stock(house.services.store, numbered(1))
    browser, bruno = staffer(house), staffer(house, "Bruno")
    after = opened(browser)
    path = f"/moderate/comments/{comment_id}/claim"
    bruno.post(path, {"action": "claim", "back": "site=demo"})
    (event,) = json_of(browser.get(f"/moderate/changes?site=demo&after={after}"))["events"]
    assert (event["what"], event["who"], event["is_you"]) == ("claimed", "Bruno", False)


def test_a_page_that_slept_too_long_is_told_to_load_again(house: House) -> None:
    browser = staffer(house)
    stock(house.services.store, numbered(2))
    body = json_of(browser.get("/moderate/changes?site=demo&after=1-1"))
    assert body["is_lost"]


def test_changes_are_told_to_the_sites_own_moderators_only(house: House) -> None:
    house.add_site("other")
    browser = staffer(house, sites=frozenset({"demo"}))
    assert browser.get("/moderate/changes?site=other&after=0-0").status_code == 404
    operator = staffer(house, "Omar", Role.OPS)
    assert operator.get("/moderate/changes?site=demo&after=0-0").status_code == 403


def test_a_signed_out_script_is_told_where_to_sign_in(house: House) -> None:
    answer = house.client.get("/moderate/changes?site=demo", headers={"HX-Request": "true"})
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"] == "/sign-in"

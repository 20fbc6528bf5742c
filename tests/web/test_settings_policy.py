"""The policy editor: tried on past comments before it counts, saved, told, put on trial."""

from __future__ import annotations

import re
from typing import Any

import pytest

from config.settings import PRESETS, default_policy
from service.moderation.policy import merged
from service.moderation.signal import Attribute
from service.moderation.verdict import Action, Status
from service.schemas.policy_text import beyond_default, entries_in
from service.store.decisions import Order
from service.store.staff.accounts import Role
from service.store.store import Store
from service.web.settings.backtest import PATIENCE_S, Comparison
from service.web.settings.policy import policy_of
from tests.api.house import INSULT, SPAM, House
from tests.web.markup import Page
from tests.web.staff import Staffer, staffer
from tests.web.test_settings_pages import site_now, text_of, told

KIND = "Merci beaucoup, tout est clair."
POLICY = "/settings/demo/policy"
NO_SCORES = {"thresholds": {name.value: {"hold": 1.01, "refuse": 1.01} for name in Attribute}}


@pytest.fixture
def ann(house: House) -> Staffer:
    return staffer(house, "Ann", Role.ADMINISTRATOR)


def form_of(ann: Staffer, path: str = POLICY, **changes: str) -> dict[str, Any]:
    """Return what the form on a page would send, with changes; dots are written as ``__``."""
    page = Page(text_of(ann.get(path)))
    boxes = {"radio", "checkbox"}
    chosen: dict[str, Any] = {
        each.attributes["name"]: each.attributes.get("value", "")
        for each in page.all("input")
        if "name" in each.attributes
        and (each.attributes.get("type") not in boxes or "checked" in each.attributes)
    }
    return {**chosen, **{name.replace("__", "."): value for name, value in changes.items()}}


def decided(house: House, content: str, target: Status, by: str = "account:Bruno") -> str:
    """Have a comment reviewed, and decided by a moderator."""
    answer = house.post_as_server(content=content)
    comment_id = str(answer.get_json()["id"])
    house.drain()
    store: Store = house.services.store
    store.decisions.decide("demo", [Order(comment_id, target)], by, "", 1)
    return comment_id


def test_saving_the_form_as_it_is_shown_changes_nothing(house: House, ann: Staffer) -> None:
    for preset in PRESETS:
        house.change_site(policy=beyond_default(preset))
        assert ann.post(POLICY, {**form_of(ann), "do": "save"}).status_code == 303
        saved, shown = site_now(house).policy, beyond_default(preset)
        assert policy_of(saved) == policy_of(shown)
    before = len(told(house))
    ann.post(POLICY, {**form_of(ann), "do": "save"})
    assert len(told(house)) == before


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_is_a_starting_point_that_keeps_the_lists(
    house: House, ann: Staffer, preset: str
) -> None:
    words = {"words": {"hold": ["avocat"]}}
    house.change_site(policy={"trust_after": 9, **words})
    form = form_of(ann, f"{POLICY}?from={preset}")
    assert site_now(house).policy == {"trust_after": 9, **words}
    ann.post(POLICY, {**form, "do": "save"})
    wanted = merged(default_policy(), merged(beyond_default(preset), words))
    assert policy_of(site_now(house).policy) == policy_of(wanted)


def test_a_threshold_is_saved_and_told_with_before_and_after(house: House, ann: Staffer) -> None:
    form = form_of(ann, thresholds__insult__any__hold="0,4")
    assert ann.post(POLICY, {**form, "do": "save"}).status_code == 303
    # French and English were shown with values of their own.
    kept = {"hold": 0.4, "en": {"hold": 0.57}, "fr": {"hold": 0.45}}
    assert site_now(house).policy == {"thresholds": {"insult": kept}}
    (change,) = told(house)
    assert (change["field"], change["before"]) == ("policy.thresholds", None)
    assert change["after"] == {"insult": kept}
    form = form_of(ann, thresholds__insult__any__hold="0.3")
    ann.post(POLICY, {**form, "do": "save"})
    last = told(house)[-1]
    assert (last["field"], last["before"], last["after"]) == (
        "policy.thresholds.insult.hold", 0.4, 0.3,
    )  # fmt: skip


def test_a_saved_policy_judges_the_next_comment(house: House, ann: Staffer) -> None:
    def outcome() -> str:
        comment_id = str(house.post_as_server(content=INSULT).get_json()["id"])
        house.drain()
        return house.record(comment_id).status

    assert outcome() == "rejected"
    nothing = {name: "" for name in form_of(ann) if name.startswith("thresholds.")}
    ann.post(POLICY, {**form_of(ann), **nothing, "do": "save"})
    assert outcome() == "approved"


def test_a_languages_own_threshold_can_be_set_and_taken_back(house: House, ann: Staffer) -> None:
    ann.post(POLICY, {**form_of(ann, thresholds__toxicity__fr__hold="0.3"), "do": "save"})
    assert site_now(house).policy["thresholds"]["toxicity"] == {"fr": {"hold": 0.3}}
    ann.post(POLICY, {**form_of(ann, thresholds__identity_attack__en__hold=""), "do": "save"})
    policy = policy_of(site_now(house).policy)
    found = policy.threshold(Attribute.IDENTITY_ATTACK, "en")
    assert found is not None
    assert found.hold == 0.35
    ann.post(POLICY, {**form_of(ann, thresholds__toxicity__fr__hold=""), "do": "save"})
    assert "toxicity" not in site_now(house).policy.get("thresholds", {})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("thresholds.spam.any.hold", "2"),
        ("thresholds.spam.any.hold", "0"),
        ("thresholds.spam.any.hold", "much"),
        ("thresholds.spam.any.hold", "0.95"),
        ("thresholds.spam.fr.hold", "0.95"),
        ("trust_after", "-1"),
    ],
)
def test_what_is_no_policy_is_said_beside_its_field_and_not_saved(
    house: House, ann: Staffer, field: str, value: str
) -> None:
    answer = ann.post(POLICY, {**form_of(ann), field: value, "do": "save"})
    assert answer.status_code == 422
    page = Page(text_of(answer))
    assert page.errors().keys() == {field}
    assert page.values()[field] == value
    assert site_now(house).policy == {}


def test_trying_shows_what_would_change_and_saves_nothing(house: House, ann: Staffer) -> None:
    decided(house, INSULT, Status.APPROVED)
    decided(house, KIND, Status.APPROVED, "account:Aïcha")
    before = len(told(house))
    form = form_of(ann)
    nothing = {name: "" for name in form if name.startswith("thresholds.")}
    answer = ann.post(POLICY, {**form, **nothing, "do": "try"}, headers={"Accept-Language": "en"})
    assert answer.status_code == 200
    shown = text_of(answer)
    assert INSULT in shown
    assert re.search(r"Bruno</th><td>1</td><td>1</td><td[^>]*>0</td>", shown)
    assert "Aïcha</th>" not in shown
    assert site_now(house).policy == {}
    assert len(told(house)) == before


def test_a_script_gets_the_backtest_alone(house: House, ann: Staffer) -> None:
    decided(house, INSULT, Status.APPROVED)
    headers = {"HX-Request": "true", "Accept-Language": "en"}
    form = {**form_of(ann), "do": "try"}
    part = text_of(ann.post(POLICY, form, headers=headers))
    assert "<html" not in part
    assert "What it would have done" in part or "How the policy does" in part
    wrong = ann.post(POLICY, {**form, "thresholds.spam.any.hold": "9"}, headers=headers)
    assert wrong.status_code == 200
    assert "A score is above 0" in text_of(wrong)


def test_a_script_never_saves(house: House, ann: Staffer) -> None:
    form = form_of(ann, thresholds__spam__any__hold="0.2")
    ann.post(POLICY, {**form, "do": "save"}, headers={"HX-Request": "true"})
    assert site_now(house).policy == {}


def test_a_check_is_put_on_trial_by_a_box(house: House, ann: Staffer) -> None:
    form = {**form_of(ann), "log_only": ["spam.links", "spam.phrases"], "do": "save"}
    assert ann.post(POLICY, form).status_code == 303
    assert set(site_now(house).policy["log_only"]) == {"spam.links", "spam.phrases"}
    page = Page(text_of(ann.get(POLICY)))
    checked = [e.attributes["value"] for e in page.all("input") if "checked" in e.attributes]
    assert {"spam.links", "spam.phrases"} <= set(checked)
    assert ann.post(POLICY, {**form, "log_only": ["spam.nothing"]}).status_code == 422


def test_the_policy_as_text_goes_both_ways(house: House, ann: Staffer) -> None:
    text = 'preset = "strict"\ntrust_after = 4\n[thresholds.insult.fr]\nhold = 0.2\n'
    path = f"{POLICY}/text"
    assert ann.post(path, {"text": text, "do": "save"}).status_code == 303
    saved = site_now(house).policy
    assert saved == entries_in(text)
    shown = Page(text_of(ann.get(path))).values()["text"]
    assert entries_in(shown) == saved


def test_a_fault_in_the_text_is_named_with_its_line(house: House, ann: Staffer) -> None:
    path = f"{POLICY}/text"
    for text, line in (
        ("\n\ntrust_afer = 3", 3),
        ("[thresholds.spam]\nhold = 2\n", 2),
        ("a = = 1", 1),
    ):
        answer = ann.post(path, {"text": text, "do": "save"}, headers={"Accept-Language": "en"})
        assert answer.status_code == 422
        page = Page(text_of(answer))
        assert page.errors()["text"].startswith(f"Line {line}: ")
        assert page.values()["text"].strip() == text.strip()
    assert site_now(house).policy == {}


def test_lists_are_saved_one_entry_a_line_and_count_at_once(house: House, ann: Staffer) -> None:
    house.change_site(policy={"trust_after": 3})
    form = {"words.spam": "  promo*\n\npromo*\ncasino\n", "patterns.reject": r"\b\d{9}\b"}
    assert ann.post("/settings/demo/lists", {**form, "do": "save"}).status_code == 303
    assert site_now(house).policy == {
        "trust_after": 3,
        "words": {"spam": ["promo*", "casino"]},
        "patterns": {"reject": [r"\b\d{9}\b"]},
    }
    comment_id = str(house.post_as_server(content="Grande promotion ici").get_json()["id"])
    house.drain()
    assert house.record(comment_id).status == "spam"
    ann.post("/settings/demo/lists", {"do": "save"})
    assert site_now(house).policy == {"trust_after": 3}


@pytest.mark.parametrize(
    ("field", "value", "line"),
    [
        ("patterns.spam", "fine\n(a", 2),
        ("patterns.hold", ".*", 1),
        ("words.reject", "un\n***", 2),
        ("words.hold", "x" * 101, 1),
    ],
)
def test_a_line_that_cannot_be_used_is_named(
    house: House, ann: Staffer, field: str, value: str, line: int
) -> None:
    answer = ann.post(
        "/settings/demo/lists", {field: value, "do": "save"}, headers={"Accept-Language": "fr"}
    )
    assert answer.status_code == 422
    errors = Page(text_of(answer)).errors()
    assert errors.keys() == {field}
    assert errors[field].startswith(f"Ligne {line}")
    assert site_now(house).policy == {}


def test_a_long_list_is_taken_whole(house: House, ann: Staffer) -> None:
    words = [f"mot{'é' * 40}{number}" for number in range(5000)]
    answer = ann.post("/settings/demo/lists", {"words.hold": "\n".join(words), "do": "save"})
    assert answer.status_code == 303
    assert site_now(house).policy["words"]["hold"] == words
    words.append("one too many")
    answer = ann.post("/settings/demo/lists", {"words.hold": "\n".join(words), "do": "save"})
    assert answer.status_code == 422


def test_new_words_are_tried_on_past_comments(house: House, ann: Staffer) -> None:
    decided(house, KIND, Status.APPROVED)
    answer = ann.post(
        "/settings/demo/lists",
        {"words.reject": "clair", "do": "try"},
        headers={"Accept-Language": "en"},
    )
    shown = text_of(answer)
    assert KIND in shown
    assert "This site&#39;s own list refuses it." in shown
    assert site_now(house).policy == {}


def test_a_trial_runs_beside_and_is_made_live(house: House, ann: Staffer) -> None:
    form = form_of(
        ann, thresholds__insult__any__hold="0.01", thresholds__toxicity__any__hold="0.01"
    )
    answer = ann.post(POLICY, {**form, "do": "trial"})
    assert answer.headers["Location"].startswith("/settings/demo/trial")
    site = site_now(house)
    assert site.policy == {}
    assert site.trial_policy is not None
    house.post_as_server(content="Vous êtes un peu lent quand même, non ?")
    house.drain()
    shown = text_of(ann.get("/settings/demo/trial", headers={"Accept-Language": "en"}))
    assert "Vous êtes un peu lent" in shown
    assert re.search(r"agreed on 0 comments and differed on 1\.", shown)
    adopted = ann.post("/settings/demo/trial", {"do": "adopt"})
    assert adopted.status_code == 303
    after = site_now(house)
    assert (after.policy, after.trial_policy) == (site.trial_policy, None)


def test_an_ended_trial_leaves_the_policy_as_it_was(house: House, ann: Staffer) -> None:
    ann.post(POLICY, {**form_of(ann, thresholds__spam__any__hold="0.2"), "do": "trial"})
    ann.post("/settings/demo/trial", {"do": "end"})
    site = site_now(house)
    assert (site.policy, site.trial_policy) == ({}, None)
    assert [each["field"] for each in told(house)] == ["trial_policy", "trial_policy"]


def test_the_backtest_counts_what_moderators_decided_against_both_policies(house: House) -> None:
    decided(house, INSULT, Status.APPROVED, "account:Bruno")
    decided(house, SPAM, Status.SPAM, "account:Aïcha")
    decided(house, KIND, Status.DELETED, "account:Aïcha")
    decided(house, KIND + " Vraiment.", Status.HELD, "account:Aïcha")
    site = site_now(house)
    found = Comparison(site, policy_of({}), policy_of(NO_SCORES), "en").run(
        house.services.store.decided
    )
    assert found.decided == 3
    assert found.present.approved_but_refused == (1, 1)
    assert found.new.approved_but_refused == (0, 1)
    assert found.new.refused_but_published == (1, 1)
    assert found.confusion[Action.SPAM][Action.APPROVE] == 1
    by_name = {each.name: (each.decided, each.present, each.new) for each in found.contradicted}
    assert by_name == {"Bruno": (1, 1, 0), "Aïcha": (2, 0, 1)}
    assert found.workload.total == 3
    assert found.workload.new[Action.APPROVE] == 3
    assert {(one, other) for one, other, _ in found.changes} == {
        (Action.REJECT, Action.APPROVE),
        (Action.SPAM, Action.APPROVE),
    }
    assert found.is_whole


def test_a_backtest_stops_when_its_time_is_over_and_says_so(house: House) -> None:
    decided(house, KIND, Status.APPROVED)
    moments = iter([0.0, *[PATIENCE_S + 1.0] * 9])
    slow = Comparison(site_now(house), policy_of({}), policy_of({}), "en", lambda: next(moments))
    found = slow.run(house.services.store.decided)
    assert not found.is_whole
    assert found.workload.total == 0


@pytest.mark.parametrize(("premoderation", "held"), [("none", 0), ("new", 2), ("all", 4)])
def test_premoderation_counts_by_what_was_known_of_the_author_then(
    house: House, premoderation: str, held: int
) -> None:
    for number in range(4):
        decided(house, f"{KIND} Pour la {number}e fois.", Status.APPROVED)
    new = policy_of({"premoderation": premoderation, "trust_after": 2})
    found = Comparison(site_now(house), policy_of({}), new, "en").run(house.services.store.decided)
    assert found.workload.new[Action.HOLD] == held
    assert found.confusion[Action.APPROVE][Action.HOLD] == held
    assert found.present.held[0] == 0


def test_a_site_without_comments_has_nothing_to_try_on(ann: Staffer) -> None:
    shown = text_of(ann.get(POLICY, headers={"Accept-Language": "en"}))
    assert "nothing to try a policy on" in shown

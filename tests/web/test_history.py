"""The pages of what was done: the log, its file, the figures, the blind second look."""

from __future__ import annotations

import csv
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.store.audit import MOST_LOOKED_AT, AuditFilters, Entry
from service.store.keys import SiteKeys
from service.store.queue.second_looks import MOST_WAITING, Decided, is_chosen
from service.store.staff.accounts import Role
from service.web.history.figures import agreement_of, figures_of, precisions_of
from tests.api.house import House, bearer
from tests.web.staff import Staffer, staffer

EVERY = AuditFilters()


@pytest.fixture
def moderator(house: House) -> Staffer:
    return staffer(house)


def decide_by(house: House, who: Staffer, comment_id: str, action: str) -> None:
    answer = house.client.post(
        "/v1/moderation/decisions",
        json={"id": comment_id, "action": action, "site": "demo"},
        headers=bearer(who.token),
    )
    assert answer.status_code == 200


def test_the_log_tells_who_decided_what_newest_first(house: House, moderator: Staffer) -> None:
    first, second = house.publish(), house.publish(content="Un autre avis, tout aussi calme.")
    decide_by(house, moderator, first, "reject")
    decide_by(house, moderator, second, "spam")
    shown = moderator.get("/moderate/history").get_data(as_text=True)
    assert "account:Aïcha" in shown
    assert shown.index(second) < shown.index(first)


def test_the_log_can_be_filtered_and_the_filters_stay_in_the_form(
    house: House, moderator: Staffer
) -> None:
    first, second = house.publish(), house.publish(content="Un autre avis, tout aussi calme.")
    decide_by(house, moderator, first, "reject")
    decide_by(house, moderator, second, "spam")
    shown = moderator.get(f"/moderate/history?comment={first}&actor=account:Aïcha&kind=decision")
    text = shown.get_data(as_text=True)
    assert first in text
    assert second not in text
    assert 'value="account:Aïcha"' in text


def test_a_wrong_date_is_told_beside_its_field(moderator: Staffer) -> None:
    answer = moderator.get("/moderate/history?since=yesterday", headers={"Accept-Language": "fr"})
    assert answer.status_code == 422
    assert "Une date s’écrit" in answer.get_data(as_text=True)


def test_a_cursor_that_is_not_ours_is_refused(moderator: Staffer) -> None:
    assert moderator.get("/moderate/history?cursor=(1").status_code == 400


def test_the_log_of_another_site_is_not_shown(house: House) -> None:
    house.add_site("other")
    browser = staffer(house, sites=frozenset({"other"}))
    assert browser.get("/moderate/history?site=demo").status_code == 404


def test_ops_do_not_read_the_log(house: House) -> None:
    assert staffer(house, "Olga", Role.OPS).get("/moderate/history").status_code == 403


def test_a_long_log_is_read_in_bounded_steps_and_none_is_missed(house: House) -> None:
    redis, key = house.services.store.client, SiteKeys("demo").audit
    pipe = redis.pipeline(transaction=False)
    for number in range(MOST_LOOKED_AT + 700):
        pipe.xadd(key, {"kind": "rare" if number % 1000 == 0 else "often", "number": number})
    pipe.execute()
    audit = house.services.store.audit
    leaves, cursor = [], ""
    while True:
        leaf = audit.find("demo", AuditFilters(kind="rare"), 50, cursor)
        leaves.append([entry.details["number"] for entry in leaf.entries])
        cursor = leaf.cursor
        if not cursor:
            break
    assert len(leaves) > 1
    assert [number for leaf in leaves for number in leaf] == ["2000", "1000", "0"]
    assert len(list(audit.every("demo", EVERY, 10_000))) == MOST_LOOKED_AT + 700


def test_the_file_holds_the_same_entries_and_makes_formulas_harmless(
    house: House, moderator: Staffer
) -> None:
    house.services.store.audit.note("demo", "settings", "=HYPERLINK()", field="x")
    answer = moderator.get("/moderate/history.csv")
    assert answer.mimetype == "text/csv"
    rows = list(csv.DictReader(io.StringIO(answer.get_data(as_text=True))))
    assert rows[0]["actor"] == "'=HYPERLINK()"
    assert rows[0]["kind"] == "settings"


def test_taking_the_file_is_itself_in_the_log(house: House, moderator: Staffer) -> None:
    moderator.get("/moderate/history.csv").get_data()
    leaf = house.services.store.audit.find("demo", AuditFilters(kind="export"), 5)
    assert [entry.actor for entry in leaf.entries] == ["account:Aïcha"]


def decision(at_s: float, actor: str, comment: str, target: str, kind: str = "decision") -> Entry:
    return Entry(f"{int(at_s * 1000)}-0", kind, actor, comment, {"to": target})


def test_a_decision_changed_by_somebody_else_counts_as_overturned() -> None:
    (a, b) = figures_of(
        [
            decision(10, "a", "1", "approved"),
            decision(14, "a", "2", "rejected"),
            decision(18, "b", "1", "spam"),
        ]
    )
    assert (a.decided, a.overturned, a.overturn_rate, a.median_s) == (2, 1, 0.5, 4.0)
    assert (b.decided, b.overturned, b.median_s) == (1, 0, None)


def test_spam_made_rejected_is_no_reversal() -> None:
    (a, _) = figures_of([decision(1, "a", "1", "spam"), decision(2, "b", "1", "rejected")])
    assert a.overturned == 0


def test_an_undo_counts_against_who_decided() -> None:
    (a,) = figures_of([decision(1, "a", "1", "approved"), decision(2, "b", "1", "held", "undo")])
    assert a.overturned == 1


def test_a_long_pause_is_not_the_time_of_a_decision() -> None:
    (a,) = figures_of([decision(t, "a", str(t), "approved") for t in (0, 2, 4, 5000, 5003)])
    assert a.median_s == 2.0


def test_kappa_is_one_for_agreement_and_zero_for_chance() -> None:
    assert agreement_of([(True, True), (False, False)]).kappa == 1.0
    assert agreement_of([(True, True), (True, False), (False, True), (False, False)]).kappa == 0.0
    assert agreement_of([(True, True)]).kappa is None


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1))
def test_kappa_never_exceeds_one_and_takes_no_order(pairs: list[tuple[bool, bool]]) -> None:
    found = agreement_of(pairs)
    swapped = agreement_of([(second, first) for first, second in pairs])
    assert found.kappa is None or found.kappa <= 1
    assert found.kappa == pytest.approx(swapped.kappa) if found.kappa is not None else True


def test_a_check_is_worth_the_share_refused_of_what_it_spoke_against() -> None:
    found = precisions_of(
        [(frozenset({"links"}), True), (frozenset({"links", "tone"}), False), (frozenset(), True)]
    )
    assert [(each.check, each.spoke, each.share) for each in found] == [
        ("links", 2, 0.5),
        ("tone", 1, 0.0),
    ]


def test_a_moderator_sees_her_own_figures_only(house: House, moderator: Staffer) -> None:
    bruno = staffer(house, "Bruno")
    decide_by(house, bruno, house.publish(), "reject")
    assert "account:Bruno" not in moderator.get("/moderate/figures").get_data(as_text=True)
    head = staffer(house, "Chef", Role.ADMINISTRATOR)
    assert "account:Bruno" in head.get("/moderate/figures").get_data(as_text=True)


def test_the_sample_has_about_the_share_asked_for_and_is_the_same_each_time() -> None:
    chosen = [number for number in range(5000) if is_chosen(str(number), 0.1)]
    assert 400 < len(chosen) < 600
    assert chosen == [number for number in range(5000) if is_chosen(str(number), 0.1)]


def add_to_sample(house: House, comment_id: str, actor: str = "account:Bruno") -> None:
    looks = house.services.store.second_looks
    looks.add("demo", [Decided(comment_id, actor, is_published=True)], 1.0, 1_700_000_000_000)


def test_the_second_look_shows_neither_verdict_nor_decision(
    house: House, moderator: Staffer
) -> None:
    comment_id = house.publish(content="Un avis à relire.")
    add_to_sample(house, comment_id)
    shown = moderator.get("/moderate/second-look").get_data(as_text=True)
    main = shown[shown.index("<main") :]
    assert "Un avis à relire." in main
    assert "Bruno" not in main
    assert not re.search(r"approved|publi[ée]\b|score", main)


def test_nobody_looks_again_at_their_own_decision(house: House, moderator: Staffer) -> None:
    comment_id = house.publish()
    add_to_sample(house, comment_id, "account:Aïcha")
    assert comment_id not in moderator.get("/moderate/second-look").get_data(as_text=True)
    moderator.post("/moderate/second-look", {"id": comment_id, "answer": "publish"})
    assert house.services.store.second_looks.answers("demo") == []


def test_a_second_answer_is_kept_once_and_changes_nothing(house: House, moderator: Staffer) -> None:
    comment_id = house.publish()
    add_to_sample(house, comment_id)
    before = house.record(comment_id)
    for _ in range(2):
        moderator.post("/moderate/second-look", {"id": comment_id, "answer": "refuse"})
    (look,) = house.services.store.second_looks.answers("demo")
    assert (look.first, look.second) == ("account:Bruno", "account:Aïcha")
    assert (look.first_publishes, look.second_publishes) == (True, False)
    assert house.record(comment_id) == before


def test_the_sample_is_bounded(house: House) -> None:
    looks = house.services.store.second_looks
    for start in range(0, MOST_WAITING + 40, 20):
        decided = [Decided(f"c{start + n}", "account:Bruno", is_published=True) for n in range(20)]
        looks.add("demo", decided, 1.0, 1_700_000_000_000 + start)
    assert looks.waiting("demo") == MOST_WAITING
    assert house.services.store.client.hlen(SiteKeys("demo").second_firsts) == MOST_WAITING


def test_the_share_of_decisions_that_a_site_asks_for_comes_into_the_sample(
    house: House, moderator: Staffer
) -> None:
    house.change_site(second_look=1.0)
    first, second = house.publish(), house.publish(content="Un autre avis, tout aussi calme.")
    decide_by(house, moderator, first, "reject")
    decide_by(house, moderator, second, "hold")
    bruno = staffer(house, "Bruno")
    assert first in bruno.get("/moderate/second-look").get_data(as_text=True)
    assert house.services.store.second_looks.waiting("demo") == 1


def test_a_comment_whose_words_are_gone_leaves_the_sample(house: House, moderator: Staffer) -> None:
    gone, kept = house.publish(), house.publish(content="Un autre avis, tout aussi calme.")
    add_to_sample(house, gone)
    add_to_sample(house, kept)
    comments = house.services.store.comments
    comments.withdraw(house.record(gone), 0)
    assert kept in moderator.get("/moderate/second-look").get_data(as_text=True)
    assert house.services.store.second_looks.waiting("demo") == 1

"""Operators' routes: what is owed by whom, and dead letters."""

from __future__ import annotations

from typing import Any

import pytest

from service.store.audit import AuditFilters
from service.store.sites import Scope
from tests.api.house import (
    INSULT,
    NAMELESS_ID,
    PAGE,
    House,
    assert_problem,
    bearer,
    errors_of,
    json_of,
)

DISCARD = "/v1/ops/dead-letters/discard"
SUMMARY, DEAD, RETRY = "/v1/ops/summary", "/v1/ops/dead-letters", "/v1/ops/dead-letters/retry"


def summary(house: House) -> dict[str, Any]:
    answer = house.client.get(SUMMARY, headers=bearer(house.key(Scope.OPS)))
    assert answer.status_code == 200
    return json_of(answer)


def retry(house: House, *ids: str) -> dict[str, Any]:
    headers = bearer(house.key(Scope.OPS))
    return json_of(house.client.post(RETRY, json={"ids": ids}, headers=headers))


def test_a_quiet_site_owes_nothing(house: House) -> None:
    found = summary(house)
    assert found["site"] == "demo"
    owed = ("inbox", "held", "unscreened", "dead_letters", "rejected")
    assert {name: found[name] for name in owed} == dict.fromkeys(owed, 0)
    assert found["inbox_oldest"] is None


def test_a_comment_no_check_has_seen_counts_as_inbox_only(house: House) -> None:
    house.post()
    found = summary(house)
    assert found["inbox"] == 1
    assert found["inbox_oldest"]
    assert found["held"] == found["unscreened"] == found["dead_letters"] == found["rejected"] == 0


def test_a_held_comment_is_work_for_a_moderator_alone(house: House) -> None:
    house.change_site(policy={"premoderation": "all"})
    house.post()
    house.drain()
    found = summary(house)
    assert (found["held"], found["unscreened"], found["dead_letters"], found["rejected"]) == (
        1, 0, 0, 0,
    )  # fmt: skip


def test_a_rejected_comment_was_looked_at(house: House) -> None:
    comment_id = house.publish(content=INSULT)
    house.decide(house.key(Scope.MODERATE), id=comment_id, action="reject")
    found = summary(house)
    assert (found["held"], found["unscreened"], found["dead_letters"], found["rejected"]) == (
        0, 0, 0, 1,
    )  # fmt: skip


def test_a_comment_nobody_could_judge_is_unscreened_and_never_published(house: House) -> None:
    comment_id = house.set_aside()
    found = summary(house)
    assert (found["held"], found["unscreened"], found["dead_letters"], found["rejected"]) == (
        1, 1, 1, 0,
    )  # fmt: skip
    assert house.thread(PAGE)["comments"] == []
    assert house.record(comment_id).status == "held"


def test_what_a_moderator_decides_is_no_longer_unscreened(house: House) -> None:
    comment_id = house.set_aside()
    house.decide(house.key(Scope.MODERATE), id=comment_id, action="approve")
    found = summary(house)
    assert (found["held"], found["unscreened"], found["dead_letters"]) == (0, 0, 0)
    assert retry(house, comment_id)["retried"] == []
    assert house.record(comment_id).status == "approved"


def test_dead_letters_are_listed_with_why_and_when(house: House) -> None:
    comment_id = house.set_aside()
    answer = house.client.get(DEAD, headers=bearer(house.key(Scope.OPS)))
    (letter,) = json_of(answer)["dead_letters"]
    assert (letter["id"], letter["attempts"]) == (comment_id, 3)
    assert letter["at"] == "2023-11-14T22:13:20Z"
    assert letter["error"]


def test_dead_letters_come_in_pages_oldest_first(house: House) -> None:
    ids = [house.set_aside() for _ in range(3)]
    headers, cursor, pages = bearer(house.key(Scope.OPS)), "", []
    while True:
        query = {"limit": 2, "cursor": cursor}
        page = json_of(house.client.get(DEAD, query_string=query, headers=headers))
        assert page["total"] == 3
        pages.append([letter["id"] for letter in page["dead_letters"]])
        cursor = page["cursor"]
        if not cursor:
            break
    assert [len(page) for page in pages] == [2, 1]
    assert sorted(ids) == sorted(pages[0] + pages[1])
    answer = house.client.get(DEAD, query_string={"cursor": "x"}, headers=headers)
    assert_problem(answer, 400, "cursor-invalid")


def test_a_dead_letter_that_is_tried_again_goes_its_way(house: House) -> None:
    comment_id = house.set_aside()
    assert retry(house, comment_id) == {"retried": [comment_id], "not_found": [], "left": 0}
    assert summary(house)["dead_letters"] == 0
    assert house.record(comment_id).status == "received"
    house.drain()
    assert house.record(comment_id).status == "approved"
    assert summary(house)["unscreened"] == 0


def test_what_is_no_dead_letter_is_not_tried_again(house: House) -> None:
    published = house.publish()
    assert retry(house, published, NAMELESS_ID) == {
        "retried": [],
        "not_found": [published, NAMELESS_ID],
        "left": 0,
    }
    assert house.record(published).status == "approved"


def test_trying_again_twice_is_trying_once(house: House) -> None:
    comment_id = house.set_aside()
    assert retry(house, comment_id, comment_id)["retried"] == [comment_id]
    assert retry(house, comment_id)["retried"] == []


def test_all_dead_letters_are_tried_again_at_once(house: House) -> None:
    comment_id = house.set_aside()
    headers = bearer(house.key(Scope.OPS))
    answer = house.client.post(RETRY, json={"all": True}, headers=headers)
    assert json_of(answer) == {"retried": [comment_id], "not_found": [], "left": 0}
    assert errors_of(house.client.post(RETRY, json={}, headers=headers)).keys() == {"ids"}
    both = {"all": True, "ids": [comment_id]}
    assert errors_of(house.client.post(RETRY, json=both, headers=headers)).keys() == {"ids"}


def test_a_discarded_dead_letter_stays_with_the_moderators(house: House) -> None:
    comment_id = house.set_aside()
    headers = bearer(house.key(Scope.OPS))
    body = {"ids": [comment_id, NAMELESS_ID]}
    answer = house.client.post(DISCARD, json=body, headers=headers)
    assert json_of(answer) == {"done": [comment_id], "not_found": [NAMELESS_ID], "left": 0}
    found = summary(house)
    assert (found["dead_letters"], found["held"], found["unscreened"]) == (0, 1, 1)
    assert house.record(comment_id).status == "held"
    entries = house.services.store.audit.find("demo", AuditFilters(comment_id=comment_id), 10)
    assert "dead-letter-discarded" in [entry.kind for entry in entries.entries]
    again = house.client.post(DISCARD, json=body, headers=headers)
    assert json_of(again) == {"done": [], "not_found": body["ids"], "left": 0}
    everything = house.client.post(DISCARD, json={"all": True}, headers=headers)
    assert json_of(everything) == {"done": [], "not_found": [], "left": 0}


def test_500_may_be_tried_at_once_and_no_more(house: House) -> None:
    headers = bearer(house.key(Scope.OPS))
    ids = [f"01JZ8Q6Q3D5W8W1XK2T9F{number:05d}" for number in range(501)]
    assert house.client.post(RETRY, json={"ids": ids[:500]}, headers=headers).status_code == 200
    assert list(errors_of(house.client.post(RETRY, json={"ids": ids}, headers=headers))) == ["ids"]


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", SUMMARY), ("GET", DEAD), ("POST", RETRY), ("POST", DISCARD)],
)
def test_operations_are_for_operators(house: House, method: str, path: str) -> None:
    body = {"ids": [NAMELESS_ID]} if method == "POST" else None
    assert_problem(house.client.open(path, method=method, json=body), 401, "unauthorised")
    for scope in (Scope.SUBMIT, Scope.MODERATE):
        answer = house.client.open(path, method=method, json=body, headers=bearer(house.key(scope)))
        assert assert_problem(answer, 403, "scope-missing")["needed_scope"] == "ops"

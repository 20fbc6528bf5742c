"""Moderators' routes: the queue, decisions alone and in bulk, who and when."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from service.store.sites import Scope
from service.store.staff.accounts import Role
from tests.api.house import (
    INSULT,
    NAMELESS_ID,
    SPAM,
    House,
    assert_problem,
    bearer,
    errors_of,
    json_of,
)

QUEUE, DECISIONS = "/v1/moderation/queue", "/v1/moderation/decisions"
STATUS_OF = {
    "approve": "approved", "hold": "held", "reject": "rejected", "spam": "spam",
    "delete": "deleted",
}  # fmt: skip


def held(house: House, count: int = 1, **more: Any) -> list[str]:
    """Post comments that are held, a second apart; return their ids, oldest first."""
    house.change_site(policy={"premoderation": "all"}, limits={})
    key = house.key(Scope.SUBMIT)
    ids = [
        str(json_of(house.post_as_server(
            key, content=f"Avis numéro {n} sur la question.", email=f"r{n}@example.org",
            submitted_at=1_700_000_000 + n, **more,
        ))["id"])
        for n in range(count)
    ]  # fmt: skip
    house.drain()
    return ids


def queue(house: House, key: str = "", **query: Any) -> dict[str, Any]:
    answer = house.client.get(
        QUEUE, query_string=query, headers=bearer(key or house.key(Scope.MODERATE))
    )
    assert answer.status_code == 200, answer.json
    return json_of(answer)


def ids_in(listing: dict[str, Any]) -> list[str]:
    return [comment["id"] for comment in listing["comments"]]


def test_held_comments_wait_in_the_queue_oldest_first_with_reasons(house: House) -> None:
    ids = held(house, 3)
    found = queue(house)
    assert ids_in(found) == ids
    assert (found["total"], found["unscreened_total"], found["next"]) == (3, 0, None)
    first = found["comments"][0]
    assert first["reasons"]
    assert first["rule"] == "premoderation.all"
    assert first["status"] == "held"
    assert first["version"] >= 1
    assert first["decision"] is None


def test_the_queue_shows_signals_with_their_evidence(house: House) -> None:
    house.post(content=SPAM)
    house.drain()
    (comment,) = queue(house, status="spam")["comments"]
    assert comment["scores"]["spam"] > 0.5
    assert comment["signals"]
    for signal in comment["signals"]:
        assert {"check", "attribute", "score", "weight", "evidence"} <= signal.keys()
    assert any(e["spans"] for signal in comment["signals"] for e in signal["evidence"])


def test_the_queue_is_walked_by_cursor_in_both_orders(house: House) -> None:
    ids = held(house, 7)
    for order, expected in (("oldest", ids), ("newest", ids[::-1])):
        seen: list[str] = []
        cursor = ""
        for _ in range(3):
            found = queue(house, order=order, limit=3, cursor=cursor)
            seen += ids_in(found)
            cursor = found["next"] or ""
        assert seen == expected
        assert not cursor


@pytest.mark.parametrize("action", STATUS_OF)
def test_a_decision_moves_a_comment_to_its_status_and_out_of_the_queue(
    house: House, action: str
) -> None:
    (comment_id,) = held(house)
    answer = house.decide(house.key(Scope.MODERATE), id=comment_id, action=action)
    assert answer.status_code == 200
    (result,) = json_of(answer)["results"]
    assert (result["outcome"], result["status"]) == ("done", STATUS_OF[action])
    assert ids_in(queue(house, status=STATUS_OF[action])) == [comment_id]
    assert ids_in(queue(house)) == ([comment_id] if action == "hold" else [])


def test_any_status_may_follow_any_other(house: House) -> None:
    (comment_id,) = held(house)
    key = house.key(Scope.MODERATE)
    for first in STATUS_OF:
        for second in STATUS_OF:
            for action in (first, second):
                assert house.decide(key, id=comment_id, action=action).status_code == 200
            assert house.record(comment_id).status == STATUS_OF[second]
            assert house.thread()["count"] == (second == "approve")


def test_who_decided_when_and_why_is_recorded(house: House) -> None:
    (comment_id,) = held(house)
    clock = house.stop_the_clock()
    token = house.session("komla", Role.MODERATOR)
    house.decide(token, id=comment_id, action="reject", reason="Hors sujet.", site="demo")
    (comment,) = queue(house, status="rejected")["comments"]
    decision = comment["decision"]
    assert decision["actor"] == "account:komla"
    assert decision["reason"] == "Hors sujet."
    assert (decision["from"], decision["to"]) == ("held", "rejected")
    recorded = house.record(comment_id).decision
    assert recorded is not None
    assert recorded.at_ms == int(clock.now * 1000)


def test_a_key_is_an_actor_too(house: House) -> None:
    (comment_id,) = held(house)
    key = house.key(Scope.MODERATE)
    house.decide(key, id=comment_id, action="approve")
    recorded = house.record(comment_id).decision
    assert recorded is not None
    assert recorded.actor == f"key:{key.split('_')[2]}"


def test_every_decision_goes_into_the_audit_log(house: House) -> None:
    ids = held(house, 2)
    key = house.key(Scope.MODERATE)
    client: Any = house.services.store.client
    until_now = client.xlen("ecluse:{demo}:audit")
    house.decide(key, ids=ids, action="spam", reason="pub")
    house.decide(key, id=ids[0], action="approve")
    entries = [fields for _, fields in client.xrange("ecluse:{demo}:audit")][until_now:]
    assert [entry[b"comment"].decode() for entry in entries] == [*ids, ids[0]]
    assert [orjson.loads(e[b"decision"])["to"] for e in entries] == ["spam", "spam", "approved"]


def test_many_are_decided_at_once(house: House) -> None:
    ids = held(house, 5)
    answer = house.decide(house.key(Scope.MODERATE), ids=[*ids, ids[0]], action="approve")
    body = json_of(answer)
    assert body["done"] == 5
    assert [result["id"] for result in body["results"]] == ids
    assert house.thread()["count"] == 5


def test_in_bulk_each_comment_has_its_own_outcome(house: House) -> None:
    (settled,) = held(house)
    waiting = json_of(house.post())["id"]
    withdrawn = json_of(house.post())
    house.client.delete(withdrawn["links"]["self"], headers={"Edit-Token": withdrawn["edit_token"]})
    answer = house.decide(
        house.key(Scope.MODERATE),
        ids=[settled, waiting, withdrawn["id"], NAMELESS_ID],
        action="approve",
    )
    assert answer.status_code == 200
    assert {r["id"]: r["outcome"] for r in json_of(answer)["results"]} == {
        settled: "done",
        waiting: "unsettled",
        withdrawn["id"]: "withdrawn",
        NAMELESS_ID: "unknown",
    }


def test_alone_the_outcome_is_the_answer(house: House) -> None:
    key = house.key(Scope.MODERATE)
    waiting = json_of(house.post())["id"]
    assert_problem(house.decide(key, id=waiting, action="approve"), 409, "unsettled")
    assert_problem(house.decide(key, id=NAMELESS_ID, action="approve"), 404, "comment-unknown")


def test_of_two_moderators_the_second_is_told(house: House) -> None:
    (comment_id,) = held(house)
    key = house.key(Scope.MODERATE)
    version = queue(house)["comments"][0]["version"]
    first = house.decide(key, id=comment_id, action="approve", version=version)
    assert first.status_code == 200
    second = house.decide(key, id=comment_id, action="reject", version=version)
    assert_problem(second, 409, "stale")
    assert house.record(comment_id).status == "approved"
    new = json_of(first)["results"][0]["version"]
    third = house.decide(key, id=comment_id, action="reject", version=new)
    assert third.status_code == 200


def ulids(count: int) -> list[str]:
    return [f"01JZ8Q6Q3D5W8W1XK2T9F{number:05d}" for number in range(count)]


def test_500_at_once_and_not_one_more(house: House) -> None:
    key = house.key(Scope.MODERATE)
    answer = house.decide(key, ids=ulids(500), action="approve")
    assert answer.status_code == 200
    assert len(json_of(answer)["results"]) == 500
    assert list(errors_of(house.decide(key, ids=ulids(501), action="approve"))) == ["ids"]
    assert list(errors_of(house.decide(key, ids=[], action="approve"))) == ["ids"]


def test_a_bulk_of_500_comments_is_decided(house: House) -> None:
    ids = held(house, 500)
    answer = house.decide(house.key(Scope.MODERATE), ids=ids, action="spam")
    assert json_of(answer)["done"] == 500
    assert queue(house)["total"] == 0


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({"action": "approve"}, {"id"}),
        ({"id": NAMELESS_ID, "ids": [NAMELESS_ID], "action": "approve"}, {"id"}),
        ({"ids": [NAMELESS_ID], "action": "approve", "version": 1}, {"version"}),
        ({"id": "1", "action": "explode"}, {"id", "action"}),
        ({"id": NAMELESS_ID}, {"action"}),
        ({"ids": [NAMELESS_ID, "x", 5], "action": "approve"}, {"ids.1", "ids.2"}),
        ({"id": NAMELESS_ID, "action": "approve", "reason": "x" * 1001}, {"reason"}),
        ({"id": NAMELESS_ID, "action": "approve", "reason": "a\x00b"}, {"reason"}),
        ({"id": NAMELESS_ID, "action": "approve", "colour": "red"}, {"colour"}),
    ],
)
def test_a_decision_that_makes_no_sense_is_told_why(
    house: House, body: dict[str, Any], wrong: set[str]
) -> None:
    assert set(errors_of(house.decide(house.key(Scope.MODERATE), **body))) == wrong


def test_unscreened_comments_can_be_listed_alone(house: House) -> None:
    seen = held(house)
    unscreened = house.set_aside()
    found = queue(house, unscreened="true")
    assert ids_in(found) == [unscreened]
    assert found["unscreened_total"] == 1
    assert found["comments"][0]["unscreened"] == ["worker"]
    assert set(ids_in(queue(house))) == {*seen, unscreened}


@pytest.mark.parametrize("path", [QUEUE, f"{QUEUE}?site=demo"])
def test_the_queue_is_for_those_who_may_moderate(house: House, path: str) -> None:
    assert_problem(house.client.get(path), 401, "unauthorised")
    for scope in (Scope.SUBMIT, Scope.OPS):
        answer = house.client.get(path, headers=bearer(house.key(scope)))
        assert assert_problem(answer, 403, "scope-missing")["needed_scope"] == "moderate"


def test_a_decision_needs_the_scope(house: House) -> None:
    (comment_id,) = held(house)
    for key, status in (("", 401), ("ek_demo_0_0", 401), (house.key(Scope.SUBMIT), 403)):
        assert house.decide(key, id=comment_id, action="approve").status_code == status
    assert house.record(comment_id).status == "held"


def test_a_sites_key_moderates_no_other_site(house: House) -> None:
    (comment_id,) = held(house)
    house.add_site("other")
    key = house.key(Scope.MODERATE, site="other")
    answer = house.decide(key, id=comment_id, action="approve", site="demo")
    assert_problem(answer, 403, "wrong-site")
    assert_problem(house.decide(key, id=comment_id, action="approve"), 404, "comment-unknown")
    assert queue(house, key)["comments"] == []


@pytest.mark.parametrize(
    ("role", "moderates", "operates"),
    [(Role.ADMINISTRATOR, 200, 200), (Role.MODERATOR, 200, 403), (Role.OPS, 403, 200)],
)
def test_a_role_opens_its_own_routes(
    house: House, role: Role, moderates: int, operates: int
) -> None:
    token = house.session("somebody", role)
    assert house.client.get(QUEUE, headers=bearer(token)).status_code == moderates
    assert house.client.get("/v1/ops/summary", headers=bearer(token)).status_code == operates


def test_an_account_works_on_its_own_sites_only(house: House) -> None:
    house.add_site("other")
    house.add_site("third")
    token = house.session("komla", Role.MODERATOR, frozenset({"demo", "other"}))
    headers = bearer(token)
    assert_problem(house.client.get(QUEUE, headers=headers), 400, "site-needed")
    assert house.client.get(f"{QUEUE}?site=other", headers=headers).status_code == 200
    for site in ("third", "nowhere"):
        answer = house.client.get(f"{QUEUE}?site={site}", headers=headers)
        assert_problem(answer, 404, "site-unknown")


def test_an_insult_waits_with_what_was_found_in_it(house: House) -> None:
    house.post(content=INSULT)
    house.drain()
    listings = [queue(house, status=status) for status in ("held", "rejected")]
    (comment,) = [comment for listing in listings for comment in listing["comments"]]
    assert comment["reasons"]
    assert set(comment["scores"]) & {"toxicity", "insult"}


def test_filters_are_combined_and_the_answer_says_what_it_knows(house: House) -> None:
    ids = held(house, 4)
    house.post_as_server(
        house.key(Scope.SUBMIT), content="Voir https://un.example/ ici", author="Zoé",
        page="https://site.test/b", submitted_at=1_700_000_009,
    )  # fmt: skip
    house.drain()
    (linked,) = queue(house, has_link="true")["comments"]
    assert linked["author_key"]
    alone = [linked["id"]]
    for query in (
        {"page": "https://site.test/b"}, {"words": "ZOE voir"}, {"author": linked["author_key"]},
        {"after": "2023-11-14T22:13:29Z"}, {"words": "b", "has_link": "1", "page": "x"},
    ):  # fmt: skip
        found = queue(house, **query)
        assert ids_in(found) == ([] if query.get("page") == "x" else alone)
        assert (found["total"], found["is_total_exact"]) == (len(found["comments"]), True)
    assert ids_in(queue(house, before="2023-11-14T22:13:21Z")) == ids[:1]
    assert ids_in(queue(house, words="avis numéro", order="newest")) == ids[::-1]
    assert ids_in(queue(house, reported="true")) == []
    assert ids_in(queue(house, language="fr")) + ids_in(queue(house, language="en")) != []


def test_the_most_severe_and_those_of_busy_pages_may_come_first(house: House) -> None:
    quiet = held(house, 2)
    house.change_site(policy={}, limits={})
    house.publish(page="https://site.test/busy")
    refused = str(json_of(house.post(content=INSULT, page="https://site.test/busy"))["id"])
    house.drain()
    house.decide(house.key(Scope.MODERATE), id=refused, action="hold")
    by_reach, by_severity = queue(house, order="reach"), queue(house, order="severity")
    severe = [max(c["scores"].values(), default=0) for c in by_severity["comments"]]
    assert severe == sorted(severe, reverse=True)
    assert by_reach["comments"][0]["page"] == "https://site.test/busy"
    assert ids_in(by_reach)[1:] == quiet
    assert severe[0] > severe[1]
    bounded = queue(house, least=severe[0], order="severity")
    assert ids_in(bounded) == ids_in(by_severity)[:1]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"attribute": "rudeness"}, "attribute"), ({"least": "1.5"}, "least"),
        ({"most": "nan"}, "most"), ({"least": "0.6", "most": "0.5"}, "least"),
        ({"language": "French"}, "language"), ({"order": "loudest"}, "order"),
        ({"order": "reach", "status": "spam"}, "order"), ({"after": "yesterday"}, "after"),
        ({"words": "x" * 201}, "words"), ({"author": "x" * 101}, "author"),
        ({"has_link": "perhaps"}, "has_link"), ({"colour": "red"}, "colour"),
    ],
)  # fmt: skip
def test_a_filter_that_cannot_be_is_refused_by_name(
    house: House, query: dict[str, str], field: str
) -> None:
    answer = house.client.get(QUEUE, query_string=query, headers=bearer(house.key(Scope.MODERATE)))
    assert_problem(answer, 422, "validation")
    assert list(errors_of(answer)) == [field]


def test_a_cursor_of_another_order_is_refused(house: House) -> None:
    held(house, 3)
    cursor = queue(house, limit=1)["next"]
    answer = house.client.get(
        QUEUE, query_string={"order": "severity", "cursor": cursor},
        headers=bearer(house.key(Scope.MODERATE)),
    )  # fmt: skip
    assert_problem(answer, 400, "cursor-invalid")

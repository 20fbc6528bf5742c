"""Readers' reports over the API: who may send them, what they are answered, who sees them."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from werkzeug.test import TestResponse

from service.moderation.verdict import Status
from service.store.sites import Scope
from service.store.staff.accounts import Role
from tests.api.house import (
    INSULT,
    NAMELESS_ID,
    ORIGIN,
    House,
    assert_problem,
    bearer,
    errors_of,
    json_of,
)

NOTE = "Regardez la dernière phrase."


def report(
    house: House,
    comment_id: str,
    address: str = "198.51.100.1",
    origin: str = ORIGIN,
    **fields: Any,
) -> TestResponse:
    """Report a comment as a reader's browser does."""
    return house.client.post(
        f"/v1/sites/demo/comments/{comment_id}/reports",
        json={"reason": "insult", **fields},
        headers={"Origin": origin},
        environ_base={"REMOTE_ADDR": address},
    )


def report_as_server(house: House, comment_id: str, **fields: Any) -> TestResponse:
    return house.client.post(
        f"/v1/sites/demo/comments/{comment_id}/reports",
        json={"reason": "insult", **fields},
        headers=bearer(house.key(Scope.SUBMIT)),
    )


def held_by_readers(house: House) -> str:
    comment_id = house.publish()
    for number in range(3):
        assert report(house, comment_id, f"198.51.100.{number}", note=NOTE).status_code == 201
    assert house.record(comment_id).status is Status.HELD
    return comment_id


def test_a_reader_s_report_is_taken_once(house: House) -> None:
    comment_id = house.publish()
    first, again = report(house, comment_id), report(house, comment_id, reason="spam")
    assert (first.status_code, again.status_code) == (201, 200)
    assert (json_of(first)["is_known"], json_of(again)["is_known"]) == (False, True)
    assert json_of(first)["message"] != json_of(again)["message"]
    assert house.record(comment_id).voices.reported.total == 1


def test_enough_readers_take_a_comment_out_of_the_thread_and_into_the_queue(house: House) -> None:
    comment_id = held_by_readers(house)
    assert house.thread()["count"] == 0
    key = house.key(Scope.MODERATE)
    queue = json_of(house.client.get("/v1/moderation/queue?lang=en", headers=bearer(key)))
    (shown,) = queue["comments"]
    assert (shown["id"], shown["rule"]) == (comment_id, "reported")
    assert shown["reports"] == {"total": 3, "open": {"insult": 3}, "open_weight": 3.0}
    assert shown["reasons"][:2] == [
        "Readers reported it after it was published.",
        "Reported as insulting: 3.",
    ]


def test_the_answer_never_tells_that_a_report_took_the_comment_away(house: House) -> None:
    comment_id = house.publish()
    answers = [
        {**json_of(report(house, comment_id, f"198.51.100.{number}"))} for number in range(3)
    ]
    assert answers[0] == answers[1] == answers[2]
    assert_problem(report(house, comment_id, "198.51.100.9"), 404, "comment-unknown")


@pytest.mark.parametrize("value", [0, 2])
def test_a_site_sets_how_much_reports_must_weigh(house: House, value: float) -> None:
    house.change_site(policy={"reports": {"hold_at": value}})
    comment_id = house.publish()
    for number in range(4):
        report(house, comment_id, f"198.51.100.{number}")
    expected = Status.HELD if value else Status.APPROVED
    assert house.record(comment_id).status is expected


def test_a_server_names_its_reader(house: House) -> None:
    comment_id = house.publish()
    assert report_as_server(house, comment_id, reporter_id="reader-1").status_code == 201
    assert report_as_server(house, comment_id, reporter_id="reader-1").status_code == 200
    assert report_as_server(house, comment_id, ip="203.0.113.9").status_code == 201
    assert "reporter_id" in errors_of(report_as_server(house, comment_id))


def test_who_may_post_comments_may_report_and_nobody_else(house: House) -> None:
    comment_id = house.publish()
    path = f"/v1/sites/demo/comments/{comment_id}/reports"
    body = {"reason": "spam"}
    assert_problem(house.client.post(path, json=body), 401, "unauthorised")
    assert_problem(report(house, comment_id, origin="http://evil.test"), 403, "origin-not-allowed")
    wrong = house.key(Scope.OPS)
    assert_problem(house.client.post(path, json=body, headers=bearer(wrong)), 403, "scope-missing")


@pytest.mark.parametrize("comment_id", [NAMELESS_ID, "x", "../../etc"])
def test_what_does_not_exist_cannot_be_reported(house: House, comment_id: str) -> None:
    assert report(house, comment_id).status_code == 404


def test_a_comment_of_another_site_cannot_be_reported_here(house: House) -> None:
    house.add_site("other", origins=(ORIGIN,))
    comment_id = house.publish()
    answer = house.client.post(
        f"/v1/sites/other/comments/{comment_id}/reports",
        json={"reason": "spam"},
        headers={"Origin": ORIGIN},
    )
    assert_problem(answer, 404, "comment-unknown")


def test_a_held_or_refused_comment_looks_like_none(house: House) -> None:
    comment_id = str(json_of(house.post_as_server(content=INSULT))["id"])
    house.drain()
    assert house.record(comment_id).status is not Status.APPROVED
    assert_problem(report(house, comment_id), 404, "comment-unknown")


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"reason": "dislike"}, "reason"),
        ({"reason": None}, "reason"),
        ({"reason": ["spam"]}, "reason"),
        ({"note": "x" * 501}, "note"),
        ({"note": "\u202eabc"}, "note"),
        ({"note": "a\x00b"}, "note"),
        ({"note": 7}, "note"),
        ({"ip": "203.0.113.9"}, "ip"),
        ({"reporter_id": "somebody else"}, "reporter_id"),
        ({"weight": 2}, "weight"),
    ],
)
def test_hostile_fields_are_refused_by_name(
    house: House, fields: dict[str, Any], wrong: str
) -> None:
    comment_id = house.publish()
    assert wrong in errors_of(report(house, comment_id, **fields))
    assert house.record(comment_id).voices.reported.total == 0


@pytest.mark.parametrize("body", [b"", b"[]", b'"spam"', b"{", b"\xff"])
def test_what_is_no_object_is_no_report(house: House, body: bytes) -> None:
    comment_id = house.publish()
    answer = house.client.post(
        f"/v1/sites/demo/comments/{comment_id}/reports",
        data=body,
        content_type="application/json",
        headers={"Origin": ORIGIN},
    )
    assert answer.status_code in {400, 422}


def test_a_form_is_sent_back_to_its_page(house: House) -> None:
    comment_id = house.publish()
    answer = house.client.post(
        f"/v1/sites/demo/comments/{comment_id}/reports",
        data={"reason": "off-topic", "note": NOTE, "submit": "Signaler"},
        headers={"Origin": ORIGIN, "Accept": "text/html"},
    )
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith(ORIGIN)
    assert answer.headers["Location"].endswith(f"ecluse_reported={comment_id}#ecluse-reported")


def test_one_reader_reports_ten_comments_and_no_more_for_now(house: House) -> None:
    comments = [house.publish(email=f"a{n}@example.org", ip=f"192.0.2.{n}") for n in range(11)]
    for comment_id in comments[:10]:
        assert report(house, comment_id).status_code == 201
    problem = assert_problem(report(house, comments[10]), 429, "rate-limited")
    assert problem["title"] == "Trop de signalements en peu de temps."
    assert report(house, comments[10], "198.51.100.2").status_code == 201


def test_the_addresses_of_one_ipv6_network_are_one_reader(house: House) -> None:
    comment_id = house.publish()
    assert report(house, comment_id, "2001:db8::1").status_code == 201
    assert report(house, comment_id, "2001:db8::2").status_code == 200


def test_moderators_read_the_notes_and_no_reader_is_named(house: House) -> None:
    comment_id = held_by_readers(house)
    house.decide(house.key(Scope.MODERATE), id=comment_id, action="reject")
    path = f"/v1/moderation/comments/{comment_id}/reports"
    assert_problem(house.client.get(path), 401, "unauthorised")
    found = house.client.get(path, headers=bearer(house.session("Ida", Role.MODERATOR)))
    body = json_of(found)
    assert body["total"] == 3
    assert {(each["note"], each["judgement"]) for each in body["reports"]} == {(NOTE, "agreed")}
    assert b"198.51.100" not in found.data
    assert "reporter" not in body["reports"][0]


def test_no_address_of_a_reader_is_kept(house: House) -> None:
    comment_id = house.publish()
    report(house, comment_id, "198.51.100.77", note=NOTE)
    report_as_server(house, comment_id, reporter_id="reader-77", ip="203.0.113.77")
    client: Any = house.services.store.client
    names = [key.decode() for key in client.scan_iter("*")]
    values = orjson.dumps(
        [str(client.hgetall(key)) for key in names if client.type(key) == b"hash"]
    )
    for trace in ("198.51.100.77", "203.0.113.77", "reader-77"):
        assert trace not in " ".join(names)
        assert trace.encode() not in values

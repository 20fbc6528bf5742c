"""Bans at the door and in the workers: refused with a word, or without one."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.test import TestResponse

from service.store.bans import By
from service.store.sites import Scope
from service.store.staff.accounts import Role
from tests.api.house import (
    NAMELESS_ID,
    PAGE,
    House,
    assert_problem,
    bearer,
    errors_of,
    json_of,
)

BANS = "/v1/moderation/bans"
CLAIRE = "claire@example.org"


@pytest.fixture
def mo(house: House) -> str:
    """A moderator's session."""
    return house.session("mo", Role.MODERATOR)


def ban(house: House, token: str, **body: Any) -> dict[str, Any]:
    answer = house.client.post(BANS, json=body, headers=bearer(token))
    assert answer.status_code == 201, answer.get_data(as_text=True)
    return json_of(answer)


def refused(house: House, token: str, **body: Any) -> TestResponse:
    return house.client.post(BANS, json=body, headers=bearer(token))


def in_shadow(house: House, token: str, **fields: Any) -> tuple[str, str]:
    """Ban Claire in the shadow and post as she; return the comment's id and its edit token."""
    ban(house, token, by="email", value=CLAIRE, is_shadow=True)
    posted = json_of(house.post(**fields))
    house.drain()
    return str(posted["id"]), str(posted["edit_token"])


def own(house: House, name: str, edit_token: str, **more: Any) -> dict[str, Any]:
    answer = house.client.get(
        f"/v1/sites/demo/comments/{name}", headers={"Edit-Token": edit_token}, query_string=more
    )
    assert answer.status_code == 200
    return json_of(answer)


@pytest.mark.parametrize(
    ("by", "value"), [("email", "CLAIRE@example.org"), ("domain", "@Example.org")]
)
def test_whoever_is_banned_is_refused_at_the_door(
    house: House, mo: str, by: str, value: str
) -> None:
    ban(house, mo, by=by, value=value)
    said = assert_problem(house.post(lang="fr"), 403, "banned")
    assert said["title"] == "Vous ne pouvez pas commenter ici."
    assert "until" not in said
    assert (
        assert_problem(house.post(lang="en"), 403, "banned")["title"] == "You cannot comment here."
    )
    assert house.stored() == 0
    assert house.services.store.decisions.counts("demo")["banned"] == 2
    assert house.post(email="zoe@example.net").status_code == 202


def test_addresses_and_authors_named_by_a_server_are_banned_too(house: House, mo: str) -> None:
    ban(house, mo, by="ip", value="198.51.100.0/24")
    ban(house, mo, by="author", value="user-7")
    assert_problem(house.post_as_server(ip="198.51.100.77"), 403, "banned")
    assert_problem(house.post_as_server(author_id="user-7"), 403, "banned")
    assert house.post_as_server(ip="198.51.101.1", author_id="user-8").status_code == 202


def test_a_browser_s_own_address_counts(house: House, mo: str) -> None:
    ban(house, mo, by="ip", value="127.0.0.1")
    assert_problem(house.post(), 403, "banned")


def test_a_plain_form_is_answered_with_a_page(house: House, mo: str) -> None:
    ban(house, mo, by="email", value=CLAIRE)
    answer = house.post_form(headers={"Accept": "text/html"}, lang="fr")
    assert answer.status_code == 403
    assert "Vous ne pouvez pas commenter ici." in answer.get_data(as_text=True)


def test_staff_is_never_banned(house: House, mo: str) -> None:
    ban(house, mo, by="email", value=CLAIRE)
    posted = house.post_as_server(is_staff=True)
    assert posted.status_code == 202


def test_a_ban_for_a_time_says_until_when_and_ends(house: House, mo: str) -> None:
    clock = house.stop_the_clock()
    clock.now = 1_790_000_000.0
    until = clock.now + 3_600
    ban(house, mo, by="email", value=CLAIRE, until=until)
    said = assert_problem(house.post(lang="fr"), 403, "banned")
    assert said["until"] == "2026-09-21T15:13:20Z"
    assert "21 septembre 2026" in said["detail"]
    clock.now = until
    assert house.post().status_code == 202


def test_lifting_lets_in_at_once(house: House, mo: str) -> None:
    made = ban(house, mo, by="email", value=CLAIRE)
    assert_problem(house.post(), 403, "banned")
    lifted = house.client.delete(f"{BANS}/{made['id']}", headers=bearer(mo))
    assert json_of(lifted) == {"lifted": made["id"]}
    assert house.post().status_code == 202
    gone = house.client.delete(f"{BANS}/{made['id']}", headers=bearer(mo))
    assert_problem(gone, 404, "ban-unknown")


def test_banned_in_the_shadow_one_is_taken_and_refused(house: House, mo: str) -> None:
    name, _ = in_shadow(house, mo)
    record = house.record(name)
    assert record.verdict is not None
    assert (record.status, record.verdict.rule) == ("rejected", "ban.shadow")
    assert house.thread()["comments"] == []
    answer = house.client.get(
        "/v1/moderation/queue", query_string={"status": "rejected", "lang": "en"},
        headers=bearer(mo),
    )  # fmt: skip
    (seen,) = json_of(answer)["comments"]
    assert (seen["status"], seen["reasons"][0]) == (
        "rejected", "Its author is banned, and not told so.",
    )  # fmt: skip


def told_alike(shadow: dict[str, Any], held: dict[str, Any]) -> None:
    """Check that two answers differ in what every comment has of its own, and nothing else."""
    own_parts = ("id", "edit_token", "links", "submitted_at", "editable_until", "page")
    for name in own_parts:
        shadow.pop(name, None)
        held.pop(name, None)
    assert shadow == held


def test_its_author_is_told_what_anybody_whose_comment_is_held_is_told(
    house: House, mo: str
) -> None:
    name, edit_token = in_shadow(house, mo)
    shadow = own(house, name, edit_token)
    house.change_site(policy={"premoderation": "all"})
    posted = json_of(house.post(email="zoe@example.net"))
    house.drain()
    held = own(house, posted["id"], posted["edit_token"])
    assert held["status"] == "held"
    told_alike(shadow, held)


def test_they_may_edit_and_withdraw_as_anybody_and_it_stays_unseen(house: House, mo: str) -> None:
    name, edit_token = in_shadow(house, mo)
    path, headers = f"/v1/sites/demo/comments/{name}", {"Edit-Token": edit_token}
    changed = house.client.patch(path, json={"content": "Autrement dit."}, headers=headers)
    assert changed.status_code == 200
    house.drain()
    assert house.record(name).status == "rejected"
    assert own(house, name, edit_token)["status"] == "held"
    assert house.client.delete(path, headers=headers).status_code == 200
    assert own(house, name, edit_token)["status"] == "deleted"


def test_a_replayed_post_and_a_form_s_way_back_tell_nothing_either(house: House, mo: str) -> None:
    ban(house, mo, by="email", value=CLAIRE, is_shadow=True)
    house.post(idempotency_key="k")
    house.drain()
    assert json_of(house.post(idempotency_key="k"))["status"] == "held"
    sent = {"idempotency_key": "k2", "return_to": PAGE}
    house.post_form(headers={"Accept": "text/html"}, **sent)
    house.drain()
    back = house.post_form(headers={"Accept": "text/html"}, **sent)
    assert back.status_code == 303
    assert "ecluse_status=held" in back.headers["Location"]


def test_a_nudge_comes_as_it_does_to_anybody(house: House, mo: str) -> None:
    house.change_site(has_nudge=True)
    insult: dict[str, Any] = {"content": "Tu es un connard et un abruti fini, ferme ta gueule."}
    assert_problem(house.post(**insult), 422, "nudge")
    ban(house, mo, by="email", value=CLAIRE, is_shadow=True)
    assert_problem(house.post(**insult), 422, "nudge")


def test_a_moderator_s_own_refusal_gives_nothing_away_and_approval_is_told(
    house: House, mo: str
) -> None:
    name, edit_token = in_shadow(house, mo)
    house.decide(mo, id=name, action="reject")
    told = own(house, name, edit_token)
    assert told["status"] == "held"
    assert not any("banned" in reason for reason in told["reasons"])
    house.services.store.decisions.undo("demo", name, "account:mo", 1)
    assert own(house, name, edit_token)["status"] == "held"
    house.decide(mo, id=name, action="approve")
    assert own(house, name, edit_token)["status"] == "approved"


@pytest.mark.parametrize(
    ("by", "shown"),
    [
        ("email", CLAIRE), ("domain", "example.org"), ("ip", "2001:db8:1:2::/64"),
        ("author", "user-7"),
    ],
)  # fmt: skip
def test_a_comment_s_author_is_banned_by_what_the_comment_shows(
    house: House, mo: str, by: str, shown: str
) -> None:
    name = json_of(house.post_as_server(ip="2001:db8:1:2:3::4", author_id="user-7"))["id"]
    made = ban(house, mo, by=by, comment=name)
    assert made["value"] == shown
    again = house.post_as_server(ip="2001:db8:1:2:9::9", author_id="user-7")
    assert_problem(again, 403, "banned")


def test_one_address_of_ipv4_is_banned_alone(house: House, mo: str) -> None:
    name = json_of(house.post_as_server(ip="198.51.100.7"))["id"]
    assert ban(house, mo, by="ip", comment=name)["value"] == "198.51.100.7"


def test_what_a_comment_does_not_show_cannot_be_banned(house: House, mo: str) -> None:
    name = json_of(house.post_as_server())["id"]
    answer = refused(house, mo, by="author", comment=name, lang="fr")
    assert errors_of(answer) == {"comment": "Ce commentaire ne montre rien de tel de son auteur."}
    answer = refused(house, mo, by="email", comment=NAMELESS_ID)
    assert_problem(answer, 404, "comment-unknown")


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"by"}),
        ({"by": "name", "value": "x"}, {"by"}),
        ({"by": "email"}, {"value"}),
        ({"by": "email", "value": "claire"}, {"value"}),
        ({"by": "email", "value": ""}, {"value"}),
        ({"by": "email", "value": "a@b.example", "comment": NAMELESS_ID}, {"value"}),
        ({"by": "domain", "value": "no domain"}, {"value"}),
        ({"by": "domain", "value": "com"}, {"value"}),
        ({"by": "ip", "value": "0.0.0.0/0"}, {"value"}),
        ({"by": "ip", "value": "300.1.2.3"}, {"value"}),
        ({"by": "author", "value": " "}, {"value"}),
        ({"by": "ip", "value": "192.0.2.7", "until": "yesterday"}, {"until"}),
        ({"by": "ip", "value": "192.0.2.7", "until": "2020-01-01T00:00:00Z"}, {"until"}),
        ({"by": "ip", "value": "192.0.2.7", "is_shadow": "perhaps"}, {"is_shadow"}),
        ({"by": "ip", "value": "192.0.2.7", "forever": True}, {"forever"}),
    ],
)
def test_what_cannot_be_banned_is_told_field_by_field(
    house: House, mo: str, body: dict[str, Any], fields: set[str]
) -> None:
    assert errors_of(refused(house, mo, **body)).keys() == fields


def test_bans_are_listed_newest_first_part_by_part(house: House, mo: str) -> None:
    clock = house.stop_the_clock()
    for number in range(5):
        clock.now += 1
        ban(house, mo, by="domain", value=f"d{number}.example", reason="spam")
    seen: list[str] = []
    cursor = "0"
    while cursor:
        found = json_of(house.client.get(
            BANS, query_string={"limit": 2, "cursor": cursor}, headers=bearer(mo)
        ))  # fmt: skip
        assert found["total"] == 5
        seen += [each["value"] for each in found["bans"]]
        cursor = found["next"]
    assert seen == [f"d{number}.example" for number in (4, 3, 2, 1, 0)]
    bad = house.client.get(BANS, query_string={"cursor": "x"}, headers=bearer(mo))
    assert errors_of(bad).keys() == {"cursor"}


def test_a_site_s_server_with_a_key_to_moderate_may_ban(house: House) -> None:
    made = ban(house, house.key(Scope.MODERATE), by="email", value=CLAIRE, reason="flood")
    assert made["actor"].startswith("key:")
    assert (made["reason"], made["is_over"], made["until"]) == ("flood", False, None)


def test_the_domain_is_banned_in_either_spelling(house: House, mo: str) -> None:
    ban(house, mo, by="domain", value="xn--bcher-kva.example")
    assert_problem(house.post(email="anna@bücher.example"), 403, "banned")
    assert [each.by for each in house.services.store.bans.list("demo")] == [By.DOMAIN]

"""Appeals and authors' own data over the API."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from werkzeug.test import TestResponse

from service.moderation.verdict import Action, Status, Verdict
from service.store.keys import SiteKeys
from service.store.records import verdict_json
from service.store.sites import Scope
from service.store.staff.accounts import Role
from tests.api.house import NAMELESS_ID, SPAM, House, assert_problem, bearer, errors_of, json_of

TEXT = "C'était une citation du maire, entre guillemets."
EMAIL, IP = "secret.author@example.org", "203.0.113.5"


class Refused:
    """An author whose comment was refused, and their token."""

    def __init__(self, house: House, **fields: Any) -> None:
        sent = {"content": SPAM, "email": EMAIL, "ip": IP, "user_agent": "Lynx/2.9", **fields}
        posted = json_of(house.post_as_server(**sent))
        self.house, self.id, self.token = house, str(posted["id"]), str(posted["edit_token"])
        house.drain()

    def ask(self, method: str = "GET", below: str = "", **more: Any) -> TestResponse:
        path = f"/v1/sites/demo/comments/{self.id}{below}"
        headers = {"Edit-Token": self.token}
        return self.house.client.open(path, method=method, headers=headers, **more)

    def appeal(self, text: str = TEXT) -> TestResponse:
        return self.ask("POST", "/appeal", json={"text": text})


@pytest.fixture
def author(house: House) -> Refused:
    made = Refused(house)
    assert house.record(made.id).status is Status.SPAM
    return made


def put_in_shadow(house: House, author: Refused, status: Status = Status.REJECTED) -> None:
    """Refuse a comment as a ban in the shadow does."""
    record = house.record(author.id)
    verdict = replace(record.verdict or Verdict(Action.REJECT, ""), rule="ban.shadow")
    client: Any = house.services.store.client
    house.decide(house.key(Scope.MODERATE), id=author.id, action="reject")
    key = SiteKeys("demo").comment(author.id)
    client.hdel(key, "decision")
    client.hset(key, mapping={"verdict": verdict_json(verdict), "status": status.value})


def answer(house: House, token: str, comment_id: str, outcome: str = "granted") -> TestResponse:
    return house.client.post(
        f"/v1/moderation/appeals/{comment_id}", json={"outcome": outcome}, headers=bearer(token)
    )


def test_an_author_appeals_once_and_sees_what_comes_of_it(house: House, author: Refused) -> None:
    assert json_of(author.ask())["appeal_until"]
    filed = author.appeal()
    assert filed.status_code == 201
    assert json_of(filed)["appeal"]["text"] == TEXT
    assert json_of(filed)["appeal"]["outcome"] is None
    assert_problem(author.appeal(), 409, "appealed")
    mo = house.session("Mo", Role.MODERATOR)
    assert json_of(answer(house, mo, author.id))["status"] == "approved"
    told = json_of(author.ask())
    assert (told["status"], told["appeal"]["outcome"]) == ("approved", "granted")
    assert "Mo" not in author.ask().get_data(as_text=True)
    assert house.thread()["count"] == 1


def test_an_upheld_refusal_is_told_too(house: House, author: Refused) -> None:
    author.appeal()
    mo = house.session("Mo", Role.MODERATOR)
    assert json_of(answer(house, mo, author.id, "upheld"))["status"] == "spam"
    assert json_of(author.ask())["appeal"]["outcome"] == "upheld"
    assert_problem(answer(house, mo, author.id), 404, "appeal-unknown")


def test_open_appeals_are_listed_with_their_overturns(house: House, author: Refused) -> None:
    author.appeal()
    mo = house.session("Mo", Role.MODERATOR)
    listing = json_of(house.client.get("/v1/moderation/appeals", headers=bearer(mo)))
    assert listing["total"] == 1
    assert listing["comments"][0]["appeal"]["refused_by"] == "machine"
    answer(house, mo, author.id)
    listing = json_of(house.client.get("/v1/moderation/appeals", headers=bearer(mo)))
    assert listing["overturns"] == {
        "filed": 1, "granted": 1, "upheld": 0, "by": {"machine": {"granted": 1, "upheld": 0}},
    }  # fmt: skip


def test_who_refused_does_not_answer(house: House, author: Refused) -> None:
    mo, lea = house.session("Mo", Role.MODERATOR), house.session("Léa", Role.MODERATOR)
    house.decide(mo, id=author.id, action="reject")
    author.appeal()
    for outcome in ("granted", "upheld"):
        assert_problem(answer(house, mo, author.id, outcome), 409, "own-refusal")
    assert answer(house, lea, author.id).status_code == 200


@pytest.mark.parametrize(("others", "status"), [((), 200), (("Mo",), 409)])
def test_an_administrator_alone_on_a_site_may_answer_what_they_refused(
    house: House, author: Refused, others: tuple[str, ...], status: int
) -> None:
    ada = house.session("Ada", Role.ADMINISTRATOR)
    house.session("Elsewhere", Role.MODERATOR, frozenset({"other"}))
    house.session("Ops", Role.OPS)
    for name in others:
        house.session(name, Role.MODERATOR)
    house.decide(ada, id=author.id, action="reject")
    author.appeal()
    assert answer(house, ada, author.id).status_code == status


def test_a_moderator_alone_on_a_site_may_not(house: House, author: Refused) -> None:
    mo = house.session("Mo", Role.MODERATOR)
    house.decide(mo, id=author.id, action="reject")
    author.appeal()
    assert_problem(answer(house, mo, author.id), 409, "own-refusal")


def test_a_key_does_not_answer_what_it_refused(house: House, author: Refused) -> None:
    key = house.key(Scope.MODERATE)
    house.decide(key, id=author.id, action="reject")
    author.appeal()
    assert_problem(answer(house, key, author.id), 409, "own-refusal")
    assert answer(house, house.key(Scope.MODERATE), author.id).status_code == 200


def test_only_moderators_see_and_answer_appeals(house: House, author: Refused) -> None:
    author.appeal()
    for token in (house.session("Ops", Role.OPS), house.key(Scope.SUBMIT)):
        assert_problem(answer(house, token, author.id), 403, "scope-missing")
        listing = house.client.get("/v1/moderation/appeals", headers=bearer(token))
        assert_problem(listing, 403, "scope-missing")
    mo = house.session("Mo", Role.MODERATOR)
    assert "outcome" in errors_of(answer(house, mo, author.id, ""))
    assert "outcome" in errors_of(answer(house, mo, author.id, "maybe"))
    assert answer(house, mo, NAMELESS_ID).status_code == 404


@pytest.mark.parametrize("text", ["", "   ", "x" * 501, "a\x00b", "\u202ex"])
def test_an_appeal_is_a_sentence(author: Refused, text: str) -> None:
    assert "text" in errors_of(author.appeal(text))


def test_an_appeal_is_for_refusals_of_the_last_fourteen_days(house: House, author: Refused) -> None:
    approved = Refused(house, content="Merci pour cet article très clair.")
    assert_problem(approved.appeal(), 409, "not-refused")
    assert json_of(approved.ask())["appeal_until"] is None
    house.stop_the_clock().now += 14 * 86_400 + 60
    assert_problem(author.appeal(), 409, "appeal-closed")


def test_without_the_token_nobody_appeals_reads_or_erases(house: House, author: Refused) -> None:
    other = Refused(house)
    author.token = other.token
    assert_problem(author.appeal(), 401, "unauthorised")
    for method in ("GET", "DELETE"):
        assert_problem(author.ask(method, "/data"), 401, "unauthorised")
    assert not house.record(author.id).is_erased


def test_authors_get_all_that_is_kept_of_their_comment(author: Refused) -> None:
    author.appeal()
    data = json_of(author.ask(below="/data"))
    assert (data["email"], data["ip"], data["user_agent"]) == (EMAIL, IP, "Lynx/2.9")
    assert data["appeal"]["text"] == TEXT
    assert data["scores"]["spam"] > 0.5
    assert author.ask(below="/data").headers["Cache-Control"] == "no-store"


def test_erasing_leaves_nothing_personal(house: House, author: Refused) -> None:
    author.appeal()
    house.stop_the_clock().now += 365 * 86_400
    data = json_of(author.ask("DELETE", "/data"))
    assert (data["status"], data["is_erased"]) == ("deleted", True)
    assert not any(data[name] for name in ("content", "email", "ip", "author", "user_agent"))
    told = author.ask().get_data(as_text=True)
    assert "casino" not in told
    assert house.services.store.appeals.count("demo") == 0
    assert author.ask("DELETE", "/data").status_code == 200


@pytest.mark.parametrize("status", [Status.REJECTED, Status.SPAM, Status.HELD])
def test_a_ban_in_the_shadow_does_not_show(house: House, author: Refused, status: Status) -> None:
    put_in_shadow(house, author, status)
    told = json_of(author.ask())
    assert (told["status"], told["appeal_until"], told["appeal"]) == ("held", None, None)
    data = author.ask(below="/data").get_data(as_text=True)
    for text in (author.ask().get_data(as_text=True), data):
        assert "ban" not in text.replace("bank", "")
        assert "rejected" not in text
    assert_problem(author.appeal(), 409, "not-refused")


def test_an_author_in_the_shadow_edits_as_if_the_comment_were_held(
    house: House, author: Refused
) -> None:
    put_in_shadow(house, author)
    assert author.ask("PATCH", json={"content": "Autre chose."}).status_code == 200
    assert house.record(author.id).comment.content == "Autre chose."


def test_a_comment_approved_out_of_the_shadow_is_told_as_approved(
    house: House, author: Refused
) -> None:
    put_in_shadow(house, author)
    house.decide(house.key(Scope.MODERATE), id=author.id, action="approve")
    told = json_of(author.ask())
    assert told["status"] == "approved"
    assert told["reasons"] == ["Un modérateur l’a approuvé."]


def test_the_receipt_links_to_the_author_s_page_and_nobody_else_s_answer_does(
    house: House,
) -> None:
    receipt = json_of(house.post())
    assert receipt["links"]["author"] == f"/c/demo/{receipt['id']}?token={receipt['edit_token']}"
    house.drain()
    assert receipt["edit_token"] not in str(house.thread())

"""A comment in its author's hands: status, edit, withdraw, for fifteen minutes."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.test import TestResponse

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
    thread_url,
)

EDITED = "Merci, c'est encore plus clair à la relecture."


class Author:
    """Somebody who posted a comment and kept its edit token."""

    def __init__(self, house: House, **fields: Any) -> None:
        posted = json_of(house.post(headers={"User-Agent": "Lynx/2.9"}, **fields))
        self.house, self.id = house, str(posted["id"])
        self.url, self.token = posted["links"]["self"], posted["edit_token"]

    def ask(self, method: str = "GET", **more: Any) -> TestResponse:
        headers = {"Edit-Token": self.token}
        return self.house.client.open(self.url, method=method, headers=headers, **more)

    def edit(self, **changes: Any) -> TestResponse:
        return self.ask("PATCH", json=changes)


def test_the_author_learns_the_status_by_the_token(house: House) -> None:
    author = Author(house)
    assert json_of(author.ask())["status"] == "received"
    house.drain()
    told = json_of(author.ask())
    assert told["status"] == "approved"
    assert told["content"] == "Merci pour cet article très clair."
    assert told["reasons"]
    assert told["message"]


def test_the_token_may_stand_in_the_query(house: House) -> None:
    author = Author(house)
    answer = house.client.get(author.url, query_string={"edit_token": author.token})
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_without_the_token_nobody_is_the_author(house: House, method: str) -> None:
    author, other = Author(house), Author(house)
    for token in ("", "x", other.token, author.token[:-1], "\xff"):
        answer = house.client.open(
            author.url, method=method, json={"content": "x"}, headers={"Edit-Token": token}
        )
        assert_problem(answer, 401, "unauthorised")
    assert house.record(author.id).comment.content == "Merci pour cet article très clair."


def test_a_token_is_good_for_one_site_only(house: House) -> None:
    house.add_site("other", origins=("http://site.test",))
    author = Author(house)
    answer = house.client.get(
        author.url.replace("/demo/", "/other/"), headers={"Edit-Token": author.token}
    )
    assert_problem(answer, 401, "unauthorised")


def test_the_sites_server_may_ask_with_its_key(house: House) -> None:
    author = Author(house)
    assert house.client.get(author.url, headers=bearer(house.key(Scope.SUBMIT))).status_code == 200


def test_a_comment_that_is_not_there_is_a_404(house: House) -> None:
    for comment_id in (NAMELESS_ID, "nothing", NAMELESS_ID.lower()):
        answer = house.client.get(
            f"/v1/sites/demo/comments/{comment_id}", headers=bearer(house.key())
        )
        assert_problem(answer, 404, "comment-unknown")


def test_an_edited_comment_leaves_the_thread_until_it_is_checked_again(house: House) -> None:
    author = Author(house)
    house.drain()
    assert [c["content"] for c in house.thread()["comments"]] == [
        "Merci pour cet article très clair."
    ]
    assert json_of(author.edit(content=EDITED))["status"] == "received"
    assert house.thread()["comments"] == []
    assert house.thread()["count"] == 0
    house.drain()
    assert [c["content"] for c in house.thread()["comments"]] == [EDITED]


def test_an_edit_does_not_slip_an_insult_past_the_checks(house: House) -> None:
    author = Author(house)
    house.drain()
    author.edit(content=INSULT)
    house.drain()
    assert json_of(author.ask())["status"] in {"held", "rejected"}
    assert house.thread()["comments"] == []


def test_an_edit_while_the_first_check_is_due_is_checked_once_as_edited(house: House) -> None:
    author = Author(house)
    author.edit(content=EDITED)
    assert house.drain() == 1
    assert [c["content"] for c in house.thread()["comments"]] == [EDITED]


def test_the_author_may_change_name_and_address_too(house: House) -> None:
    author = Author(house)
    author.edit(content=EDITED, author="Claire B.", url="claire.example", lang="fr")
    comment = house.record(author.id).comment
    assert (comment.author, comment.url) == ("Claire B.", "https://claire.example")


def test_an_edit_is_validated_like_a_submission(house: House) -> None:
    author = Author(house)
    wrong = author.edit(content="", author="a\x00b", url="javascript:x", colour="red", page=PAGE)
    assert set(errors_of(wrong)) == {"content", "author", "url", "colour", "page"}
    assert house.record(author.id).revision == 0


def test_an_edit_may_not_take_away_what_the_site_requires(house: House) -> None:
    author = Author(house)
    for blank in ("", "  ", "\u200b"):
        assert list(errors_of(author.edit(content=EDITED, author=blank))) == ["author"]
    house.change_site(required=frozenset())
    assert author.edit(content=EDITED, author="").status_code == 200


def test_an_edit_by_form_ignores_what_it_does_not_know(house: House) -> None:
    author = Author(house)
    assert author.ask("PATCH", data={"content": EDITED, "submit": "Envoyer"}).status_code == 200


def test_a_withdrawn_comment_leaves_no_word_and_nothing_personal(house: House) -> None:
    author = Author(house, content="Un secret de famille.", url="https://claire.example")
    house.drain()
    assert json_of(author.ask("DELETE"))["status"] == "deleted"
    assert house.thread()["comments"] == []
    client: Any = house.services.store.client
    kept = repr(client.hgetall(f"ecluse:{{demo}}:comment:{author.id}"))
    for gone in ("secret", "Claire", "claire", "Lynx"):
        assert gone not in kept
    record = house.record(author.id)
    personal = house.services.store.comments.personal(record)
    assert (personal.email, personal.ip, record.author_key) == ("", "", "")


def test_withdrawing_twice_is_withdrawing(house: House) -> None:
    author = Author(house)
    assert author.ask("DELETE").status_code == author.ask("DELETE").status_code == 200


def test_a_withdrawn_comment_that_no_check_has_seen_stays_withdrawn(house: House) -> None:
    author = Author(house)
    author.ask("DELETE")
    house.drain()
    assert json_of(author.ask())["status"] == "deleted"
    assert_problem(author.edit(content=EDITED), 409, "edit-closed")


def test_a_withdrawn_comment_that_was_answered_keeps_its_place(house: House) -> None:
    author = Author(house)
    house.drain()
    reply = house.publish(parent=author.id, content="Bien d'accord avec vous.")
    author.ask("DELETE")
    (root,) = house.thread()["comments"]
    assert (root["id"], root["is_deleted"], root["content"], root["author"]) == (
        author.id, True, None, None,
    )  # fmt: skip
    assert [each["id"] for each in root["replies"]] == [reply]


def test_after_fifteen_minutes_the_author_may_only_look(house: House) -> None:
    author = Author(house)
    clock = house.stop_the_clock()
    clock.now += 15 * 60 - 5
    assert author.edit(content=EDITED).status_code == 200
    clock.now += 10
    assert_problem(author.edit(content="Trop tard."), 409, "edit-closed")
    assert_problem(author.ask("DELETE"), 409, "edit-closed")
    told = json_of(author.ask())
    assert told["content"] == EDITED
    assert told["editable_until"] > told["submitted_at"]


@pytest.mark.parametrize("action", ["approve", "hold", "reject", "spam", "delete"])
def test_what_a_moderator_has_decided_is_not_edited_away(house: House, action: str) -> None:
    author = Author(house)
    house.drain()
    house.decide(house.key(Scope.MODERATE), id=author.id, action=action)
    assert_problem(author.edit(content=EDITED), 409, "edit-closed")


def test_an_edit_changes_the_etag_of_the_thread(house: House) -> None:
    author = Author(house)
    house.drain()
    before = house.client.get(thread_url(PAGE)).headers["ETag"]
    author.edit(content=EDITED)
    between = house.client.get(thread_url(PAGE)).headers["ETag"]
    house.drain()
    after = house.client.get(thread_url(PAGE)).headers["ETag"]
    assert len({before, between, after}) == 3

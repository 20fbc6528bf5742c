"""One key, one comment; two visitors with one key never meet."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from config.settings import Settings
from service.app import create_app
from service.store.sites import Limit, Scope
from tests.api.house import ORIGIN, House, bearer, comment_fields, errors_of, json_of, pipeline

COMMENTS = "/v1/sites/demo/comments"
KEY = {"Idempotency-Key": "a-key"}


def id_of(answer: Any) -> str:
    return str(json_of(answer)["id"])


def test_the_same_key_returns_the_same_comment(house: House) -> None:
    first, again = house.post(KEY), house.post(KEY)
    assert json_of(again)["id"] == json_of(first)["id"]
    assert json_of(again)["edit_token"] == json_of(first)["edit_token"]
    assert house.stored() == 1


def test_the_header_the_quoted_header_and_the_field_are_one_key(house: House) -> None:
    ids = {
        id_of(house.post({"Idempotency-Key": "k1"})),
        id_of(house.post({"Idempotency-Key": '"k1"'})),
        id_of(house.post(idempotency_key="k1")),
        id_of(house.post_form(idempotency_key="k1")),
    }
    assert len(ids) == 1


def test_without_a_key_each_post_is_a_comment(house: House) -> None:
    assert id_of(house.post()) != id_of(house.post())


def test_another_key_is_another_comment(house: House) -> None:
    assert id_of(house.post(KEY)) != id_of(house.post({"Idempotency-Key": "b-key"}))


@pytest.mark.parametrize(
    "other",
    [
        {"email": "paul@example.org"},
        {"author": "Paul"},
        {"content": "Tout autre chose."},
        {"page": "http://site.test/b"},
    ],
)
def test_two_visitors_with_the_same_key_never_meet(house: House, other: dict[str, str]) -> None:
    first, second = house.post(KEY), house.post(KEY, **other)
    assert second.status_code == 202
    assert id_of(first) != id_of(second)
    assert json_of(first)["edit_token"] != json_of(second)["edit_token"]


def test_who_claims_anothers_address_does_not_get_its_edit_token(house: House) -> None:
    first = house.post(KEY)
    elsewhere = house.app.test_client().post(
        COMMENTS,
        json=comment_fields(),
        headers={"Origin": ORIGIN, **KEY},
        environ_base={"REMOTE_ADDR": "198.51.100.77"},
    )
    assert id_of(elsewhere) != id_of(first)
    assert json_of(elsewhere)["edit_token"] != json_of(first)["edit_token"]


def test_visitors_of_an_anonymous_site_do_not_meet_either(house: House) -> None:
    house.change_site(required=frozenset())
    first = house.post(KEY, author=None, email=None, content="Un premier avis.")
    second = house.post(KEY, author=None, email=None, content="Un second avis.")
    assert id_of(first) != id_of(second)


def test_a_servers_key_is_its_own_whatever_it_sends(house: House) -> None:
    server = house.key(Scope.SUBMIT)
    first = house.post_as_server(server, idempotency_key="a-key")
    again = house.post_as_server(server, idempotency_key="a-key", content="Changé en route.")
    assert id_of(first) == id_of(again)
    assert id_of(house.post(KEY)) != id_of(first)
    assert id_of(house.post_as_server(house.key(), idempotency_key="a-key")) != id_of(first)


def test_a_retry_is_answered_though_the_limit_is_used_up(house: House) -> None:
    house.change_site(limits={"ip": Limit(1, 600)})
    first = house.post(KEY)
    assert house.post({"Idempotency-Key": "other"}).status_code == 429
    assert id_of(house.post(KEY)) == id_of(first)


def test_a_retry_after_the_verdict_tells_it(house: House) -> None:
    house.post(KEY)
    house.drain()
    again = house.post(KEY)
    assert again.status_code == 200
    assert json_of(again)["status"] == "approved"
    assert json_of(again)["reasons"]


def test_a_retry_after_an_edit_returns_the_edited_comment(house: House) -> None:
    first = house.post(KEY)
    edited = house.client.patch(
        json_of(first)["links"]["self"],
        json={"content": "Corrigé depuis."},
        headers={"Edit-Token": json_of(first)["edit_token"]},
    )
    assert edited.status_code == 200
    assert id_of(house.post(KEY)) == id_of(first)
    assert house.record(id_of(first)).comment.content == "Corrigé depuis."


def test_a_retry_after_a_withdrawal_brings_nothing_back(house: House) -> None:
    first = house.post(KEY)
    house.client.delete(
        json_of(first)["links"]["self"], headers={"Edit-Token": json_of(first)["edit_token"]}
    )
    again = house.post(KEY)
    assert id_of(again) == id_of(first)
    assert json_of(again)["status"] == "deleted"


def test_a_key_outlives_the_process(house: House, settings: Settings) -> None:
    first = house.post(KEY)
    next_process = House(create_app(replace(settings)))
    next_process.replace(pipeline=pipeline)
    assert id_of(next_process.post(KEY)) == id_of(first)
    next_process.services.store.client.close()


@pytest.mark.parametrize("key", ["k" * 256, "with space", "é", "tab\there"])
def test_a_key_that_is_none_is_an_error_of_its_field(house: House, key: str) -> None:
    assert list(errors_of(house.post(idempotency_key=key))) == ["idempotency_key"]


def test_keys_of_two_sites_are_two_keys(house: House) -> None:
    house.add_site("other", origins=(ORIGIN,))
    first = house.post(KEY)
    second = house.client.post(
        "/v1/sites/other/comments", json=comment_fields(), headers={"Origin": ORIGIN, **KEY}
    )
    assert second.status_code == 202
    assert id_of(first) != id_of(second)


def test_a_moderators_key_is_no_edit_token(house: House) -> None:
    first = house.post(KEY)
    answer = house.client.get(
        json_of(first)["links"]["self"], headers=bearer(house.key(Scope.MODERATE))
    )
    assert answer.status_code == 403

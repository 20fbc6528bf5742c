"""What must never be public: e-mail, IP, user agent, referrer, edit token."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from marshmallow import Schema, fields

import service.schemas.outgoing as outgoing
from service.store.sites import Scope
from tests.api.house import INSULT, ORIGIN, PAGE, House, bearer, json_of, thread_url

EMAIL, IP, AGENT, REFERRER = (
    "secret.reader@example.org", "203.0.113.77", "SecretAgent/7.0", "http://site.test/secret-way",
)  # fmt: skip
NEVER = {"email", "ip", "user_agent", "referrer", "author_id", "email_hash", "ip_hash", "facts"}
PUBLIC = [
    outgoing.PublicCommentSchema, outgoing.ThreadSchema, outgoing.RepliesSchema,
    outgoing.CountsSchema, outgoing.FormTokenSchema, outgoing.LinksSchema,
]  # fmt: skip


def names_in(schema: Schema, seen: frozenset[type] = frozenset()) -> Iterator[str]:
    """Yield the name of every field of a schema, nested ones too."""
    if type(schema) in seen:
        return
    for name, field in schema.fields.items():
        yield name
        inner = field.inner if isinstance(field, fields.List) else field
        if isinstance(inner, fields.Nested):
            yield from names_in(inner.schema, seen | {type(schema)})


@pytest.mark.parametrize("schema", PUBLIC, ids=lambda schema: schema.__name__)
def test_no_public_schema_has_a_field_for_personal_data(schema: type[Schema]) -> None:
    names = set(names_in(schema()))
    assert names
    assert not names & (NEVER | {"edit_token"})


def test_authors_schemas_have_no_field_for_personal_data_either() -> None:
    for schema in (outgoing.ReceiptSchema, outgoing.OwnCommentSchema):
        assert not set(names_in(schema())) & NEVER


def test_the_walk_over_schemas_finds_nested_fields() -> None:
    assert {"comments", "replies", "content", "more_replies"} <= set(
        names_in(outgoing.ThreadSchema())
    )


def published(house: House) -> dict[str, Any]:
    """Publish a comment and a reply full of secrets; return the comment's receipt."""
    key = house.key(Scope.SUBMIT)
    secrets: dict[str, Any] = {"email": EMAIL, "ip": IP, "user_agent": AGENT, "referrer": REFERRER,
               "author_id": "secret-id", "is_staff": True}  # fmt: skip
    receipt = json_of(house.post_as_server(key, **secrets))
    house.drain()
    house.post_as_server(key, **secrets, parent=receipt["id"], content="Une réponse.")
    house.drain()
    return receipt


def test_no_public_answer_holds_a_secret(house: House) -> None:
    receipt = published(house)
    urls = [
        thread_url(PAGE),
        f"{thread_url(PAGE)}?order=oldest&limit=1",
        f"/v1/sites/demo/comments/{receipt['id']}/replies",
        f"/v1/sites/demo/counts?page={PAGE}",
        "/v1/sites/demo/form-token",
        receipt["links"]["self"],
        "/healthz",
        "/readyz",
        "/openapi.json",
    ]
    secrets = (EMAIL, IP, AGENT, REFERRER, "secret-id", receipt["edit_token"])
    texts = []
    for url in urls:
        answer = house.client.get(url, headers={"Origin": ORIGIN})
        text = f"{answer.headers}\n{answer.get_data(as_text=True)}"
        assert not [secret for secret in secrets if secret in text], url
        texts.append(text)
    assert "Merci pour cet article" in texts[0]
    assert "Une réponse." in texts[2]


def test_the_authors_own_answers_do_not_repeat_address_and_ip(house: House) -> None:
    receipt = published(house)
    token = {"Edit-Token": receipt["edit_token"]}
    url = receipt["links"]["self"]
    answers = [
        house.client.get(url, headers=token),
        house.client.patch(url, headers=token, json={"content": "Corrigé."}),
        house.client.delete(url, headers=token),
    ]
    for answer in answers:
        assert answer.status_code == 200
        text = answer.get_data(as_text=True)
        assert not [secret for secret in (EMAIL, IP, AGENT, REFERRER) if secret in text]


def test_a_moderator_sees_address_and_ip(house: House) -> None:
    house.post_as_server(email=EMAIL, ip=IP, user_agent=AGENT, content=INSULT)
    house.drain()
    answer = house.client.get(
        "/v1/moderation/queue?status=rejected", headers=bearer(house.key(Scope.MODERATE))
    )
    found = (
        json_of(answer)["comments"]
        + json_of(
            house.client.get("/v1/moderation/queue", headers=bearer(house.key(Scope.MODERATE)))
        )["comments"]
    )
    assert [(c["email"], c["ip"], c["user_agent"]) for c in found] == [(EMAIL, IP, AGENT)]
    assert answer.headers["Cache-Control"] == "no-store"


def test_nothing_personal_lies_open_in_the_store(house: House) -> None:
    published(house)
    client: Any = house.services.store.client
    client.config_set("rdbcompression", "no")
    kept = b"".join(client.dump(key) or b"" for key in client.keys("*"))
    assert b"Merci pour cet article" in kept
    assert EMAIL.encode() not in kept
    assert IP.encode() not in kept


def test_problems_do_not_repeat_what_was_sent(house: House) -> None:
    answer = house.post(email=f"{EMAIL} {IP}", author="x" * 500)
    assert answer.status_code == 422
    assert EMAIL not in answer.get_data(as_text=True)

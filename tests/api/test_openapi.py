"""The description of the API at /openapi.json: valid, complete, and true."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from functools import wraps
from typing import Any

import pytest
from flask_smorest import Blueprint
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from werkzeug.test import TestResponse

from service.app import undescribed
from service.store.sites import Limit, Scope
from service.store.staff.accounts import Role
from tests.api.house import INSULT, PAGE, House, bearer, json_of, thread_url

Description = dict[str, Any]


@pytest.fixture
def description(house: House) -> Description:
    return json_of(house.client.get("/openapi.json"))


def operations(description: Description) -> dict[str, Any]:
    """Return every documented operation of /v1 by its method and path."""
    return {
        f"{method.upper()} {path}": operation
        for path, item in description["paths"].items()
        for method, operation in item.items()
        if path.startswith("/v1/") and method != "parameters"
    }


def as_template(rule: str) -> str:
    """Return a Flask rule as a URI template: ``<page:page>`` becomes ``{page}``."""
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule)


def routes(house: House) -> set[str]:
    """Return every route of our own /v1 the app answers, written as OpenAPI writes them."""
    return {
        f"{method} {as_template(rule.rule)}"
        for rule in house.app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.rule.startswith("/v1/") and rule.endpoint.partition(".")[0] != "openai"
    }


def test_it_is_valid_openapi_3_1(description: Description) -> None:
    assert description["openapi"] == "3.1.0"
    OpenAPIV31SpecValidator(description).validate()


def test_it_documents_every_route_and_nothing_else(house: House, description: Description) -> None:
    assert len(routes(house)) >= 14
    assert operations(description).keys() == routes(house)


def test_every_operation_says_what_it_does_and_how_it_fails(description: Description) -> None:
    for name, operation in operations(description).items():
        assert operation["summary"], name
        answers = operation["responses"]
        assert any(status.startswith("2") for status in answers), name
        for status, answer in answers.items():
            if status == "default" or int(status) >= 400:
                component = answer["$ref"].rpartition("/")[2]
                content = description["components"]["responses"][component]["content"]
                assert list(content) == ["application/problem+json"], (name, status)
        assert "default" in answers, name


def test_every_group_of_operations_says_what_it_is_about(description: Description) -> None:
    assert len(description["tags"]) >= 10
    assert [tag["name"] for tag in description["tags"] if not tag["description"]] == []


def test_bodies_are_described_where_they_are_read(description: Description) -> None:
    for name, operation in operations(description).items():
        if name.startswith(("POST", "PATCH")):
            assert operation["requestBody"]["required"], name
            assert "application/json" in operation["requestBody"]["content"], name


def test_the_main_operation_has_examples_that_hold(house: House, description: Description) -> None:
    submit = description["paths"]["/v1/sites/{site}/comments"]["post"]
    example = submit["requestBody"]["content"]["application/json"]["example"]
    assert house.post_as_server(**example).status_code == 202
    receipt = submit["responses"]["202"]["content"]["application/json"]["example"]
    assert receipt.keys() == json_of(house.post()).keys()
    problem = description["components"]["responses"]["Problem422"]
    assert problem["content"]["application/problem+json"]["example"]["errors"]


def test_routes_for_staff_ask_for_a_key(description: Description) -> None:
    for name, operation in operations(description).items():
        if "/moderation/" in name or "/ops/" in name:
            assert operation["security"] == [{"key": []}], name


def closed(description: Description) -> Description:
    """Return the components with no object taking fields it does not name."""
    components: Description = copy.deepcopy(description["components"])
    for schema in components["schemas"].values():
        if "properties" in schema:
            schema["additionalProperties"] = False
    return components


def documented(description: Description, operation: str, answer: TestResponse) -> Any:
    """Return the schema an operation promises for an answer's status."""
    answers = operations(description)[operation]["responses"]
    found = answers.get(str(answer.status_code))
    assert found is not None, f"{operation} does not document {answer.status_code}"
    if "$ref" in found:
        found = description["components"]["responses"][found["$ref"].rpartition("/")[2]]
    return found["content"][answer.mimetype]["schema"]


def test_real_answers_are_as_described_and_hold_nothing_else(
    house: House, description: Description
) -> None:
    house.change_site(limits={"ip": Limit(4, 600)}, has_nudge=True)
    key, submit = bearer(house.key()), "POST /v1/sites/{site}/comments"
    own = "{} /v1/sites/{{site}}/comments/{{comment_id}}"
    published = house.publish()
    reply = house.publish(parent=published, content="Une réponse.")
    posted = json_of(house.post(email="claire@gmial.com", headers={"Idempotency-Key": "k"}))
    token, url = {"Edit-Token": posted["edit_token"]}, posted["links"]["self"]
    house.drain()
    client = house.client
    answers = [
        (submit, house.post(email="claire@gmial.com", headers={"Idempotency-Key": "k"})),
        (submit, house.post()),
        (submit, house.post(content=None)),
        (submit, house.post(content=INSULT)),
        (submit, house.post(content="x" * 70_000)),
        (submit, house.post(headers={"Origin": "null"})),
        (submit, house.post_as_server("ek_demo_0_0")),
        (submit, house.post_as_server(house.key(Scope.OPS))),
        (submit, client.post("/v1/sites/demo/comments", data="x", headers=key)),
        (submit, client.post("/v1/sites/nowhere/comments", json={})),
        (submit, client.post("/v1/sites/demo/comments", data="{", headers=key,
                             content_type="application/json")),
        (submit, limited(house)),
        (own.format("GET"), client.get(url, headers=token)),
        (own.format("GET"), client.get(url)),
        (own.format("PATCH"), client.patch(url, headers=token, json={"content": "Corrigé."})),
        (own.format("DELETE"), client.delete(url, headers=token)),
        (own.format("PATCH"), client.patch(url, headers=token, json={"content": "Encore."})),
        ("GET /v1/sites/{site}/form-token", client.get("/v1/sites/demo/form-token")),
        ("GET /v1/sites/{site}/pages/{page}/comments", client.get(thread_url(PAGE))),
        ("GET /v1/sites/{site}/pages/{page}/comments", client.get(f"{thread_url(PAGE)}?cursor=x")),
        ("GET /v1/sites/{site}/comments/{root_id}/replies",
         client.get(f"/v1/sites/demo/comments/{published}/replies")),
        ("GET /v1/sites/{site}/counts", client.get("/v1/sites/demo/counts?page=a")),
        ("POST /v1/sites/{site}/counts", client.post("/v1/sites/demo/counts", json={"pages": []})),
        ("GET /v1/moderation/queue", client.get("/v1/moderation/queue?status=approved",
                                                headers=key)),
        ("GET /v1/moderation/comments/{comment_id}/similar",
         client.get(f"/v1/moderation/comments/{reply}/similar", headers=key)),
        ("GET /v1/moderation/comments/{comment_id}/explanation",
         client.get(f"/v1/moderation/comments/{reply}/explanation", headers=key)),
        ("POST /v1/moderation/decisions", client.post("/v1/moderation/decisions", headers=key,
                                                      json={"id": reply, "action": "spam"})),
        ("POST /v1/moderation/decisions",
         client.post("/v1/moderation/decisions", headers=key,
                     json={"id": reply, "action": "hold", "version": 1})),
        ("GET /v1/ops/summary", client.get("/v1/ops/summary", headers=key)),
        ("GET /v1/ops/dead-letters", client.get("/v1/ops/dead-letters", headers=key)),
        ("POST /v1/ops/dead-letters/retry",
         client.post("/v1/ops/dead-letters/retry", headers=key, json={"ids": [reply]})),
        ("POST /v1/sessions", client.post("/v1/sessions", json={"name": "a", "password": "b"})),
        ("POST /v1/sessions", signed_in(house)),
    ]  # fmt: skip
    components = closed(description)
    statuses = set()
    for operation, answer in answers:
        schema = documented(description, operation, answer)
        checker = OAS31Validator({**schema, "components": components})
        faults = [error.message for error in checker.iter_errors(json_of(answer))]
        assert faults == [], (operation, answer.status_code)
        statuses.add(answer.status_code)
    assert statuses >= {200, 201, 202, 400, 401, 403, 404, 409, 413, 415, 422, 429}


def test_a_key_that_may_not_submit_is_refused_on_an_authors_routes_as_described(
    house: House, description: Description
) -> None:
    url = json_of(house.post())["links"]["self"]
    key = bearer(house.key(Scope.MODERATE))
    own = re.compile(r"(\w+) /v1/sites/{site}/comments/{comment_id}(|/data|/appeal)")
    found = list(filter(None, map(own.fullmatch, operations(description))))
    assert len(found) == 6
    for operation in found:
        method, path = operation.groups()
        answer = house.client.open(f"{url}{path}", method=method, json={}, headers=key)
        assert answer.status_code == 403, operation.group()
        assert documented(description, operation.group(), answer)


def limited(house: House) -> TestResponse:
    for _ in range(5):
        answer = house.post()
    return answer


def signed_in(house: House) -> TestResponse:
    house.session("komla", Role.MODERATOR)
    return house.client.post(
        "/v1/sessions", json={"name": "komla", "password": "a password long enough"}
    )


def test_only_wrappers_that_describe_are_taken_off_a_view() -> None:
    blueprint = Blueprint("made", "made")

    def guarded(view: Callable[[], str]) -> Callable[[], str]:
        @wraps(view)
        def guard() -> str:
            return f"guarded {view()}"

        return guard

    @guarded
    def view() -> str:
        return "view"

    answers: Any = blueprint.response(200)(view)
    described: Any = blueprint.doc(summary="Made for a test")(answers)
    assert described is not view
    assert undescribed(described) is view
    assert view() == "guarded view"


def test_what_is_easily_misread_in_the_overview_is_described(description: Description) -> None:
    schemas = description["components"]["schemas"]
    workers = schemas["Advice"]["properties"]["workers"]
    assert workers["description"] == "How many to add to `workers_alive`."
    held = schemas["Unlooked"]["properties"]["held_unseen"]
    assert "opened or not" in held["description"]

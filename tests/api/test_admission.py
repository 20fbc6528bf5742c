"""Who may post: pages by their origin, servers by their key."""

from __future__ import annotations

import pytest

from service.store.sites import Limit, Scope
from tests.api.house import (
    NAMELESS_ID,
    ORIGIN,
    PAGE,
    House,
    assert_problem,
    bearer,
    comment_fields,
    json_of,
    thread_url,
)

COMMENTS = "/v1/sites/demo/comments"
STRANGER = "http://stranger.test"


def post_with(house: House, **headers: str) -> int:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return house.client.post(COMMENTS, json=comment_fields(), headers=named).status_code


@pytest.mark.parametrize("origin", [ORIGIN, "HTTP://Site.Test"])
def test_a_page_of_the_site_may_post(house: House, origin: str) -> None:
    assert post_with(house, Origin=origin) == 202


@pytest.mark.parametrize(
    "origin",
    ["null", STRANGER, "https://site.test", "http://site.test:8080", "http://site.test.evil.test",
     "http://evil.test/http://site.test", "site.test", "http://sub.site.test"],
)  # fmt: skip
def test_another_origin_may_not_post(house: House, origin: str) -> None:
    answer = house.client.post(COMMENTS, json=comment_fields(), headers={"Origin": origin})
    assert_problem(answer, 403, "origin-not-allowed")
    assert house.stored() == 0


def test_without_an_origin_the_referer_tells_it(house: House) -> None:
    assert post_with(house, Referer=PAGE) == 202
    assert post_with(house, Referer=f"{STRANGER}/a?http://site.test") == 403


def test_an_origin_goes_before_the_referer(house: House) -> None:
    assert post_with(house, Origin="null", Referer=PAGE) == 403
    assert post_with(house, Origin=STRANGER, Referer=PAGE) == 403


@pytest.mark.parametrize("referer", ["", "about:blank", "http://[", "data:text/html,x", "/a"])
def test_a_caller_who_says_nothing_of_itself_is_asked_who_it_is(house: House, referer: str) -> None:
    answer = house.client.post(COMMENTS, json=comment_fields(), headers={"Referer": referer})
    assert_problem(answer, 401, "unauthorised")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_site_without_origins_takes_comments_by_key_only(house: House) -> None:
    house.add_site("closed")
    browser = house.client.post(
        "/v1/sites/closed/comments", json=comment_fields(), headers={"Origin": ORIGIN}
    )
    assert_problem(browser, 403, "origin-not-allowed")
    assert house.post_as_server(site="closed").status_code == 202


def test_a_key_opens_whatever_the_origin(house: House) -> None:
    key = house.key(Scope.SUBMIT)
    assert post_with(house, Authorization=f"Bearer {key}", Origin=STRANGER) == 202
    assert post_with(house, Authorization=f"bearer   {key} ") == 202


def test_a_wrong_key_is_not_saved_by_a_good_origin(house: House) -> None:
    assert post_with(house, Authorization="Bearer ek_demo_00_00", Origin=ORIGIN) == 401


def test_keys_that_open_nothing(house: House) -> None:
    key = house.key(Scope.SUBMIT)
    start, _, secret = key.rpartition("_")
    house.add_site("other")
    revoked = house.key(Scope.SUBMIT)
    house.services.store.sites.revoke_key("demo", revoked.split("_")[2])
    for wrong in (
        f"{start}_{'0' * 40}",
        f"{start}_{secret[:-1]}",
        f"{start}_",
        key.upper(),
        house.key(Scope.SUBMIT, site="other"),
        key.replace("ek_demo", "ek_other"),
        revoked,
        "ek_demo",
        "",
        "es_" + "x" * 43,
    ):
        answer = house.client.post(COMMENTS, json=comment_fields(), headers=bearer(wrong))
        assert_problem(answer, 401, "unauthorised")
    assert house.post_as_server(key).status_code == 202


@pytest.mark.parametrize("scope", [Scope.MODERATE, Scope.OPS])
def test_a_key_without_the_scope_may_not_post(house: House, scope: Scope) -> None:
    answer = house.post_as_server(house.key(scope))
    assert assert_problem(answer, 403, "scope-missing")["needed_scope"] == "submit"
    assert house.stored() == 0


def test_a_preflight_of_the_sites_origin_is_answered_with_what_it_may_send(house: House) -> None:
    answer = house.client.options(
        COMMENTS,
        headers={
            "Origin": ORIGIN,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "content-type,idempotency-key",
        },
    )
    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "POST" in answer.headers["Access-Control-Allow-Methods"]
    allowed = answer.headers["Access-Control-Allow-Headers"].lower()
    for name in ("content-type", "idempotency-key", "edit-token"):
        assert name in allowed
    assert "Origin" in answer.headers["Vary"]
    assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.parametrize("path", [COMMENTS, f"{COMMENTS}/{NAMELESS_ID}", thread_url(PAGE)])
def test_every_route_of_a_site_answers_preflights(house: House, path: str) -> None:
    headers = {"Origin": ORIGIN, "Access-Control-Request-Method": "PATCH"}
    answer = house.client.options(path, headers=headers)
    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN


def test_a_preflight_of_a_stranger_allows_nothing(house: House) -> None:
    headers = {"Origin": STRANGER, "Access-Control-Request-Method": "POST"}
    answer = house.client.options(COMMENTS, headers=headers)
    assert not [name for name, _ in answer.headers if name.startswith("Access-Control-")]
    assert "Origin" in answer.headers["Vary"]


def test_the_sites_pages_may_read_every_answer_also_errors(house: House) -> None:
    house.change_site(limits={"ip": Limit(1, 600)})
    accepted = house.post()
    limited = house.post()
    answers = {
        202: accepted,
        429: limited,
        422: house.post(content=None),
        404: house.client.get(f"{COMMENTS}/nothing", headers={"Origin": ORIGIN}),
        413: house.post(content="x" * 70_000),
        200: house.client.get(thread_url(PAGE), headers={"Origin": ORIGIN}),
        304: house.client.get(
            thread_url(PAGE),
            headers={
                "Origin": ORIGIN,
                "If-None-Match": house.client.get(thread_url(PAGE)).headers["ETag"],
            },
        ),
    }
    for status, answer in answers.items():
        assert answer.status_code == status
        assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
        assert "Origin" in answer.headers["Vary"]
    exposed = limited.headers["Access-Control-Expose-Headers"]
    for name in ("Retry-After", "RateLimit", "RateLimit-Policy", "X-Request-ID"):
        assert name in exposed
        assert name in limited.headers


def test_a_stranger_may_read_no_answer(house: House) -> None:
    answer = house.client.get(thread_url(PAGE), headers={"Origin": STRANGER})
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert "Origin" in answer.headers["Vary"]


def test_answers_without_an_origin_vary_with_it_too(house: House) -> None:
    assert "Origin" in house.client.get(thread_url(PAGE)).headers["Vary"]


def test_moderation_is_not_for_other_origins(house: House) -> None:
    headers = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST"}
    answer = house.client.options("/v1/moderation/decisions", headers=headers)
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_the_form_token_and_threads_need_no_key(house: House) -> None:
    assert json_of(house.client.get("/v1/sites/demo/form-token"))["form_token"]
    assert house.client.get(thread_url(PAGE)).status_code == 200

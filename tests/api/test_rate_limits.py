"""How much may come from one address, author, site or page."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from werkzeug.test import TestResponse

from config.settings import Settings
from service.app import create_app
from service.store.sites import DEFAULT_LIMITS, Limit
from service.store.store import Store
from tests.api.house import ORIGIN, House, assert_problem, comment_fields, pipeline

COMMENTS = "/v1/sites/demo/comments"
HELD_APART = {
    "ip": [{"email": "a@example.org", "page": "p1"}, {"email": "b@example.org", "page": "p2"}],
    "email": [{"email": "a@example.org", "page": "p1"}, {"email": "A@example.org", "page": "p2"}],
    "site": [{"email": "a@example.org", "page": "p1"}, {"email": "b@example.org", "page": "p2"}],
    "page": [{"email": "a@example.org", "page": "p1"}, {"email": "b@example.org", "page": "p1"}],
}


def from_address(house: House, ip: str, forwarded: str = "", **fields: str) -> TestResponse:
    headers = {"Origin": ORIGIN, **({"X-Forwarded-For": forwarded} if forwarded else {})}
    return house.client.post(
        COMMENTS, json=comment_fields(**fields), headers=headers, environ_base={"REMOTE_ADDR": ip}
    )


@pytest.mark.parametrize("dimension", HELD_APART)
def test_each_limit_refuses_what_goes_beyond_it(house: House, dimension: str) -> None:
    house.change_site(limits={dimension: Limit(1, 600)})
    first, second = HELD_APART[dimension]
    assert house.post(None, **first).status_code == 202
    limited = house.post(None, **second)
    problem = assert_problem(limited, 429, "rate-limited")
    assert problem["limits"] == dimension
    assert 1 <= int(limited.headers["Retry-After"]) <= 600
    assert limited.headers["Retry-After"] in problem["detail"]
    assert house.stored() == 1


def test_others_are_not_limited_with_them(house: House) -> None:
    house.change_site(limits={"ip": Limit(1, 600), "email": Limit(1, 600), "page": Limit(1, 600)})
    assert from_address(house, "192.0.2.1").status_code == 202
    other = {"email": "other@example.org", "page": "http://site.test/other"}
    assert from_address(house, "192.0.2.2", **other).status_code == 202


def test_a_burst_is_allowed_to_the_last_one(house: House) -> None:
    house.change_site(limits={"ip": Limit(5, 600)})
    assert [house.post().status_code for _ in range(7)] == [202] * 5 + [429] * 2


def test_a_refused_comment_uses_up_no_other_limit(house: House) -> None:
    house.change_site(limits={"ip": Limit(1, 600), "email": Limit(2, 600)})
    for _ in range(5):
        from_address(house, "192.0.2.1")
    assert from_address(house, "192.0.2.2").status_code == 202


def test_every_answer_tells_the_callers_own_limits_and_what_is_left(house: House) -> None:
    house.change_site(limits={**DEFAULT_LIMITS, "ip": Limit(3, 600), "email": Limit(2, 60)})
    answers = [house.post() for _ in range(3)]
    for answer in answers:
        assert answer.headers["RateLimit-Policy"] == '"ip";q=3;w=600, "email";q=2;w=60'
    left = [re.findall(r"r=(\d+)", answer.headers["RateLimit"]) for answer in answers]
    assert left == [["2", "1"], ["1", "0"], ["0", "0"]]
    assert [answer.status_code for answer in answers] == [202, 202, 429]


def test_what_the_site_and_the_page_have_left_is_not_told(house: House) -> None:
    house.change_site(limits={"site": Limit(5, 600), "page": Limit(5, 600)})
    assert "RateLimit" not in house.post().headers


def test_a_site_may_have_no_limits(house: House) -> None:
    house.change_site(limits={})
    assert {house.post().status_code for _ in range(30)} == {202}


def test_a_forwarded_address_is_not_believed_of_just_anybody(house: House) -> None:
    house.change_site(limits={"ip": Limit(1, 600)})
    assert from_address(house, "192.0.2.1", "203.0.113.1").status_code == 202
    assert from_address(house, "192.0.2.1", "203.0.113.2").status_code == 429


def test_behind_trusted_proxies_the_forwarded_address_counts(
    store: Store, settings: Settings
) -> None:
    assert store.sites.names() == ["demo"]
    behind = House(create_app(replace(settings, trusted_proxies=1)))
    behind.replace(pipeline=pipeline)
    behind.change_site(limits={"ip": Limit(1, 600)})
    assert from_address(behind, "192.0.2.1", "203.0.113.1").status_code == 202
    assert from_address(behind, "192.0.2.1", "203.0.113.2").status_code == 202
    assert from_address(behind, "192.0.2.1", "203.0.113.2").status_code == 429
    # What a client put there itself stands before what our proxy added.
    assert from_address(behind, "192.0.2.1", "203.0.113.99, 203.0.113.2").status_code == 429
    behind.services.store.client.close()


def test_a_server_is_limited_by_the_visitors_address_it_names(house: House) -> None:
    house.change_site(limits={"ip": Limit(1, 600)})
    key = house.key()
    statuses = [
        house.post_as_server(key, ip=ip).status_code
        for ip in ("203.0.113.1", "203.0.113.2", "203.0.113.1", "2001:db8::1", "2001:DB8:0::1")
    ]
    assert statuses == [202, 202, 429, 202, 429]


def test_a_server_that_names_no_visitor_is_not_limited_as_one(house: House) -> None:
    house.change_site(limits={"ip": Limit(1, 600)})
    key = house.key()
    assert [house.post_as_server(key).status_code for _ in range(3)] == [202] * 3

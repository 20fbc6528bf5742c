"""Operators' routes to what is measured."""

from __future__ import annotations

from typing import Any

import pytest

from service.store.queue.filters import Filters, Sort
from service.store.sites import Scope
from service.store.staff.accounts import Role
from tests.api.house import (
    INSULT,
    ORIGIN,
    SPAM,
    House,
    assert_problem,
    bearer,
    errors_of,
    json_of,
)

ROUTES = ("overview", "workers", "queues", "checks", "charts")


def asked(house: House, what: str, token: str = "", **query: Any) -> dict[str, Any]:
    headers = {**bearer(token or house.key(Scope.OPS)), "Accept-Language": "fr"}
    answer = house.client.get(f"/v1/ops/{what}", query_string=query, headers=headers)
    assert answer.status_code == 200, answer.json
    assert answer.headers["Cache-Control"] == "no-store"
    return json_of(answer)


def test_the_overview_tells_rates_mix_latency_and_what_waits(house: House) -> None:
    asked(house, "overview")
    house.publish()
    house.post(content=SPAM)
    house.drain()
    house.change_site(policy={"premoderation": "all"})
    house.post(content="Une question sur la photo.", email="a@example.org")
    house.drain()
    house.post(content="Encore une.", email="b@example.org")
    found = asked(house, "overview")
    assert found["verdicts"] == {"approved": 1, "spam": 1, "held": 1}
    assert found["latency"]["count"] == 3
    assert found["latency"]["p50_ms"] <= found["latency"]["p99_ms"]
    waiting = {name: found["unlooked"][name] for name in ("inbox", "unscreened", "held_unseen")}
    assert waiting == {"inbox": 1, "unscreened": 0, "held_unseen": 1}
    assert found["unlooked"]["total"] == 2
    assert found["unlooked"]["held_untouched"] == 1
    (waits,) = house.services.store.queue.find("demo", Filters(), Sort.OLDEST, 5, "").records
    house.services.store.claims.take("demo", waits.comment.id, "account:mo", 1)
    again = asked(house, "overview")["unlooked"]
    assert again == found["unlooked"] | {"held_untouched": 0, "oldest_s": again["oldest_s"]}
    assert found["settled_rate"] > 0


def test_alerts_and_advice_are_told_in_the_callers_language(house: House) -> None:
    found = asked(house, "overview")
    (alert,) = [each for each in found["alerts"] if each["kind"] == "no_worker"]
    assert alert["message"].startswith("Aucun worker")
    assert found["advice"] == found["advice"] | {"kind": "start"}
    assert found["advice"]["message"].startswith("Démarrez")


def test_the_time_of_each_check_is_told(house: House) -> None:
    house.publish()
    checks = {check["name"]: check for check in asked(house, "checks")["checks"]}
    assert len(checks) > 10
    assert all(check["comments"] == 1 and check["calls"] == 1 for check in checks.values())
    assert any(check["mean_ms"] > 0 for check in checks.values())


def test_the_queues_of_both_kinds_are_told(house: House) -> None:
    house.post()
    found = asked(house, "queues")
    (inbox,) = found["inboxes"]
    assert (inbox["site"], inbox["depth"]) == ("demo", 1)
    assert inbox["oldest_s"] >= 0
    rq = {queue["name"]: queue for queue in found["rq"]}
    assert (rq["moderate"]["depth"], rq["maintenance"]["depth"]) == (1, 0)
    assert rq["moderate"]["oldest_s"] >= 0


def test_a_chart_is_told_alone_or_with_all_others(house: House) -> None:
    house.publish()
    (series,) = asked(house, "charts", span="24h", measure="approved")["series"]
    assert (series["span"], series["step_s"], len(series["values"])) == ("24h", 300, 288)
    assert sum(value or 0 for value in series["values"]) > 0
    assert len(asked(house, "charts")["series"]) > 10


def test_what_is_no_span_or_measure_is_refused(house: House) -> None:
    headers = bearer(house.key(Scope.OPS))
    for query in ({"span": "2h"}, {"measure": "luck"}):
        answer = house.client.get("/v1/ops/charts", query_string=query, headers=headers)
        assert errors_of(answer).keys() == query.keys()


def test_an_operator_sees_the_sites_that_are_theirs(house: House) -> None:
    house.add_site("other", origins=(ORIGIN,))
    house.post_as_server(site="other")
    whole = house.session("op", Role.OPS)
    assert [each["site"] for each in asked(house, "queues", whole)["inboxes"]] == ["demo", "other"]
    assert asked(house, "overview", whole)["unlooked"]["inbox"] == 1
    assert asked(house, "overview", whole, site="demo")["unlooked"]["inbox"] == 0
    part = house.session("half", Role.OPS, frozenset({"demo"}))
    assert [each["site"] for each in asked(house, "queues", part)["inboxes"]] == ["demo"]
    refused = house.client.get("/v1/ops/overview?site=other", headers=bearer(part))
    assert refused.status_code == 404


@pytest.mark.parametrize("route", ROUTES)
def test_measurements_are_for_operators(house: House, route: str) -> None:
    path = f"/v1/ops/{route}"
    assert_problem(house.client.get(path), 401, "unauthorised")
    for token in (house.key(Scope.MODERATE), house.session("mo", Role.MODERATOR)):
        assert_problem(house.client.get(path, headers=bearer(token)), 403, "scope-missing")


def test_nothing_measured_holds_content_or_addresses(house: House) -> None:
    house.post(content=INSULT, email="jane@example.org", author="Jane Roe")
    house.drain()
    told = " ".join(str(asked(house, route)) for route in ROUTES)
    redis: Any = house.services.store.client
    for name in redis.keys("ecluse:{[*]}:ops:*"):
        told += str(redis.hgetall(name)) if redis.type(name) == b"hash" else ""
    for word in ("connard", "jane", "Jane", "127.0.0.1"):
        assert word not in told

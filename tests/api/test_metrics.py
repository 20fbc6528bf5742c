"""`/metrics`: what it tells, in which bounds, and whom."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from math import inf

import pytest
from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client.parser import text_string_to_metric_families
from werkzeug.test import TestResponse

from config.settings import Settings, SettingsInvalid
from service.app import create_app
from service.metrics.figures import NAMED
from service.metrics.work import MOST_KINDS, work_families
from service.store.keys import TRAFFIC
from service.store.server.embedded import ServerUrls
from service.store.telemetry.buckets import LAST, bound_of, bucket_of
from service.store.telemetry.views import CheckTotals, Totals
from tests.api.house import ORIGIN, House, assert_problem, bearer, json_of

LOOPBACK = {"REMOTE_ADDR": "127.0.0.1"}


@pytest.fixture
def opened() -> Iterator[list[House]]:
    """Houses to be closed at the end."""
    houses: list[House] = []
    yield houses
    for each in houses:
        each.services.store.client.close()


def scrape(house: House) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
    """Return the samples by name and labels."""
    answer = house.client.get("/metrics", environ_base=LOOPBACK)
    assert answer.status_code == 200, answer.text
    found: dict[str, dict[tuple[tuple[str, str], ...], float]] = {}
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            key = tuple(sorted(sample.labels.items()))
            assert key not in found.setdefault(sample.name, {}), (sample.name, key)
            found[sample.name][key] = sample.value
    return found


def value(house: House, name: str, **labels: str) -> float:
    return scrape(house)[name][tuple(sorted(labels.items()))]


def asked_from(house: House, address: str, **headers: str) -> TestResponse:
    return house.client.get("/metrics", environ_base={"REMOTE_ADDR": address}, headers=headers)


def test_a_comment_is_counted_where_it_stands_at_every_step(house: House) -> None:
    house.post()
    assert value(house, "ecluse_comments_accepted_total", site="demo") == 1
    assert value(house, "ecluse_inbox_comments", site="demo") == 1
    house.drain()
    assert value(house, "ecluse_inbox_comments", site="demo") == 0
    assert value(house, "ecluse_comments_settled_total", site="demo") == 1


def test_what_waits_shows_for_how_long(house: House) -> None:
    house.set_aside()
    house.post()
    assert value(house, "ecluse_dead_letters", site="demo") == 1
    assert value(house, "ecluse_unscreened_comments", site="demo") == 1
    assert value(house, "ecluse_unscreened_oldest_seconds", site="demo") > 0
    assert value(house, "ecluse_inbox_oldest_seconds", site="demo") > 0
    assert value(house, "ecluse_rq_jobs", queue="moderate", state="waiting") == 1


def test_one_process_tells_what_all_of_them_answered(
    house: House, settings: Settings, opened: list[House]
) -> None:
    neighbour = House(create_app(settings))
    opened.append(neighbour)
    house.post()
    neighbour.post()
    neighbour.services.requests.flush()
    name = "ecluse_http_request_duration_seconds_count"
    labels = {"method": "POST", "route": "/v1/sites/<site>/comments", "status": "2xx"}
    assert value(house, name, **labels) == 2
    assert value(neighbour, name, **labels) == 2


def test_no_request_can_invent_a_label(house: House) -> None:
    for path in ("/nowhere/1", "/nowhere/2", "/v1/sites/demo/comments/xyz"):
        house.client.get(path)
    for method in ("BREW", "PROPFIND"):
        house.client.open("/healthz", method=method)
    series = scrape(house)["ecluse_http_request_duration_seconds_count"]
    labels = [dict(key) for key in series]
    routes = {"unmatched", "/v1/sites/<site>/comments/<comment_id>"}
    assert {each["route"] for each in labels} == routes
    assert {each["method"] for each in labels} == {"GET", "other"}
    assert {each["status"] for each in labels} <= {"2xx", "4xx"}


def test_counting_asks_the_store_nothing_until_it_is_flushed(house: House) -> None:
    client = house.services.store.client
    house.client.get("/healthz")
    assert not client.exists(TRAFFIC)
    house.services.requests.flush()
    assert client.exists(TRAFFIC)


def test_counts_that_could_not_be_written_are_written_later(house: House) -> None:
    def refuse(_tallies: object) -> None:
        raise ConnectionError

    requests = house.services.requests
    write = requests._write
    requests._write = refuse
    house.client.get("/healthz")
    requests.flush()
    house.client.get("/healthz")
    requests._write = write
    labels = {"method": "GET", "route": "/healthz", "status": "2xx"}
    assert value(house, "ecluse_http_request_duration_seconds_count", **labels) == 2


def test_sites_beyond_a_bound_share_one_label(house: House) -> None:
    for number in range(NAMED + 5):
        house.add_site(f"a{number:03}")
    house.add_site("zz", origins=(ORIGIN,))
    for site in ("zz", "demo"):
        house.post_as_server(site=site)
    found = scrape(house)
    series = found["ecluse_comments_accepted_total"]
    assert len(series) == NAMED + 1
    assert series[(("site", "other"),)] == 2
    assert found["ecluse_inbox_comments"][(("site", "other"),)] == 2
    assert found["ecluse_inbox_oldest_seconds"][(("site", "other"),)] > 0


def test_a_site_called_other_is_counted_with_the_others(house: House) -> None:
    for number in range(NAMED):
        house.add_site(f"m{number:03}")
    house.add_site("other")
    assert len(scrape(house)["ecluse_comments_accepted_total"]) == NAMED + 1


def test_a_store_that_is_away_is_told_and_no_error(settings: Settings, house: House) -> None:
    collector = house.services.collector
    collector._urls = ServerUrls("unix:///nowhere.sock", settings.queue_url)
    found = scrape(house)
    assert found["ecluse_redis_up"] == {(("server", "queue"),): 1, (("server", "store"),): 0}
    parts = {dict(key)["part"]: up for key, up in found["ecluse_metrics_part_ok"].items()}
    assert parts
    assert not any(parts.values())


def test_open_metrics_is_spoken_to_who_asks_for_it(house: House) -> None:
    house.post()
    wish = {"Accept": "application/openmetrics-text; version=1.0.0"}
    answer = house.client.get("/metrics", environ_base=LOOPBACK, headers=wish)
    assert answer.mimetype == "application/openmetrics-text"
    assert list(openmetrics.text_string_to_metric_families(answer.text))  # type: ignore[no-untyped-call]


def test_only_the_machine_itself_may_read_by_default(house: House) -> None:
    assert asked_from(house, "127.0.0.1").status_code == 200
    assert asked_from(house, "::1").status_code == 200
    assert asked_from(house, "::ffff:127.0.0.1").status_code == 200
    assert_problem(asked_from(house, "192.0.2.7"), 403, "address-not-allowed")
    assert_problem(asked_from(house, ""), 403, "address-not-allowed")
    assert "ECLUSE_METRICS_TOKEN" in json_of(asked_from(house, "192.0.2.7"))["detail"]


def test_a_proxy_nobody_told_of_lends_its_address_to_no_one(house: House) -> None:
    for header in ("X-Forwarded-For", "Forwarded", "Via"):
        answer = house.client.get("/metrics", environ_base=LOOPBACK, headers={header: "x"})
        assert answer.status_code == 403


def test_networks_open_where_they_are_named_also_behind_trusted_proxies(
    settings: Settings, opened: list[House]
) -> None:
    named = replace(settings, metrics_allow=("198.51.100.0/24",), trusted_proxies=1)
    house = House(create_app(named))
    opened.append(house)
    through = {"X-Forwarded-For": "203.0.113.9, 198.51.100.4"}
    assert house.client.get("/metrics", headers=through).status_code == 200
    forged = {"X-Forwarded-For": "198.51.100.4, 203.0.113.9"}
    assert house.client.get("/metrics", headers=forged).status_code == 403


def test_a_token_opens_from_anywhere_and_nothing_else_does(
    settings: Settings, opened: list[House]
) -> None:
    house = House(create_app(replace(settings, metrics_token="a token of ours")))
    opened.append(house)
    assert asked_from(house, "192.0.2.7", **bearer("a token of ours")).status_code == 200
    assert_problem(asked_from(house, "127.0.0.1"), 401, "unauthorised")
    assert_problem(asked_from(house, "127.0.0.1", **bearer("ünlike")), 401, "unauthorised")


def test_networks_that_are_none_are_refused_at_start(settings: Settings) -> None:
    with pytest.raises(SettingsInvalid, match="ECLUSE_METRICS_ALLOW"):
        create_app(replace(settings, metrics_allow=("here",)))


def test_what_workers_measured_is_told_as_ever_growing_counts() -> None:
    totals = Totals(
        batches=3,
        reviewed=100,
        busy_s=2.5,
        verdicts={"approved": 90, "spam": 10},
        unscreened=1,
        latency_buckets=(*((2.0**n / 4_000, n) for n in range(100)), (inf, 100)),
        latency_sum_s=12.0,
        checks={"spam.links": CheckTotals(100, 10, 0.25, 1, {f"Kind{n}": 1 for n in range(30)})},
    )
    found = {family.name: family for family in work_families(totals)}
    assert {sample.labels["status"]: sample.value for sample in found["ecluse_verdicts"].samples} \
        == {"approved": 90, "spam": 10}  # fmt: skip
    failures = found["ecluse_check_failures"].samples
    assert len(failures) == MOST_KINDS + 1
    assert sum(sample.value for sample in failures) == 30
    buckets = [sample for sample in found["ecluse_verdict_latency_seconds"].samples
               if sample.name.endswith("_bucket")]  # fmt: skip
    assert len(buckets) < 25
    assert [sample.value for sample in buckets] == sorted(sample.value for sample in buckets)
    assert (buckets[-1].labels["le"], buckets[-1].value) == ("+Inf", 100)


def test_a_bucket_holds_what_was_at_or_under_its_bound() -> None:
    counts = Counter(map(bucket_of, (1, 3, 5, 130)))
    rows, seen = [], 0
    for bucket in range(LAST):
        seen += counts[bucket]
        rows.append((bound_of(bucket) / 1000, seen))
    totals = Totals(1, 4, 0.1, {}, 0, (*rows, (inf, 4)), 0.139, {})
    family = next(each for each in work_families(totals)
                  if each.name == "ecluse_verdict_latency_seconds")  # fmt: skip
    told = {sample.labels.get("le"): sample.value for sample in family.samples}
    assert (told["0.002"], told["0.004"], told["0.008"]) == (1, 2, 3)
    assert (told["0.128"], told["0.256"], told["+Inf"]) == (3, 4, 4)

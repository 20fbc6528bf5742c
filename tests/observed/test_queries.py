"""Alert rules and dashboard: every query in them asks for what the service really exposes."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import promql_parser as promql
import pytest
import yaml

from service.metrics.requests import METHODS, OTHER
from service.store.sites import Changer
from service.store.telemetry.roll import Left, Present, Roll
from service.store.telemetry.views import WorkerState
from service.store.webhooks.webhooks import What
from tests.api.house import House

DEPLOY = Path(__file__).parents[2] / "config" / "deploy"
ALERTS = DEPLOY / "prometheus" / "alerts.yml"
DASHBOARD = DEPLOY / "grafana" / "ecluse.json"
OF_PROMETHEUS = frozenset({"job", "instance"})
GRAFANA = {"$__rate_interval": "5m", "$site": ".*"}

Labels = frozenset[str]


class Wrong(Exception):
    """Say what a query asks for that is not there."""


@dataclass(frozen=True)
class Exposed:
    """Hold what the service exposes: the labels of each name, and the values labels have."""

    labels: dict[str, Labels]
    values: dict[str, frozenset[str]]


@pytest.fixture(scope="module")
def alerts() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load(ALERTS.read_text("utf-8"))["groups"]
    rules: list[dict[str, Any]] = group["rules"]
    return rules


@pytest.fixture(scope="module")
def panels() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(DASHBOARD.read_text("utf-8"))["panels"]
    return [panel for panel in found if panel["type"] != "row"]


@pytest.fixture
def exposed(house: House) -> Exposed:
    by = Changer("cli", 0)
    house.services.store.webhooks.create("demo", "https://example.org", [What.VERDICT], "", by)
    house.post()
    house.client.get("/healthz")
    labels: dict[str, Labels] = {"up": OF_PROMETHEUS}
    values: dict[str, set[str]] = {
        "job": {"ecluse"},
        "route": {rule.rule for rule in house.app.url_map.iter_rules()},
        "method": {*METHODS, OTHER},
        "status": {f"{hundreds}xx" for hundreds in range(1, 6)},
        "state": set(WorkerState),
        "server": {"store", "queue"},
    }
    for family in house.services.collector.collect():
        own = frozenset(family._labelnames) | OF_PROMETHEUS  # type: ignore[attr-defined]
        for name, more in _names(family.name, family.type):
            labels[name] = own | more
        for sample in family.samples:
            for label, value in sample.labels.items():
                values.setdefault(label, set()).add(value)
    return Exposed(labels, {label: frozenset(found) for label, found in values.items()})


def _names(name: str, kind: str) -> Iterator[tuple[str, Labels]]:
    if kind == "counter":
        yield f"{name}_total", frozenset()
    elif kind == "histogram":
        yield f"{name}_bucket", frozenset({"le"})
        yield f"{name}_count", frozenset()
        yield f"{name}_sum", frozenset()
    else:
        yield name, frozenset()


def labels_of(query: str, exposed: Exposed) -> Labels:
    """Return the labels of a query's result; raise ``Wrong`` for what is not exposed."""
    for variable, value in GRAFANA.items():
        query = query.replace(variable, value)
    return _labels(promql.parse(query), exposed)


def _labels(expression: Any, exposed: Exposed) -> Labels:
    match expression:
        case promql.VectorSelector():
            return _selected(expression, exposed)
        case promql.MatrixSelector():
            return _selected(expression.vector_selector, exposed)
        case promql.AggregateExpr():
            return _aggregated(expression, exposed)
        case promql.BinaryExpr():
            left, right = (_labels(side, exposed) for side in (expression.lhs, expression.rhs))
            return left or right
        case promql.Call():
            found = frozenset[str]().union(*(_labels(each, exposed) for each in expression.args))
            return found - {"le"} if expression.func.name == "histogram_quantile" else found
        case promql.NumberLiteral() | promql.StringLiteral():
            return frozenset()
        case promql.ParenExpr() | promql.UnaryExpr() | promql.SubqueryExpr():
            return _labels(expression.expr, exposed)
    raise Wrong(f"unknown: {expression!r}")


def _selected(selector: Any, exposed: Exposed) -> Labels:
    if selector.name not in exposed.labels:
        raise Wrong(f"metric {selector.name}")
    labels = exposed.labels[selector.name]
    for matcher in selector.matchers.matchers:
        if matcher.name not in labels:
            raise Wrong(f"label {matcher.name} of {selector.name}")
        known = exposed.values.get(matcher.name, frozenset())
        for pattern in _patterns(matcher):
            if not any(re.fullmatch(pattern, value) for value in known):
                raise Wrong(f"value {pattern} of {matcher.name}")
    return labels


def _patterns(matcher: Any) -> list[str]:
    """Return each alternative of what a matcher asks for; each must be possible."""
    if matcher.op in (promql.MatchOp.Re, promql.MatchOp.NotRe):
        return str(matcher.value).split("|")
    return [re.escape(matcher.value)]


def _aggregated(expression: Any, exposed: Exposed) -> Labels:
    inner = _labels(expression.expr, exposed)
    if str(expression.op) in {"topk", "bottomk"}:
        return inner
    kept = frozenset(expression.modifier.labels) if expression.modifier else frozenset[str]()
    if kept - inner:
        raise Wrong(f"labels {set(kept - inner)}")
    return kept


def test_every_alert_asks_for_what_is_exposed(
    alerts: list[dict[str, Any]], exposed: Exposed
) -> None:
    assert len(alerts) > 15
    for rule in alerts:
        labels = labels_of(rule["expr"], exposed)
        told = set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]))
        assert told <= labels, rule["alert"]


def test_workers_that_are_merely_suspended_are_no_absence(
    alerts: list[dict[str, Any]], house: House
) -> None:
    (rule,) = [rule for rule in alerts if rule["alert"] == "EcluseNoWorker"]
    absent: Any = promql.parse(rule["expr"])
    alive = absent.lhs.lhs.expr
    assert chosen(alive, house) == 0
    stand_in_for_a_worker(house)
    assert chosen(alive, house) == 1
    house.services.telemetry.suspend("cli", now_ms())
    assert chosen(promql.parse('ecluse_workers{state="suspended"}'), house) == 1
    assert chosen(alive, house) == 1
    (told,) = [rule for rule in alerts if rule["alert"] == "EcluseWorkersSuspended"]
    assert told["labels"]["severity"] == "warning"
    held_up: Any = promql.parse(told["expr"])
    assert chosen(held_up.lhs, house) == 1
    Roll(house.services.store.client).call([], [Left("w", -9)], now_ms())
    assert chosen(alive, house) == 0


def stand_in_for_a_worker(house: House) -> None:
    """Leave the traces of an idle worker, on the roll and with RQ."""
    Roll(house.services.store.client).call([Present("w", "here", 7, now_ms(), 0)], [], now_ms())
    queue: Any = house.services.readiness.queue
    queue.sadd("rq:workers", "rq:worker:w")
    fields = {"pid": 7, "hostname": "here", "state": "idle",
              "last_heartbeat": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"}  # fmt: skip
    queue.hset("rq:worker:w", mapping=fields)


def chosen(selector: Any, house: House) -> float:
    """Return the sum of what a selector chooses of the metrics now."""
    return sum(
        sample.value
        for family in house.services.collector.collect()
        for sample in family.samples
        if sample.name == selector.name
        and all(_fits(matcher, sample.labels) for matcher in selector.matchers.matchers)
    )


def _fits(matcher: Any, labels: Mapping[str, str]) -> bool:
    is_one = any(re.fullmatch(each, labels[matcher.name]) for each in _patterns(matcher))
    return is_one is (matcher.op in (promql.MatchOp.Equal, promql.MatchOp.Re))


def now_ms() -> int:
    return round(time.time() * 1000)


def test_every_panel_asks_for_what_is_exposed(
    panels: list[dict[str, Any]], exposed: Exposed
) -> None:
    queries = [(panel["title"], target) for panel in panels for target in panel["targets"]]
    assert len(queries) > 40
    for title, target in queries:
        labels = labels_of(target["expr"], exposed)
        told = set(re.findall(r"\{\{\s*(\w+)\s*\}\}", target["legendFormat"]))
        assert told <= labels, title


def test_the_dashboards_own_choice_of_sites_asks_for_what_is_exposed(exposed: Exposed) -> None:
    variables = json.loads(DASHBOARD.read_text("utf-8"))["templating"]["list"]
    (query,) = [each["query"]["query"] for each in variables if each["type"] == "query"]
    found = re.fullmatch(r"label_values\((\w+), (\w+)\)", query)
    assert found is not None
    assert found[2] in exposed.labels[found[1]]


def test_alerts_have_names_of_their_own_and_say_how_bad_they_are(
    alerts: list[dict[str, Any]],
) -> None:
    names = [rule["alert"] for rule in alerts]
    assert len(names) == len(set(names))
    assert {rule["labels"]["severity"] for rule in alerts} == {"critical", "warning"}
    assert all(rule["annotations"]["summary"].strip() for rule in alerts)


def test_panels_stand_beside_each_other_and_have_numbers_of_their_own() -> None:
    dashboard = json.loads(DASHBOARD.read_text("utf-8"))
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(ids) == len(set(ids))
    taken: set[tuple[int, int]] = set()
    for place in (panel["gridPos"] for panel in dashboard["panels"]):
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken
        assert max(x for x, _ in cells) < 24
        taken |= cells


@pytest.mark.parametrize(
    "query",
    [
        "ecluse_nothing",
        "rate(ecluse_comments_accepted[5m])",
        'ecluse_workers{mood="good"}',
        'ecluse_workers{state="asleep"}',
        'ecluse_workers{state=~"idle|asleep"}',
        'rate(ecluse_http_request_duration_seconds_count{route="/v1/nowhere"}[5m])',
        "sum by (site) (ecluse_workers)",
        "1 + ecluse_nothing",
    ],
)
def test_a_query_for_what_is_not_exposed_is_found_out(query: str, exposed: Exposed) -> None:
    with pytest.raises(Wrong):
        labels_of(query, exposed)

"""Every check that fails or falls silent raises an alarm: on the page, as JSON, in the metrics."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from html import unescape
from pathlib import Path
from typing import Any

import pytest
import yaml

from config.settings import EncoderUse, RemoteUse, Settings
from service.api.services import Services
from service.judge import build_worker_judge
from service.moderation.batch import Batch, Check
from service.moderation.checks import CHECK_NAMES
from service.moderation.custom_rules import CHECK as CUSTOM_RULES
from service.moderation.pipeline import Pipeline
from service.moderation.signal import Signal
from service.store.sites import Scope
from service.store.staff.accounts import Role
from tests.api.house import House, app_over, bearer, json_of
from tests.compat.perspective.caller import Caller
from tests.conftest import free_port
from tests.observed.test_queries import ALERTS
from tests.web.staff import staffer

ENCODER, REMOTE = "toxicity.encoder", "remote"
BY_GOING_WITHOUT = {ENCODER, REMOTE}
"""Those whose failure holds nothing: the comment is judged without them."""


@dataclass(frozen=True)
class Broken:
    """A check in the place of another, which raises."""

    name: str

    def review(self, _batch: Batch) -> Sequence[Sequence[Signal]]:
        """Raise what nobody expects."""
        raise RuntimeError(self.name)


@pytest.fixture
def judge(tmp_path: Path) -> Pipeline:
    """The workers' pipeline with an encoder that cannot be read, and nobody at the remote end."""
    damaged = tmp_path / "model.onnx"
    damaged.write_bytes(b"no model")
    settings = Settings(
        encoder=EncoderUse.ALWAYS,
        encoder_model=str(damaged),
        remote=RemoteUse.SCORES,
        remote_url=f"http://127.0.0.1:{free_port()}",
    )
    return build_worker_judge(settings)


def told(house: House) -> dict[str, dict[str, str]]:
    """Return the alerts by kind and subject: how bad."""
    answer = house.client.get("/v1/ops/overview", headers=bearer(house.key(Scope.OPS)))
    found: dict[str, dict[str, str]] = {}
    for alert in json_of(answer)["alerts"]:
        found.setdefault(alert["kind"], {})[alert["subject"]] = alert["severity"]
    return found


def lamps(house: House, name: str) -> set[str]:
    """Return the checks of which a gauge says 1."""
    return {
        sample.labels["check"]
        for family in house.services.collector.collect()
        for sample in family.samples
        if sample.name == name and sample.value == 1
    }


def page(house: House) -> str:
    who = staffer(house, "Odile", Role.OPS)
    answer = who.get("/ops/", headers={"Accept-Language": "en"})
    return unescape(answer.get_data(as_text=True))


def broken(judge: Pipeline) -> Iterator[Check]:
    for check in judge.checks:
        yield check if check.name in BY_GOING_WITHOUT else Broken(check.name)


def test_each_check_that_fails_raises_an_alarm_with_the_first_comment(
    house: House, judge: Pipeline
) -> None:
    house.post()
    house.drain(judge=replace(judge, checks=tuple(broken(judge))))
    names = set(CHECK_NAMES) - {CUSTOM_RULES}
    alarms = told(house)["check_failing"]
    assert set(alarms) == names
    assert {name for name, how in alarms.items() if how == "warning"} == BY_GOING_WITHOUT
    assert lamps(house, "ecluse_check_failing") == names
    shown = page(house)
    for name in names:
        assert f"The check {name} fails" in shown


def test_each_check_that_no_longer_runs_raises_an_alarm(house: House, judge: Pipeline) -> None:
    clock = house.stop_the_clock()
    house.post()
    house.drain(judge=judge)
    clock.now += 61
    house.post(content="Un deuxième avis, tout aussi calme.")
    house.drain(judge=Pipeline(()))
    names = set(CHECK_NAMES) - {CUSTOM_RULES}
    clock.now += 300  # the models that went without fail no longer
    assert set(told(house)["check_silent"]) == names
    assert lamps(house, "ecluse_check_silent") == names
    assert "The check spam.links has fallen silent" in page(house)


def test_a_check_that_fails_at_a_door_raises_an_alarm_without_any_worker(
    house: House, settings: Settings
) -> None:
    services: Services = app_over(settings).extensions["ecluse"]
    judge = services.pipeline()  # the web process's own
    names = {"toxicity.lexicon", "toxicity.linear"}
    failing = replace(judge, checks=(Broken("toxicity.lexicon"),), faulty=("toxicity.linear",))
    house.replace(pipeline=lambda: failing)
    assert Caller.of(house).moderate({"input": "Un avis bien calme."}).status_code >= 500
    assert told(house)["check_failing"] == dict.fromkeys(names, "critical")
    assert lamps(house, "ecluse_check_failing") == names
    services.store.client.close()


def test_no_alert_rule_about_checks_waits() -> None:
    (group,) = yaml.safe_load(ALERTS.read_text("utf-8"))["groups"]
    rules: dict[str, Any] = {rule["expr"]: rule for rule in group["rules"]}
    for lamp in ("ecluse_check_failing == 1", "ecluse_check_silent == 1"):
        assert "for" not in rules[lamp]
        assert rules[lamp]["labels"]["severity"] == "critical"

"""A call with an unknown key at a door in another's shape is seen everywhere operators look."""

from __future__ import annotations

import json
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
import yaml

from service.store.doors.door_keys import Door
from service.store.sites import Scope
from service.store.staff.accounts import Role
from tests.api.house import House, bearer, json_of
from tests.compat.akismet import Blog
from tests.compat.perspective.caller import ANALYZE, Caller
from tests.observed.test_queries import ALERTS, DASHBOARD
from tests.web.staff import staffer

COUNTER = "ecluse_door_unknown_keys_total"
WRONG = "0123456789ab"
ASKED = {"comment": {"text": "Bonjour"}, "requestedAttributes": {"TOXICITY": {}}}
KNOCK: dict[Door, Callable[[House], Any]] = {
    Door.AKISMET: lambda house: Blog(house, WRONG).call("/1.1/comment-check"),
    Door.PERSPECTIVE: lambda house: Caller(house, WRONG, WRONG).post(ANALYZE, ASKED),
    Door.OPENAI: lambda house: Caller(house, WRONG, WRONG).moderate({"input": "Bonjour"}),
    Door.CORAL: lambda house: Caller(house, WRONG, WRONG).coral("Bonjour", secret=WRONG),
}
NAMES = {"akismet": "Akismet", "perspective": "Perspective", "openai": "OpenAI", "coral": "Coral"}


def alarms(house: House) -> dict[str, dict[str, Any]]:
    """Return the alarms about unknown keys that programs are told, by door."""
    headers = {**bearer(house.key(Scope.OPS)), "Accept-Language": "en"}
    answer = house.client.get("/v1/ops/overview", headers=headers)
    found = json_of(answer)["alerts"]
    return {each["subject"]: each for each in found if each["kind"] == "unknown_keys"}


def page(house: House, language: str) -> str:
    who = staffer(house, f"Odile-{language}", Role.OPS)
    return unescape(who.get("/ops/", headers={"Accept-Language": language}).text)


def counted(house: House) -> dict[str, float]:
    """Return what Prometheus reads, by door."""
    return {
        sample.labels["door"]: sample.value
        for family in house.services.collector.collect()
        for sample in family.samples
        if sample.name == COUNTER
    }


@pytest.mark.parametrize("door", list(Door))
def test_a_call_with_an_unknown_key_shows_in_summary_metrics_and_alarm(
    house: House, door: Door
) -> None:
    for _ in range(3):
        KNOCK[door](house)
    summary = house.client.get("/v1/ops/summary", headers=bearer(house.key()))
    assert json_of(summary)["unknown_keys"][door]["calls"] == 3
    assert counted(house) == {**dict.fromkeys(Door, 0), door: 3}
    (alarm,) = alarms(house).values()
    assert (alarm["subject"], alarm["value"], alarm["severity"]) == (door, 3, "critical")
    told = f"Calls with unknown keys at the {NAMES[door]} door within the hour: 3."
    assert alarm["message"].startswith(told)
    assert told in page(house, "en")
    french = f"Appels avec une clé inconnue à la porte {NAMES[door]} depuis une heure"
    assert f"{french}\N{NO-BREAK SPACE}: 3." in page(house, "fr")


def test_the_alarm_goes_when_no_such_call_has_come_for_an_hour(house: House) -> None:
    clock = house.stop_the_clock()
    KNOCK[Door.AKISMET](house)
    clock.now += 3_500
    assert set(alarms(house)) == {"akismet"}
    clock.now += 500
    assert alarms(house) == {}
    assert "unknown keys" not in page(house, "en")
    assert counted(house)["akismet"] == 1


def test_a_good_key_raises_nothing(house: House) -> None:
    Caller.of(house).moderate({"input": "Bonjour"})
    assert alarms(house) == {}
    assert counted(house) == dict.fromkeys(Door, 0)


def test_an_alert_rule_and_a_panel_ask_for_the_counter() -> None:
    (group,) = yaml.safe_load(ALERTS.read_text("utf-8"))["groups"]
    assert [rule["alert"] for rule in group["rules"] if COUNTER in rule["expr"]]
    panels = json.loads(DASHBOARD.read_text("utf-8"))["panels"]
    assert [panel for panel in panels if COUNTER in json.dumps(panel.get("targets"))]

"""The webhooks as operators see them: what waits, what came of it, and when it is alarming."""

from __future__ import annotations

from html import unescape
from typing import Any

from service.metrics.figures import NAMED
from service.store.sites import Changer, Scope
from service.store.staff.accounts import Role
from service.store.telemetry.alerts import WEBHOOKS_LATE_S
from service.store.webhooks.webhooks import OffBecause, What
from tests.api.house import bearer, json_of
from tests.web.staff import staffer
from tests.webhooks.conftest import Line
from tests.webhooks.test_delivering import comment


def alerts(line: Line) -> dict[str, Any]:
    """Return the alerts about webhooks by kind."""
    answer = line.house.client.get("/v1/ops/overview", headers=bearer(line.house.key(Scope.OPS)))
    found = json_of(answer)["alerts"]
    return {each["kind"]: each for each in found if each["kind"].startswith("webhooks")}


def samples(line: Line) -> dict[tuple[str, ...], float]:
    """Return the metrics about webhooks, by name and labels."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in line.house.services.collector.collect()
        for sample in family.samples
        if sample.name.startswith("ecluse_webhook")
    }


def test_what_waits_and_what_was_told_is_counted(line: Line) -> None:
    comment(line)
    line.clock.now += 60
    seen = line.seen()
    assert (seen.on, seen.outbox, seen.waiting) == (1, 2, 0)
    assert seen.oldest_s is not None
    assert 59 < seen.oldest_s < 120
    line.deliver()
    seen = line.seen()
    assert (seen.outbox, seen.waiting, seen.due, seen.oldest_s) == (0, 0, 0, None)
    assert seen.results == {"told": 2, "again": 0, "dead": 0, "missed": 0}
    assert samples(line)["ecluse_webhook_deliveries_total", "demo", "told"] == 2
    assert alerts(line) == {}


def test_one_that_fails_raises_an_alarm_everywhere_until_it_works(line: Line) -> None:
    line.receiver.status = 500
    comment(line)
    comment(line)
    line.deliver()
    line.clock.now += 400
    seen = line.seen()
    assert (seen.failing, seen.waiting, seen.due, seen.oldest_s) == (1, 4, 4, 400)
    assert seen.results["again"] == 4
    assert alerts(line).keys() == {"webhooks_failing"}
    assert samples(line)["ecluse_webhooks_failing", "demo"] == 1
    assert samples(line)["ecluse_webhook_oldest_seconds", "demo"] > 0
    who = staffer(line.house, "Odile", Role.OPS)
    page = unescape(who.get("/ops/", headers={"Accept-Language": "en"}).get_data(as_text=True))
    assert "Webhooks of demo that do not take what they are told: 1." in page
    assert "1 fail" in page
    line.receiver.status = 204
    while line.deliver():
        line.clock.now += 60
    assert line.seen().failing == 0
    assert alerts(line) == {}


def test_one_turned_off_by_itself_is_an_alarm_and_one_turned_off_by_hand_is_none(
    line: Line,
) -> None:
    line.receiver.status = 410
    comment(line)
    line.deliver()
    seen = line.seen()
    assert (seen.on, seen.failing, seen.dead, seen.oldest_s) == (0, 1, 2, None)
    assert seen.results["dead"] == 2
    assert alerts(line).keys() == {"webhooks_failing"}
    line.store.webhooks.turn_off("demo", line.webhook.id, OffBecause.ASKED, line.by())
    assert line.seen().failing == 0
    assert alerts(line) == {}


def test_events_that_no_worker_delivers_are_late(line: Line) -> None:
    comment(line)
    line.clock.now += WEBHOOKS_LATE_S + 1
    (late,) = alerts(line).values()
    assert (late["kind"], late["subject"], late["limit"]) == ("webhooks_late", "demo", 300)
    assert late["value"] > WEBHOOKS_LATE_S


def test_it_is_told_as_json_of_the_sites_that_have_any(line: Line) -> None:
    line.house.add_site("other")
    whole = line.house.session("op", Role.OPS)
    found = json_of(line.house.client.get("/v1/ops/webhooks", headers=bearer(whole)))
    (site,) = found["webhooks"]
    assert site == {
        "site": "demo", "on": 1, "failing": 0, "outbox": 0, "waiting": 0, "due": 0, "dead": 0,
        "oldest_s": None, "results": {"told": 0, "again": 0, "dead": 0, "missed": 0},
    }  # fmt: skip


def test_sites_beyond_a_bound_share_one_label(line: Line) -> None:
    for number in range(NAMED + 2):
        line.house.add_site(f"a{number:03}")
        line.store.webhooks.create(
            f"a{number:03}", "https://example.org", [What.VERDICT], "", Changer("cli", 0)
        )
    found = samples(line)
    assert found["ecluse_webhooks", "other"] == 3
    assert len([key for key in found if key[0] == "ecluse_webhooks"]) == NAMED + 1

"""Setting webhooks: by the API, on the settings page and at the command line."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from typing import Any

import orjson
import pytest
from click.testing import CliRunner
from werkzeug.test import TestResponse

from service.cli import main
from service.store.keys import SiteKeys
from service.store.sites import Scope
from service.store.staff.accounts import Role
from service.store.webhooks.webhooks import OffBecause, What
from tests.api.house import House, assert_problem, bearer, errors_of, json_of
from tests.web.staff import Staffer, staffer
from tests.webhooks.conftest import Line

PATH = "/v1/sites/demo/webhooks"
DEMO = SiteKeys("demo")


def call(house: House, method: str, path: str, body: Any = None, key: str = "") -> TestResponse:
    token = key or house.key(Scope.WEBHOOKS)
    options = {} if body is None else {"json": body}
    return house.client.open(f"{PATH}{path}", method=method, headers=bearer(token), **options)


def audited(house: House) -> list[bytes]:
    client: Any = house.services.store.client
    return [entry[b"change"] for _, entry in client.xrange(DEMO.audit) if b"change" in entry]


def test_a_webhook_is_made_changed_and_deleted_by_the_api(line: Line) -> None:
    house = line.house
    line.clock.now += 1
    made = json_of(call(house, "POST", "", {"url": "https://example.org/h", "events": ["report"]}))
    assert made["secret"].startswith("whsec_")
    listed = call(house, "GET", "")
    assert made["secret"] not in listed.get_data(as_text=True)
    assert json_of(listed)["webhooks"][1]["events"] == ["report"]
    changed = call(house, "PATCH", f"/{made['id']}", {"events": ["verdict"], "is_on": False})
    assert (json_of(changed)["events"], json_of(changed)["off"]) == (["verdict"], "asked")
    assert json_of(call(house, "PATCH", f"/{made['id']}", {"is_on": True}))["is_on"]
    assert call(house, "DELETE", f"/{made['id']}").status_code == 200
    assert_problem(call(house, "GET", f"/{made['id']}"), 404, "webhook-unknown")
    changes = audited(house)
    assert len(changes) == 6, "the line's own, and five here"
    assert not any(made["secret"].encode() in each for each in changes)


def test_a_secret_is_kept_sealed(line: Line) -> None:
    client: Any = line.store.client
    raw = client.hget(DEMO.webhooks, line.webhook.id)
    assert line.secret.removeprefix("whsec_").encode() not in raw


def test_a_rotated_secret_is_shown_once_and_says_until_when_both_sign(line: Line) -> None:
    rotated = json_of(call(line.house, "POST", f"/{line.webhook.id}/rotate", {"overlap_s": 60}))
    assert rotated["secret"] != line.secret
    assert rotated["both_until"]
    ended = json_of(call(line.house, "POST", f"/{line.webhook.id}/rotate", {"overlap_s": 0}))
    assert ended["both_until"] is None


def test_a_test_and_a_replay_reach_the_receiver(line: Line) -> None:
    assert call(line.house, "PUT", f"/{line.webhook.id}/test").status_code == 200
    line.deliver()
    assert line.receiver.types() == ["test"]
    line.receiver.requests[0].verified(line.secret)
    shown = json_of(call(line.house, "GET", f"/{line.webhook.id}/deliveries"))
    event = shown["recent"][0]["event"]
    answer = call(line.house, "POST", f"/{line.webhook.id}/replay", {"event": event})
    assert json_of(answer) == {"replayed": 1}
    line.deliver()
    assert len({each.id for each in line.receiver.requests}) == 1
    assert len(line.receiver.requests) == 2
    none = call(line.house, "POST", f"/{line.webhook.id}/replay", {"all": True})
    assert json_of(none) == {"replayed": 0}


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/h", "https://localhost/h", "https://10.0.0.1/h", "https://[::1]/h",
        "https://me:word@example.org/h", "ftp://example.org/", "example.org", "https://", "",
        "https://exa mple.org/", "https://a:99999/", "https://example.org/#here", "https://[::1",
    ],
)  # fmt: skip
def test_an_address_that_cannot_be_is_refused_by_the_field(line: Line, url: str) -> None:
    assert "url" in errors_of(call(line.house, "POST", "", {"url": url}))


@pytest.mark.parametrize(
    "body",
    [
        {"url": "https://a.example", "events": []},
        {"url": "https://a.example", "events": ["x"]},
        {"url": "https://a.example", "events": "report"},
        {"url": 3},
        {},
        [],
    ],
)
def test_a_body_that_makes_no_sense_gets_its_message(line: Line, body: Any) -> None:
    assert call(line.house, "POST", "", body).status_code == 422


def test_only_keys_and_people_who_may_touch_webhooks(line: Line) -> None:
    house = line.house
    for scope in (Scope.SUBMIT, Scope.MODERATE, Scope.OPS):
        assert_problem(call(house, "GET", "", key=house.key(scope)), 403, "scope-missing")
    assert call(house, "GET", "", key=house.session("Mo", Role.MODERATOR)).status_code == 403
    assert call(house, "GET", "", key=house.session("Ann", Role.ADMINISTRATOR)).status_code == 200
    assert house.client.get(PATH).status_code == 401
    house.add_site("other")
    other = house.key(Scope.WEBHOOKS, site="other")
    assert_problem(call(house, "GET", "", key=other), 403, "wrong-site")


@pytest.fixture
def ann(line: Line) -> Staffer:
    house = line.house
    house.replace(settings=replace(house.services.settings, private_targets=True))
    return staffer(house, "Ann", Role.ADMINISTRATOR)


def test_on_the_page_a_webhook_is_made_and_its_secret_shown_once(line: Line, ann: Staffer) -> None:
    line.clock.now += 1
    page = ann.post(
        "/settings/demo/webhooks", {"url": line.receiver.url, "events": ["decision", "erased"]}
    ).get_data(as_text=True)
    found = re.search(r"whsec_[A-Za-z0-9+/=]+", page)
    assert found is not None
    assert "whsec_" not in ann.get("/settings/demo/webhooks").get_data(as_text=True)
    made = line.store.webhooks.of("demo")[-1]
    assert made.events == {What.DECISION, What.ERASED}


def test_on_the_page_a_wrong_form_is_shown_again_with_its_faults(ann: Staffer) -> None:
    answer = ann.post("/settings/demo/webhooks", {"url": "nonsense"})
    assert answer.status_code == 422
    page = answer.get_data(as_text=True)
    assert "nonsense" in page
    assert 'class="error"' in page


def test_the_page_tests_shows_and_tells_again(line: Line, ann: Staffer) -> None:
    here = f"/settings/demo/webhooks/{line.webhook.id}"
    line.receiver.status = 410
    assert ann.post(f"{here}/test").status_code == 303
    line.deliver()
    assert line.now().off is OffBecause.GONE
    page = ann.get(here).get_data(as_text=True)
    assert "410" in page
    assert ann.post(f"{here}/switch").status_code == 303
    assert line.now().off is None
    line.receiver.status = 204
    assert ann.post(f"{here}/replay").status_code == 303
    line.deliver()
    assert [each.type for each in line.receiver.requests] == ["test", "test"]
    assert ann.post(f"{here}/rotate", {"overlap_s": "3600"}).status_code == 200
    assert ann.post(f"{here}/delete").status_code == 303
    assert ann.get(here).status_code == 404


def test_a_moderator_may_look_but_sees_no_address(line: Line) -> None:
    mo = staffer(line.house, "Mo")
    for path in ("/settings/demo/webhooks", f"/settings/demo/webhooks/{line.webhook.id}"):
        page = mo.get(path).get_data(as_text=True)
        assert "chat" in page
        assert line.receiver.url not in page
    for deed in ("", *(f"/{line.webhook.id}/{name}" for name in ("test", "rotate", "delete"))):
        assert mo.post(f"/settings/demo/webhooks{deed}").status_code == 403


def run(line: Line, *arguments: str) -> Any:
    settings = line.house.services.settings
    env = {
        **os.environ,
        "ECLUSE_REDIS_URL": settings.redis_url,
        "ECLUSE_QUEUE_URL": settings.queue_url,
        "ECLUSE_DATA_DIR": str(settings.data_dir),
    }
    return CliRunner().invoke(main, ["webhooks", *arguments], env=env)


def test_the_command_line_makes_lists_rotates_replays_and_deletes(line: Line) -> None:
    made = orjson.loads(
        run(line, "create", "demo", "https://example.org/h", "--event", "report", "--json").stdout
    )
    assert made["events"] == ["report"]
    listed = run(line, "list", "demo", "--json").stdout
    assert [each["id"] for each in orjson.loads(listed)] == [line.webhook.id, made["id"]]
    assert made["secret"] not in listed
    rotated = orjson.loads(run(line, "rotate", "demo", made["id"], "--json").stdout)
    assert rotated["secret"] != made["secret"]
    line.receiver.status = 410
    line.store.deliveries.add_test("demo", line.webhook, int(line.clock() * 1000))
    line.deliver()
    shown = orjson.loads(run(line, "deliveries", "demo", line.webhook.id, "--json").stdout)
    assert shown["dead"][0]["event"] == shown["recent"][0]["event"]
    assert run(line, "enable", "demo", line.webhook.id).exit_code == 0
    assert "1 on the way" in run(line, "replay", "demo", line.webhook.id, "--all").stdout
    assert run(line, "delete", "demo", made["id"]).exit_code == 0
    assert len(line.store.webhooks.of("demo")) == 1


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["create", "demo", "http://example.org/"], 2),
        (["create", "nowhere", "https://example.org/"], 1),
        (["rotate", "demo", "x"], 1),
        (["replay", "demo", "x", "--all"], 1),
        (["replay", "demo", "x"], 2),
        (["list", "nowhere"], 1),
    ],
)
def test_a_command_that_cannot_be_says_why_in_a_line(
    line: Line, arguments: list[str], code: int
) -> None:
    answer = run(line, *arguments)
    assert answer.exit_code == code
    assert "Traceback" not in answer.output

"""What is logged: which request, site and comment; never what visitors sent."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import orjson
import pytest

from config.log import JsonLine, TextLine, about
from config.masking import masked
from config.settings import Settings
from service.app import create_app
from service.store.sites import Scope, Site
from tests.api.house import ORIGIN, House, bearer, json_of, pipeline

CANARY = "kanarienvogel"
ADDRESS = "198.51.100.23"
SECRETS: dict[str, Any] = {
    "author": f"{CANARY} author", "email": f"{CANARY}@example.org", "content": f"{CANARY} words",
    "url": f"https://{CANARY}.example/", "page": f"http://site.test/{CANARY}",
    "page_title": f"{CANARY} title", "ip": ADDRESS, "user_agent": f"{CANARY} agent",
    "referrer": f"http://site.test/?from={CANARY}", "author_id": f"{CANARY}-id",
}  # fmt: skip


class Lines:
    """All that is logged, in both forms."""

    def __init__(self) -> None:
        self.json, self.text = io.StringIO(), io.StringIO()
        self.handlers = [logging.StreamHandler(self.json), logging.StreamHandler(self.text)]
        self.handlers[0].setFormatter(JsonLine())
        self.handlers[1].setFormatter(TextLine("%(message)s"))

    @property
    def everything(self) -> str:
        return self.json.getvalue() + self.text.getvalue()

    def of(self, message: str) -> list[dict[str, Any]]:
        lines = map(orjson.loads, self.json.getvalue().splitlines())
        return [line for line in lines if line["message"] == message]


@pytest.fixture
def lines() -> Iterator[Lines]:
    kept, root = Lines(), logging.getLogger()
    before = root.level
    root.setLevel(logging.DEBUG)
    for handler in kept.handlers:
        root.addHandler(handler)
    yield kept
    for handler in kept.handlers:
        root.removeHandler(handler)
    root.setLevel(before)


@pytest.fixture
def logged(settings: Settings) -> Iterator[House]:
    """A service that logs each request."""
    house = House(create_app(replace(settings, access_log=True)))
    house.replace(pipeline=pipeline)
    house.services.store.sites.create(Site("demo", origins=(ORIGIN,), lang="fr"))
    yield house
    house.services.store.client.close()


def failing(*_arguments: object, **_options: object) -> Any:
    """Fail as code does that meets a visitor's words, in its error's words and its cause's."""
    try:
        int(SECRETS["content"])
    except ValueError as error:
        raise RuntimeError(f"{CANARY} from {ADDRESS}") from error


def test_each_request_is_a_line_that_names_request_site_and_comment(
    logged: House, lines: Lines
) -> None:
    answer = logged.post_as_server(**SECRETS)
    (line,) = lines.of("request")
    assert line["request"] == answer.headers["X-Request-ID"]
    assert line["comment"] == json_of(answer)["id"]
    assert line["site"] == "demo"
    assert (line["method"], line["status"]) == ("POST", 202)
    assert line["route"] == "/v1/sites/<site>/comments"
    assert line["ms"] > 0


def test_nothing_is_logged_for_a_request_unless_it_is_wished(house: House, lines: Lines) -> None:
    house.post()
    assert not lines.of("request")


def test_nothing_that_visitors_send_is_logged_whatever_they_do(logged: House, lines: Lines) -> None:
    key = logged.key(*Scope)
    answer = logged.post_as_server(key, **SECRETS)
    logged.post({"User-Agent": CANARY, "Referer": CANARY, "X-Request-ID": f"{CANARY}!",
                 "Idempotency-Key": CANARY}, **{**SECRETS, "ip": None})  # fmt: skip
    logged.drain()
    client = logged.client
    client.post("/v1/sites/demo/comments", data=CANARY, headers={"Origin": ORIGIN},
                content_type="application/json")  # fmt: skip
    client.open(f"/{CANARY}?q={CANARY}", method=CANARY.upper())
    client.get(f"/v1/sites/{CANARY}/comments/{CANARY}?wait={CANARY}", headers=bearer(CANARY))
    client.get(f"/v1/sites/demo/comments/{json_of(answer)['id']}?edit_token={CANARY}")
    client.post("/v1/sessions", json={"name": CANARY, "password": CANARY})
    logged.decide(key, id=json_of(answer)["id"], action="approve", reason=CANARY)
    assert len(lines.of("request")) >= 8
    assert CANARY not in lines.everything.lower()
    assert ADDRESS not in lines.everything


def test_an_error_is_logged_by_type_and_place_and_not_by_its_words(
    logged: House, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.api.submissions.read_submission", failing)
    answer = logged.post(**{**SECRETS, "ip": None})
    assert answer.status_code == 500
    (line,) = [each for each in map(orjson.loads, lines.json.getvalue().splitlines())
               if each["level"] == "ERROR"]  # fmt: skip
    assert line["error_type"] == "RuntimeError"
    assert line["causes"] == ["ValueError"]
    assert line["request"] == answer.headers["X-Request-ID"]
    assert any("test_logs.py" in place and "failing" in place for place in line["traceback"])
    assert "RuntimeError from ValueError" in lines.text.getvalue()
    assert CANARY not in lines.everything
    assert ADDRESS not in lines.everything


def test_a_worker_that_fails_on_a_comment_says_whose_and_not_what(
    logged: House, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    logged.post_as_server(**SECRETS)
    monkeypatch.setattr("workers.moderate.window_lines", failing)
    logged.drain()
    (line,) = lines.of("a batch could not be settled")
    assert line["site"] == "demo"
    assert CANARY not in lines.everything


def test_what_a_task_of_rq_died_of_is_logged_without_its_words(lines: Lines) -> None:
    said = f"Traceback …\nValueError: {CANARY}"
    logging.getLogger("rq.worker").error("[Job %s]: exception raised\n%s", "j1", said)
    assert "[Job j1]: exception raised" in lines.everything
    assert CANARY not in lines.everything


def test_only_known_facts_stand_beside_a_message(lines: Lines) -> None:
    with about(site="demo"), about(comment="c1"):
        logging.getLogger("x").warning("hm", extra={"content": CANARY, "check": "spam.links"})
    (line,) = lines.of("hm")
    assert (line["site"], line["comment"], line["check"]) == ("demo", "c1", "spam.links")
    assert CANARY not in lines.everything


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("to claire@example.org now", "to [address] now"),
        ("<claire.b+x@mail.example.org>", "<[address]>"),
        ("from 192.0.2.7:5000", "from [address]:5000"),
        ("from 2001:db8::7", "from [address]"),
        ("from 2001:db8:0:0:0:0:0:7, then", "from [address], then"),
        ("at 18:12:04 in 0.1.0 by std::move", "at 18:12:04 in 0.1.0 by std::move"),
    ],
)
def test_addresses_are_masked_and_times_and_versions_are_not(text: str, told: str) -> None:
    assert masked(text) == told

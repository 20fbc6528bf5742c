"""Errors as Sentry gets them: which and where, never what a visitor sent."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import sentry_sdk
from rq import Queue
from rq.serializers import JSONSerializer

from config.settings import Settings, SettingsInvalid, WorkerKind
from service.error_reports import report_errors
from tests.api.house import House
from tests.observed.receiver import Receiver, receiving
from workers.kinds import KINDS
from workers.queue import queue_connection

CANARY = "kanarienvogel"
ADDRESS = "198.51.100.23"


@pytest.fixture
def sentry(settings: Settings) -> Iterator[Receiver]:
    with receiving() as kept:
        report_errors(replace(settings, sentry_dsn=kept.dsn))
        yield kept
        sentry_sdk.get_client().close()
        sentry_sdk.init()


def failing(*_arguments: object, **_options: object) -> Any:
    words = f"{CANARY} from {ADDRESS}"
    try:
        int(words)
    except ValueError as error:
        raise RuntimeError(words) from error


def events(sentry: Receiver) -> list[dict[str, Any]]:
    sentry_sdk.flush(5)
    return sentry.events()


def test_an_error_says_its_type_its_place_and_its_request_and_nothing_that_was_sent(
    sentry: Receiver, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.api.submissions.nudge_if_needed", failing)
    answer = house.post(
        {"User-Agent": CANARY, "Referer": CANARY, "Cookie": f"a={CANARY}"}, content=CANARY,
        email=f"{CANARY}@example.org", query={"q": CANARY},
    )  # fmt: skip
    assert answer.status_code == 500
    (event,) = events(sentry)
    cause, error = event["exception"]["values"]
    assert (cause["type"], error["type"]) == ("ValueError", "RuntimeError")
    assert any(frame["function"] == "submit" for frame in error["stacktrace"]["frames"])
    assert event["tags"]["request"] == answer.headers["X-Request-ID"]
    assert event["tags"]["site"] == "demo"
    assert "request" not in event
    assert "breadcrumbs" not in event
    assert CANARY.encode() not in sentry.everything
    assert ADDRESS.encode() not in sentry.everything


def test_a_failed_task_of_rq_is_reported_without_its_arguments(
    sentry: Receiver, settings: Settings
) -> None:
    connection = queue_connection(settings)
    queue = Queue("moderate", connection=connection, serializer=JSONSerializer)
    queue.enqueue("workers.moderate.policies_of", CANARY)
    kind = KINDS[WorkerKind.SIMPLE]
    worker = kind([queue], connection=connection, serializer=JSONSerializer)
    worker.work(burst=True)
    connection.close()
    (event,) = events(sentry)
    assert event["exception"]["values"][-1]["type"] == "AttributeError"
    assert CANARY.encode() not in sentry.everything


def test_an_error_that_is_only_logged_is_reported_by_its_template(sentry: Receiver) -> None:
    logging.getLogger("x").error("lost %s of %s", CANARY, ADDRESS, extra={"check": "spam.links"})
    (event,) = events(sentry)
    assert event["logentry"] == {"message": "lost %s of %s"}
    assert event["tags"]["check"] == "spam.links"
    assert CANARY.encode() not in sentry.everything


def test_warnings_are_nobodys_business(sentry: Receiver) -> None:
    logging.getLogger("x").warning("hm")
    assert not events(sentry)


def test_an_address_that_is_no_projects_is_refused_at_start(settings: Settings) -> None:
    with pytest.raises(SettingsInvalid, match="ECLUSE_SENTRY_DSN"):
        report_errors(replace(settings, sentry_dsn="here"))

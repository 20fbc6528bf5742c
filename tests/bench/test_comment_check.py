"""The benchmark of comment-check asks as a blog's server does, and tells both loads."""

from __future__ import annotations

import pytest

from bench.comment_check import (
    CORAL_SITE,
    MOST_MS,
    Found,
    Plan,
    _coral,
    request_of,
    text_of,
)
from bench.load import Load
from bench.site import SITE, open_site
from bench.texts import written
from config.settings import Settings
from service.store.doors.door_keys import Door
from tests.api.house import app_over


def test_its_question_is_answered_and_the_comment_kept(settings: Settings) -> None:
    app = app_over(settings)
    store = app.extensions["ecluse"].store
    open_site(store)
    _, key = store.door_keys.create(SITE, Door.AKISMET, "bench")
    head, _, body = request_of(key, written(1, seed=1)[0]).partition(b"\r\n\r\n")
    lines = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    assert int(lines["Content-Length"]) == len(body)
    answer = app.test_client().post(
        "/1.1/comment-check", data=body, content_type=lines["Content-Type"]
    )
    assert (answer.status_code, answer.get_data()) in ((200, b"true"), (200, b"false"))
    assert store.decisions.counts(SITE)["accepted"] == 1


@pytest.mark.parametrize("number", [0, 1, 2, 3])
def test_corals_question_is_answered_with_a_body(settings: Settings, number: int) -> None:
    app = app_over(settings)
    request_of_coral = _coral(app.extensions["ecluse"].store)
    head, _, body = request_of_coral(written(4, seed=1)[number]).partition(b"\r\n\r\n")
    lines = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    assert int(lines["Content-Length"]) == len(body)
    answer = app.test_client().post(f"/coral/{CORAL_SITE}", data=body, headers=lines)
    assert (answer.status_code, "status" in answer.get_json()) == (200, True)


def test_the_report_holds_the_99th_percentiles_against_their_limits() -> None:
    found = Found({each: [Load(100.0, 400, 5.0, 30.0, 0.1)] * 2 for each in MOST_MS})
    told = text_of(found, Plan(rounds=2))
    rows = {line.split("|")[1].strip(): line for line in told.splitlines() if ", p99 at" in line}
    assert rows["comment-check, p99 at light load"].rstrip("| ").endswith("no")
    assert rows["comment-check, p99 at full load"].rstrip("| ").endswith("yes")
    assert rows["Coral's phase, p99 at full load"].rstrip("| ").endswith("yes")

"""`ecluse top`."""

from __future__ import annotations

import time

import pytest

from service.cli.top import duration
from service.moderation.verdict import Action
from service.store.doors.door_keys import Door
from service.store.sites import Changer
from service.store.store import Store
from service.store.webhooks.webhooks import What
from tests.cli.conftest import Ecluse
from tests.conftest import arrival_of, comment_of
from tests.store.shelf import bring, settle_all


def test_what_is_wrong_and_what_waits_is_printed_once_where_there_is_no_terminal(
    ecluse: Ecluse, demo: str
) -> None:
    lines = ecluse("top").out.splitlines()
    assert lines[0] == "!! No worker is alive: comments are accepted and nothing judges them."
    assert "Start workers: none is alive." in lines
    assert any(line.startswith("waiting for a check or a moderator: 0 comments") for line in lines)
    assert any(line.split()[:2] == [demo, "0"] for line in lines)
    assert "\x1b" not in "".join(lines)


def test_calls_with_unknown_keys_are_told_of(ecluse: Ecluse, store: Store) -> None:
    store.door_counts.note_unknown(Door.AKISMET, time.time_ns() // 1_000_000)
    told = "Calls with unknown keys at the Akismet door within the hour: 1."
    assert any(line.startswith(f"!! {told}") for line in ecluse("top").out.splitlines())
    alerts = ecluse("top", "--json").data["overview"]["alerts"]
    (alert,) = [each for each in alerts if each["kind"] == "unknown_keys"]
    assert alert["message"].startswith(told)


def test_what_is_held_and_was_taken_up_by_nobody_is_told(ecluse: Ecluse, store: Store) -> None:
    for name in ("c1", "c2"):
        bring(store, name)
    settle_all(store, Action.HOLD)
    store.claims.take("demo", "c1", "account:mo", 1)
    assert "of all held, taken up by no moderator yet: 1" in ecluse("top").out.splitlines()


def test_programs_get_the_same_as_from_the_api(ecluse: Ecluse, demo: str) -> None:
    found = ecluse("top", "--json").data
    assert found["overview"]["advice"]["kind"] == "start"
    assert found["overview"]["alerts"][0]["message"].startswith("No worker is alive")
    assert [inbox["site"] for inbox in found["inboxes"]] == [demo]
    assert found["workers"] == found["checks"] == found["webhooks"] == []


def test_webhooks_are_shown_with_what_waits_for_them(ecluse: Ecluse, store: Store) -> None:
    store.webhooks.create("demo", "https://example.org", [What.VERDICT], "", Changer("cli", 0))
    store.comments.accept(arrival_of(comment_of("c1")))
    lines = [line.split() for line in ecluse("top").out.splitlines()]
    assert lines[lines.index(["WEBHOOKS", "OF", "ON", "FAILING", "OUTBOX", "WAITING", "DUE", "DEAD",
                              "BEHIND"]) + 1][:5] == ["demo", "1", "0", "1", "0"]  # fmt: skip
    (found,) = ecluse("top", "--json").data["webhooks"]
    assert (found["site"], found["outbox"]) == ("demo", 1)


@pytest.mark.parametrize(
    ("seconds", "told"), [(0.4, "0 s"), (59, "59 s"), (60, "1 min"), (7200, "2 h"), (2e5, "2 d")]
)
def test_a_duration_is_told_in_its_largest_unit(seconds: float, told: str) -> None:
    assert duration(seconds) == told

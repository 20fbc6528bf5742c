"""`ecluse queue` and `ecluse requeue`."""

from __future__ import annotations

import pytest
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer

from service.moderation.comment import Facts
from service.moderation.verdict import Action, Status, Verdict
from service.store.doorbell import MODERATE_QUEUE
from service.store.inbox import Settlement
from service.store.store import Store
from tests.cli.conftest import Ecluse
from tests.cli.test_dead_letters import set_aside
from tests.store.shelf import DEMO, bring, decide, listed, raw, settle_all


def hold_unscreened(store: Store, *comment_ids: str) -> None:
    for comment_id in comment_ids:
        bring(store, comment_id, submitted_at=1.0)
    entries = store.inbox.take("demo", "w", 1000)
    verdict = Verdict(Action.HOLD, "unscreened", unscreened=("toxicity.model",))
    pending = store.inbox.load("demo", entries, Facts())
    store.inbox.settle("demo", [Settlement(each, verdict) for each in pending])


def test_what_waits_is_counted(ecluse: Ecluse, store: Store) -> None:
    hold_unscreened(store, "a", "b")
    set_aside(store, "c")
    bring(store, "d")
    answer = ecluse("queue", "demo", "--json").data
    [row] = answer["sites"]
    assert (row["inbox"], row["held"], row["unscreened"], row["dead_letters"]) == (1, 3, 3, 1)
    assert row["statuses"] == {"held": 3}
    assert answer["rq"] == {"moderate": 0, "maintenance": 0}
    assert "DEAD_LETTERS" in ecluse("queue").out


@pytest.mark.usefixtures("store")
def test_the_count_does_without_rq(ecluse: Ecluse) -> None:
    answer = ecluse("queue", "--json", QUEUE_URL="unix:///nowhere.sock").data
    assert [row["site"] for row in answer["sites"]] == ["demo"]
    assert answer["rq"]["moderate"] is None


def test_what_no_check_could_judge_goes_through_the_checks_again(
    ecluse: Ecluse, store: Store, queue_url: str
) -> None:
    ids = [f"c{number:03}" for number in range(450)]
    hold_unscreened(store, *ids)
    bring(store, "fine")
    settle_all(store, Action.HOLD)
    decide(store, "c007", Status.HELD)
    assert ecluse("requeue", "demo", "--json").data["requeued"] == len(ids) - 1
    assert store.inbox.depth("demo") == len(ids) - 1
    assert listed(store, Status.HELD) == ["c007", "fine"]
    assert raw(store).zcard(DEMO.unscreened) == 0
    bells = Queue(MODERATE_QUEUE, Redis.from_url(queue_url), serializer=JSONSerializer)
    assert bells.count == 1


def test_dead_letters_alone_can_be_asked_for(ecluse: Ecluse, store: Store) -> None:
    hold_unscreened(store, "a")
    set_aside(store, "b")
    answer = ecluse("requeue", "demo", "--dead-letters", "--json").data
    assert answer["ids"] == ["b"]
    assert listed(store, Status.HELD) == ["a"]


def test_one_that_is_not_unscreened_is_named(ecluse: Ecluse, store: Store) -> None:
    hold_unscreened(store, "a")
    bring(store, "b")
    settle_all(store, Action.HOLD)
    answer = ecluse("requeue", "demo", "a", "b", "nobody")
    assert answer.code == 1
    assert answer.err == "Error: not held unscreened: b, nobody\n"
    assert listed(store, Status.HELD) == ["b"]

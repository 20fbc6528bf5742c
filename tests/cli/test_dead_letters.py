"""`ecluse dead-letters`."""

from __future__ import annotations

from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer

from service.moderation.comment import Facts
from service.store.doorbell import MODERATE_QUEUE
from service.store.store import Store
from tests.cli.conftest import Ecluse
from tests.conftest import arrival_of, comment_of


def set_aside(store: Store, *comment_ids: str) -> None:
    for comment_id in comment_ids:
        store.comments.accept(arrival_of(comment_of(comment_id)))
    entries = store.inbox.take("demo", "somebody", 10)
    for pending in store.inbox.load("demo", entries, Facts()):
        store.inbox.set_aside("demo", pending, 3, 1_700_000_000_000)


def test_they_are_listed_with_why(ecluse: Ecluse, store: Store) -> None:
    set_aside(store, "c1")
    [letter] = ecluse("dead-letters", "list", "demo", "--json").data
    assert letter["comment"] == "c1"
    assert letter["attempts"] == 3
    assert letter["at"].startswith("2023-11-14T")
    assert "worker died" in ecluse("dead-letters", "list", "demo").out


def test_all_are_sent_again_and_a_worker_is_woken(
    ecluse: Ecluse, store: Store, queue_url: str
) -> None:
    set_aside(store, "c1", "c2")
    answer = ecluse("dead-letters", "retry", "demo", "--json")
    assert sorted(answer.data["retried"]) == ["c1", "c2"]
    assert store.inbox.depth("demo") == 2
    assert ecluse("dead-letters", "list", "demo", "--json").data == []
    bells = Queue(MODERATE_QUEUE, Redis.from_url(queue_url), serializer=JSONSerializer)
    assert bells.count == 1


def test_they_are_listed_page_by_page_and_discarded(ecluse: Ecluse, store: Store) -> None:
    set_aside(store, "c1", "c2", "c3")
    first = ecluse("dead-letters", "list", "demo", "--limit", "2", "--json")
    assert [letter["comment"] for letter in first.data] == ["c1", "c2"]
    cursor = first.err.strip().rpartition(" ")[2]
    second = ecluse("dead-letters", "list", "demo", "--cursor", cursor, "--json")
    assert [letter["comment"] for letter in second.data] == ["c3"]
    assert ecluse("dead-letters", "discard", "demo").code == 2
    found = ecluse("dead-letters", "discard", "demo", "c1", "--json").data
    assert found == {"done": ["c1"], "unknown": [], "left": 2}
    assert ecluse("dead-letters", "discard", "demo", "--all").out == "2 discarded, 0 left\n"
    assert ecluse("dead-letters", "list", "demo", "--cursor", "x").code == 1


def test_one_can_be_chosen_and_a_stranger_is_named(ecluse: Ecluse, store: Store) -> None:
    set_aside(store, "c1", "c2")
    answer = ecluse("dead-letters", "retry", "demo", "c2", "nobody")
    assert answer.code == 1
    assert answer.err == "Error: not set aside: nobody\n"
    [left] = ecluse("dead-letters", "list", "demo", "--json").data
    assert left["comment"] == "c1"


def test_a_stranger_to_be_discarded_is_named(ecluse: Ecluse, store: Store) -> None:
    set_aside(store, "c1", "c2")
    answer = ecluse("dead-letters", "discard", "demo", "c2", "nobody", "--json")
    assert answer.code == 1
    assert answer.data == {"done": ["c2"], "unknown": ["nobody"], "left": 1}
    assert answer.err == "Error: not set aside: nobody\n"

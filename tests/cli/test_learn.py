"""`ecluse learn`."""

from __future__ import annotations

import time

import pytest

from service.moderation.verdict import Status
from service.store.decisions import Order
from service.store.store import Store
from tests.cli.conftest import Ecluse
from tests.store.shelf import publish
from workers.learn import Pupil


def teach(store: Store, name: str, target: Status, actor: str) -> None:
    publish(store, name, content=f"Le vide-grenier du quai {name} a lieu dimanche")
    now_ms = time.time_ns() // 1_000_000
    store.decisions.decide("demo", [Order(name, target)], actor, "", now_ms)


@pytest.fixture
def taught(store: Store) -> Store:
    teach(store, "c1", Status.SPAM, "account:mo")
    teach(store, "c2", Status.REJECTED, "account:mo")
    teach(store, "c3", Status.APPROVED, "key:abc")
    Pupil(store.learned, store.comments).study("demo")
    return store


def test_status_counts_lessons_by_kind_and_teacher(ecluse: Ecluse, taught: Store) -> None:
    data = ecluse("learn", "status", "demo", "--json").data
    assert data["lessons"] == 3
    assert data["kinds"] == {"spam": 1, "rejected": 1, "approved": 1}
    assert data["teachers"] == {"account:mo": 2, "key:abc": 1}
    assert data["is_up_to_date"] is True
    teach(taught, "c4", Status.SPAM, "account:mo")
    data = ecluse("learn", "status", "demo", "--json").data
    assert (data["waiting"], data["is_up_to_date"]) == (1, False)


@pytest.mark.usefixtures("taught")
def test_status_is_readable_and_says_never_before_anything_is_learned(ecluse: Ecluse) -> None:
    assert "teachers" in ecluse("learn", "status", "demo").out
    ecluse("sites", "create", "new", "--origin", "http://new.test")
    data = ecluse("learn", "status", "new", "--json").data
    assert (data["lessons"], data["layer_made_at"]) == (0, None)


def test_rollback_takes_an_account_by_its_name_and_a_key_by_its_id(
    ecluse: Ecluse, taught: Store
) -> None:
    assert ecluse("learn", "rollback", "demo", "--actor", "mo", "--json").data == {"forgotten": 2}
    assert list(taught.learned.lessons("demo")) == ["c3"]
    assert ecluse("learn", "rollback", "demo", "--actor", "key:abc").out == "lessons forgotten: 1\n"


def test_rollback_since_a_time_to_come_forgets_nothing(ecluse: Ecluse, taught: Store) -> None:
    answer = ecluse("learn", "rollback", "demo", "--actor", "mo", "--since", "2999-01-01T00:00")
    assert answer.out == "lessons forgotten: 0\n"
    assert len(taught.learned.lessons("demo")) == 3


@pytest.mark.usefixtures("taught")
def test_a_time_that_is_none_is_a_fault_of_the_command_line(ecluse: Ecluse) -> None:
    answer = ecluse("learn", "rollback", "demo", "--actor", "mo", "--since", "hier")
    assert answer.code == 2
    assert "a time reads" in answer.err


def test_reset_asks_first(ecluse: Ecluse, taught: Store) -> None:
    assert ecluse("learn", "reset", "demo", stdin="n\n").code == 1
    assert len(taught.learned.lessons("demo")) == 3
    assert ecluse("learn", "reset", "demo", "--yes", "--json").data == {"forgotten": 3}
    assert taught.learned.lessons("demo") == {}


def test_a_site_nobody_knows_is_one_line(ecluse: Ecluse) -> None:
    answer = ecluse("learn", "status", "nowhere")
    assert answer.code == 1
    assert answer.err.count("\n") == 1

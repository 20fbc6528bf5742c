"""`ecluse verify` and `ecluse rebuild`."""

from __future__ import annotations

from service.moderation.verdict import Action, Status
from service.store.store import Store
from tests.cli.conftest import Ecluse
from tests.store.shelf import DEMO, bring, listed, raw, settle_all


def hold_some(store: Store, count: int) -> None:
    for number in range(count):
        bring(store, f"c{number}", submitted_at=float(number + 1))
    settle_all(store, Action.HOLD)


def test_a_site_in_order_is_said_to_be_so(ecluse: Ecluse, store: Store) -> None:
    hold_some(store, 3)
    answer = ecluse("verify")
    assert (answer.code, answer.out) == (0, "demo: 3 comments, 0 differences, 0 put right\n")
    [report] = ecluse("verify", "demo", "--json").data
    assert (report["comments"], report["findings"], report["left"]) == (3, {}, 0)


def test_differences_are_named_with_examples_until_they_are_put_right(
    ecluse: Ecluse, store: Store
) -> None:
    hold_some(store, 8)
    raw(store).delete(DEMO.severity)
    answer = ecluse("verify")
    assert answer.code == 1
    assert "queue:severity missing" in answer.out
    assert "      8  c" in answer.out
    assert answer.out.rstrip().endswith(", …")
    fixed = ecluse("verify", "--fix", "--json")
    assert (fixed.code, fixed.data[0]["mended"], fixed.data[0]["left"]) == (0, 8, 0)
    assert ecluse("verify").code == 0
    [entry] = store.audit.newest("demo", frozenset({"verify"}), 0, 9)
    assert (entry.actor, entry.details) == ("cli", {"mended": 8})


def test_everything_is_made_anew_from_the_comments(ecluse: Ecluse, store: Store) -> None:
    hold_some(store, 5)
    before = listed(store, Status.HELD)
    for key in (DEMO.facets, DEMO.severity, DEMO.status("held"), DEMO.reach):
        raw(store).delete(key)
    answer = ecluse("rebuild", "demo", "--json")
    assert (answer.code, answer.data[0]["left"]) == (0, 0)
    assert listed(store, Status.HELD) == before
    assert ecluse("verify", "--json").data[0]["differences"] == 0


def test_an_unknown_site_is_a_line(ecluse: Ecluse) -> None:
    for words in (("verify", "nowhere"), ("rebuild", "nowhere")):
        answer = ecluse(*words)
        assert (answer.code, answer.err.count("\n")) == (1, 1)

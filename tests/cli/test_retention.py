"""`ecluse retention run`."""

from __future__ import annotations

import time

import pytest

from service.moderation.verdict import Action, Status
from service.store.sites import Retention
from service.store.store import Store
from service.store.trials import DAY_S
from tests.cli.conftest import Ecluse
from tests.conftest import change_settings
from tests.store.shelf import DEMO, bring, listed, raw, settle_all


@pytest.fixture
def aged(store: Store) -> Store:
    """A site that keeps little, with old comments and young ones of each kind."""
    change_settings(store, retention=Retention(personal_days=10, refused_days=30))
    for days in (5, 20, 40):
        for action in (Action.APPROVE, Action.SPAM, Action.HOLD):
            bring(store, f"{action}-{days}", submitted_at=time.time() - days * DAY_S)
            settle_all(store, action)
    return store


def test_a_dry_run_says_what_the_run_then_does(ecluse: Ecluse, aged: Store) -> None:
    before = raw(aged).hgetall(DEMO.comment("approve-40"))
    dry = ecluse("retention", "run", "--dry-run", "--json").data
    assert raw(aged).hgetall(DEMO.comment("approve-40")) == before
    assert listed(aged, Status.SPAM) == ["spam-40", "spam-20", "spam-5"]
    wet = ecluse("retention", "run", "demo", "--json").data
    assert (dry["dry_run"], wet["dry_run"]) == (True, False)
    assert dry["sites"] == wet["sites"]
    [row] = wet["sites"]
    assert (row["erased"], row["deleted"]) == (3, 1)
    assert listed(aged, Status.SPAM) == ["spam-20", "spam-5"]
    assert not raw(aged).hexists(DEMO.comment("approve-40"), "personal")
    assert raw(aged).hexists(DEMO.comment("hold-40"), "personal")


@pytest.mark.usefixtures("aged")
def test_a_second_run_finds_nothing_and_says_so(ecluse: Ecluse) -> None:
    ecluse("retention", "run")
    [row] = ecluse("retention", "run", "--json").data["sites"]
    assert (row["erased"], row["deleted"]) == (0, 0)
    assert "Nothing was changed." in ecluse("retention", "run", "--dry-run").out


@pytest.mark.usefixtures("store")
def test_an_unknown_site_is_a_line(ecluse: Ecluse) -> None:
    answer = ecluse("retention", "run", "nowhere")
    assert (answer.code, answer.err.count("\n")) == (1, 1)

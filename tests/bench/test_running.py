"""The benchmarks of the whole service, made short: latency, soak, start."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import latency, processes, soak, startup
from bench.latency import Plan, Round, Waits
from bench.running import running
from bench.site import CommentsLost
from bench.soak import Look


def test_the_whole_service_is_measured_and_every_comment_gets_its_verdict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(soak, "STEPS", 3)
    plan = Plan(rounds=1, capacity=20, steady_s=0.5, burst=10)
    with running(tmp_path, workers=1) as here:
        memory = processes.memory_by_part(here.pid)
        found = latency.measured(here, plan, 0)
        looks = soak.looks_at(here, soak.Plan(0.6, 0.2), 10.0, print)
    assert set(memory) >= {"server", "web", "workers", "scheduler"}
    assert all(held > 1 << 20 for held in memory.values())
    assert len(found.burst.ms) == 10
    assert len(found.steady.ms) == int(found.rate * 0.5) > 0
    assert "p99 at half of capacity" in latency.text_of([found], plan)
    assert len(looks) == 4
    assert looks[-1].settled - looks[0].settled == 6
    assert "6 comments" in soak.text_of(10.0, looks)


def test_growth_is_that_of_the_ends() -> None:
    looks = [Look(at, {"web": 100 + 10 * at}, 0, 0, 0.0) for at in range(6)]
    assert soak.growth(looks, "web") == pytest.approx(100 * (140 / 110 - 1))


def test_waits_are_read_by_their_share() -> None:
    waits = Waits(tuple(range(100)))
    assert (waits.at(0.5), waits.at(0.99), waits.at(1.0)) == (50.0, 99.0, 99.0)


def test_a_comment_without_a_verdict_voids_the_round() -> None:
    with pytest.raises(CommentsLost):
        latency.of_all(Waits((1, 2)), 3)


def test_a_promise_about_the_wait_is_judged_by_the_worst_round() -> None:
    rounds = [Round(100, 50, 0, Waits((p99,)), Waits((1,)), 1.0) for p99 in (100, 120, 200)]
    assert "not in every round" in latency.text_of(rounds, Plan())


def test_forgetting_files_leaves_them_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path / "module.py"
    kept.write_text("x = 1")
    monkeypatch.setattr(startup, "_files", lambda: iter([kept, tmp_path / "gone"]))
    startup.forget_files()
    assert kept.read_text() == "x = 1"


def test_both_kinds_of_start_are_told() -> None:
    text = startup.text_of(startup.Found([2.0], [1.0]))
    assert "| cold" in text
    assert "| warm" in text

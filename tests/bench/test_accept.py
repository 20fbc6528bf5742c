"""The accept benchmark, made short: each contender really stores what it says it took."""

from __future__ import annotations

import pytest

from bench import accept
from bench.accept import Plan
from bench.site import CommentsLost

SHORT = Plan(rounds=1, seconds=0.5, warm_up_s=0.1, connections=4)


@pytest.mark.parametrize(
    "name", ["ecluse", "strict", "plain", "plain-behind", "plain-alone", "ecluse+worker"]
)
def test_contender_stores_every_comment_it_takes(name: str) -> None:
    found = accept.run(SHORT, [name])[name]
    assert found.loads[0].answered > 0
    assert found.count_stored is not None


@pytest.mark.parametrize("name", ["isso", "isso-4"])
def test_isso_stores_every_comment_it_takes(name: str) -> None:
    pytest.importorskip("isso")
    pytest.importorskip("gunicorn")
    assert accept.run(SHORT, [name])[name].loads[0].answered > 0


def test_bare_view_answers() -> None:
    assert accept.run(SHORT, ["bare"])["bare"].rates[0] > 0


def test_lost_comment_voids_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accept, "_count_kept", lambda *_, **__: 1)
    with pytest.raises(CommentsLost):
        accept.run(SHORT, ["ecluse"])

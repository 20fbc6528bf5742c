"""The benchmark of thread reads, made short: every contender answers the same comments."""

from __future__ import annotations

import re
from contextlib import ExitStack
from pathlib import Path

import orjson
import pytest

from bench import threads, waline
from bench.race import Pace, asked, race
from bench.threads import ISSOS, SHOWN, comments, contenders

SHORT = Pace(rounds=1, seconds=0.3, warm_up_s=0.1, connections=2)


def words(text: str) -> set[str]:
    """Return the longer words of a text, without its markup and its quotes."""
    return set(re.findall(r"[^\W\d_]{5,}", re.sub(r"<[^>]*>", " ", text)))


def test_everybody_answers_the_same_comments(tmp_path: Path) -> None:
    pytest.importorskip("isso")
    missing: list[str] = []
    with ExitStack() as stack:
        runners = contenders(stack, tmp_path, missing, ISSOS[:1])
        bodies = {}
        for each in runners:
            status, _, body = asked(each.port, next(iter(each.requests_of(0))))
            assert status == each.status
            bodies[each.name] = body
        found = race(runners, SHORT)
    assert bodies.pop("ecluse-304") == bodies.pop("bare-304") == b""
    assert bodies["ecluse"] == bodies.pop("bare")
    said = [comment.content for comment in comments()]
    for name, body in bodies.items():
        answer = orjson.loads(body)
        rows = {
            "ecluse": lambda data: data["comments"],
            "waline": lambda data: data["data"]["data"],
        }.get(name, lambda data: data["replies"])(answer)
        assert len(rows) == SHOWN
        told = words(orjson.dumps(rows).decode())
        assert all(words(content) <= told for content in said)
    assert all(each.rates[0] > 0 for each in found.values())
    assert "bare view" in threads.text_of(found, SHORT, missing)


def test_a_peer_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waline, "FOLDER", tmp_path)
    with (
        pytest.raises(waline.NotThere, match="npm could not install"),
        waline.waline(tmp_path / "data"),
    ):
        pass

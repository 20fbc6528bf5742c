"""Shortened links, and addresses that only resemble them."""

from __future__ import annotations

import pytest

from service.moderation.batch import Batch
from service.moderation.checks.spam.shorteners import Shorteners
from service.moderation.comment import Case, Comment
from service.moderation.signal import Signal


def found(content: str) -> list[Signal]:
    case = Case(Comment(id="1", site="s", page="/p", content=content))
    return list(Shorteners().review(Batch([case]))[0])


@pytest.mark.parametrize(
    "content",
    ["voir https://bit.ly/3abc", "voir tinyurl.com/xyz", "see HTTP://WWW.Bit.LY/x", "(cutt.ly/a)"],
)
def test_a_shortened_link_is_named_and_holds_nothing_alone(content: str) -> None:
    (signal,) = found(content)
    assert signal.evidence[0].code == "shortener"
    assert signal.score * signal.weight < 0.55
    span = signal.evidence[0].spans[0]
    assert content[span.start : span.end].lower().removeprefix("www.") in {
        "bit.ly",
        "tinyurl.com",
        "cutt.ly",
    }


@pytest.mark.parametrize(
    "content",
    [
        "https://youtu.be/abc",
        "https://notbit.ly/x",
        "https://bit.ly.example.org/x",
        "bit.ly est un raccourcisseur",
        "et/ou",
        "me@bit.ly/x",
    ],
)
def test_other_addresses_are_left_alone(content: str) -> None:
    assert found(content) == []

"""Hostile texts are judged like any other, and what is read of them is bounded by their length."""

from __future__ import annotations

import pytest

from bench.hostile import PIECES, hostile_texts
from config.settings import default_policy
from service.moderation.batch import Batch
from service.moderation.checks import build_pipeline
from service.moderation.comment import Case, Comment
from service.moderation.encoder_options import LINEAR_ALONE
from service.moderation.models.features import features
from service.moderation.models.windows import windows
from service.moderation.policy import policy_from
from service.moderation.text import Text

LENGTH = 4_000
HOSTILE = hostile_texts(LENGTH)


def test_every_hostile_text_is_judged_by_every_check() -> None:
    pipeline = build_pipeline(encoder=LINEAR_ALONE)
    cases = [Case(Comment(kind, "s", "/a", text, lang="fr")) for kind, text in HOSTILE.items()]
    verdicts = pipeline.review(Batch(cases), policy_from(default_policy()))
    assert {case.comment.id: v.unscreened for case, v in zip(cases, verdicts, strict=True)} == (
        dict.fromkeys(PIECES, ())
    )


@pytest.mark.parametrize("kind", PIECES)
def test_what_is_read_of_a_hostile_text_is_bounded_by_its_length(kind: str) -> None:
    text = Text.of(HOSTILE[kind])
    assert len(text.original) == LENGTH
    assert len(text.plain) <= 3 * LENGTH
    pieces = windows(text.original)
    assert sum(map(len, pieces)) <= LENGTH
    assert len(pieces) <= LENGTH / 20
    assert features([text]).chars.shape[1] <= len(text.plain) + 1
